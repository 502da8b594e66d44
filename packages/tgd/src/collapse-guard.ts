/*
 * The classifier's collapse: with γ near ½ and a high learning rate the penalty on the last layer
 * shrinks it to nothing. The cross-entropy then stays at ln 2, while the AUROC of what little is
 * left may still look fine. A pretraining also stays at ln 2 for many epochs before it begins to
 * learn, but its last layer keeps its length: both together are the collapse.
 *
 * ln 2 is the loss of the score 0 for all images. A bias that is not penalised keeps another score,
 * and a batch whose classes are not equally frequent then has another loss: what is compared is the
 * loss that the batch's mean score would have for all of its images.
 */
import type { Divergence } from "@fauxgrad/training";

/** What a {@link CollapseGuard} takes for a collapse. */
export interface CollapseOptions {
  /** How near to the loss of one score for all images the cross-entropy must be. Default 1e-3. */
  readonly tolerance?: number;
  /** For how many steps in a row. Default 20. */
  readonly steps?: number;
  /** The norm must have shrunk below this share of its first value. Default 0.1. */
  readonly share?: number;
}

/** What a guard resumes from. Plain data. */
export interface CollapseState {
  /** ‖w_fc‖ of the first step; null before it. */
  readonly firstNorm: number | null;
  /** Steps in a row at the loss of one score so far. */
  readonly steps: number;
}

/** One step, as the guard sees it. */
export interface CollapseValues {
  readonly crossEntropy: number;
  /** What it would be if all images had their mean score; ln 2 where that is 0. */
  readonly constantLoss: number;
  /** ‖w_fc‖ */
  readonly fcNorm: number;
  /** For the message; null where no teacher decides. */
  readonly gamma: number | null;
  readonly learningRate: number;
}

/** Watches the classifier of a run. */
export class CollapseGuard {
  readonly #options: Required<CollapseOptions>;
  #state: CollapseState = { firstNorm: null, steps: 0 };

  constructor({ tolerance = 1e-3, steps = 20, share = 0.1 }: CollapseOptions = {}) {
    this.#options = { tolerance, steps, share };
  }

  /** To be saved in a checkpoint. */
  get state(): CollapseState {
    return this.#state;
  }

  /** Continues from a saved state. */
  load(state: CollapseState): void {
    this.#state = { ...state };
  }

  /**
   * Looks at one step.
   *
   * @returns null if all is well
   */
  check(step: number, values: CollapseValues): Divergence | null {
    const { crossEntropy, constantLoss, fcNorm, gamma, learningRate } = values;
    const { tolerance, steps: enough, share } = this.#options;
    const firstNorm = this.#state.firstNorm ?? fcNorm;
    const isAtChance = Math.abs(crossEntropy - constantLoss) <= tolerance;
    const steps = isAtChance ? this.#state.steps + 1 : 0;
    this.#state = { firstNorm, steps };
    // Without a classifier the norm is no number, and never below.
    if (steps < enough || !(fcNorm < share * firstNorm)) return null;
    const [now, first] = [fcNorm, firstNorm].map((value) => value.toPrecision(3));
    const strength = gamma === null ? "" : `, gamma ${gamma.toPrecision(3)}`;
    return {
      kind: "collapse",
      step,
      message:
        `the classifier has collapsed: ${steps} steps at a loss of ln 2, or what one score for all ` +
        "images costs\n" +
        `  loss           ${crossEntropy.toFixed(4)} at step ${step}, ln 2 is 0.6931\n` +
        `  |w_fc|         ${now}, ${first} at the start\n` +
        `  learning rate  ${learningRate.toPrecision(3)}${strength}\n` +
        "The penalty shrinks the last layer faster than the images teach it: lower the learning " +
        "rate, s or beta.",
    };
  }
}
