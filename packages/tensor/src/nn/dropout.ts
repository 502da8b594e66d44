import { type DropoutOptions, type Gpu, type StepValue, UsageError } from "@fauxgrad/kernels";
import { dropout, dropPath } from "../ops/dropout.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** Where a module's random numbers come from: save it to continue exactly. */
export interface DrawState {
  readonly seed: number;
  /** Draws so far. */
  readonly draws: number;
  /**
   * Number of the next batch's first sample: a part of a larger batch has that one's masks.
   * Default 0. It stays until the state is set again.
   */
  readonly firstSample?: number;
}

/** A module that draws random numbers while training; its seed comes with `to` or `load`. */
export abstract class RandomModule extends Module {
  #state: DrawState | null = null;

  /** Null before the module has a seed. */
  get drawState(): DrawState | null {
    return this.#state;
  }

  set drawState(state: DrawState | null) {
    this.#state = state;
  }

  protected override onSeed(seed: number): void {
    this.#state = { seed, draws: 0 };
  }

  /**
   * The next draw: of one seed, each has its own numbers, and so has each replay of a captured step.
   *
   * @param p what the step depends on; it must stay while the step is replayed
   */
  protected nextDraw(gpu: Gpu, p: () => number): StepValue<DropoutOptions> {
    const first = p();
    return gpu.perStep(() => {
      if (p() === first) return this.#draw();
      throw new UsageError(
        `${this.constructor.name}: p was ${first} when the step was captured, and is ${p()}\n` +
          "Capture the step again.",
      );
    });
  }

  #draw(): DropoutOptions {
    if (this.#state === null) {
      throw new UsageError(
        `${this.constructor.name} draws random numbers in training mode and has no seed\n` +
          "Pass one to to(gpu, { seed }) or load(gpu, tensors, { seed }), or call eval().",
      );
    }
    const { seed, draws, firstSample = 0 } = this.#state;
    this.#state = { ...this.#state, draws: draws + 1 };
    return { seed, offset: draws, firstSample };
  }
}

/**
 * In training mode zeroes each element with probability `p` and divides the others by `1 − p`.
 *
 * @see torch.nn.Dropout
 */
export class Dropout extends RandomModule {
  /** In [0, 1]; may be changed at any time. */
  p: number;

  constructor(p = 0.5) {
    super();
    this.p = p;
  }

  forward(input: Tensor): Tensor {
    if (!this.training || this.p <= 0) return input;
    return dropout(
      input,
      this.p,
      this.nextDraw(input.gpu, () => this.p),
    );
  }
}

/**
 * In training mode zeroes whole samples with probability `p` and divides the others by `1 − p`.
 *
 * @see torchvision.ops.StochasticDepth with mode "row"; Huang et al., "Deep Networks with Stochastic
 *   Depth", 2016
 */
export class DropPath extends RandomModule {
  /** In [0, 1]; may be changed at any time. */
  p: number;

  constructor(p: number) {
    super();
    this.p = p;
  }

  /** Whether {@link forward} changes anything now. */
  get drops(): boolean {
    return this.training && this.p > 0;
  }

  forward(input: Tensor): Tensor {
    if (!this.drops) return input;
    return dropPath(
      input,
      this.p,
      this.nextDraw(input.gpu, () => this.p),
    );
  }
}
