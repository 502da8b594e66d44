/*
 * Stops a training that has gone wrong before it overwrites what was right. A single bad batch is
 * no divergence: a detector at a loss of 1e-3 meets images that cost 3. What counts is a loss that
 * is no number, and one that stays far above where the run began.
 */

/** What a {@link DivergenceGuard} takes for wrong. */
export interface DivergenceOptions {
  /** Steps whose mean loss is the level that the run began at. Default 20. */
  readonly warmup?: number;
  /** The smoothed loss may be this many times that level. Default 10. */
  readonly factor?: number;
  /** Steps that the smoothing looks back over, roughly. Default 20. */
  readonly horizon?: number;
  /** The level is taken to be at least this. Default ln 2, the loss of a coin. */
  readonly floor?: number;
}

/** Why a run must stop. */
export interface Divergence {
  readonly kind: "not-finite" | "explosion" | "collapse";
  readonly step: number;
  /** A sentence with the values, for the user. */
  readonly message: string;
}

/** What a guard resumes from. */
export interface DivergenceState {
  /** Losses seen so far. */
  readonly steps: number;
  /** Sum of those of the warm-up. */
  readonly warmupSum: number;
  /** Exponentially smoothed loss. */
  readonly smoothed: number;
}

/** Watches the numbers of a training run. */
export class DivergenceGuard {
  readonly #options: Required<DivergenceOptions>;
  #state: DivergenceState = { steps: 0, warmupSum: 0, smoothed: 0 };

  constructor(options: DivergenceOptions = {}) {
    const { warmup = 20, factor = 10, horizon = 20, floor = Math.LN2 } = options;
    this.#options = { warmup, factor, horizon, floor };
  }

  /** To be saved in a checkpoint. Plain data. */
  get state(): DivergenceState {
    return this.#state;
  }

  /** Continues from a saved state. */
  load(state: DivergenceState): void {
    this.#state = { ...state };
  }

  /**
   * Looks at one step.
   *
   * @param values `loss`, and whatever else must be finite, e.g. `gradNorm`
   * @returns null if all is well
   */
  check(
    step: number,
    values: { readonly loss: number } & Readonly<Record<string, number>>,
  ): Divergence | null {
    for (const [name, value] of Object.entries(values)) {
      if (Number.isFinite(value)) continue;
      return { kind: "not-finite", step, message: `${name} is ${value} at step ${step}` };
    }
    const { loss } = values;
    const { warmup, factor, horizon, floor } = this.#options;
    const before = this.#state;
    const steps = before.steps + 1;
    const warming = steps <= warmup;
    const warmupSum = before.warmupSum + (warming ? loss : 0);
    // A mean at first, exponential later.
    const weight = Math.max(1 / steps, 1 / horizon);
    const smoothed = before.smoothed + weight * (loss - before.smoothed);
    this.#state = { steps, warmupSum, smoothed };
    const level = Math.max(floor, warmupSum / warmup);
    if (warming || smoothed <= factor * level) return null;
    const [now, start] = [smoothed, level].map((value) => value.toPrecision(3));
    return {
      kind: "explosion",
      step,
      message: `the loss has risen to ${now} at step ${step}, from ${start} at the start`,
    };
  }
}
