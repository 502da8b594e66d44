/**
 * A value that the host computes once for every run of a step: a learning rate, a step counter, the
 * number of a dropout's draw. Outside a capture it is computed once. Of a captured step,
 * `compute` runs again before every later replay, in the order in which the values were made: what
 * it reads may have changed, and what it counts goes on.
 *
 * Made by `gpu.perStep(compute)`.
 */
export class StepValue<T> {
  readonly #compute: () => T;
  #value: T;

  constructor(compute: () => T) {
    this.#compute = compute;
    this.#value = compute();
  }

  /** The value of the run that is under way. */
  get value(): T {
    return this.#value;
  }

  /** Begins the next run; the capture calls this. */
  recompute(): void {
    this.#value = this.#compute();
  }
}

/** A constant, or a value of each step's own. */
export type PerStep<T> = T | StepValue<T>;

/** The value now. */
export function valueNow<T>(value: PerStep<T>): T {
  return value instanceof StepValue ? value.value : value;
}

/** What follows from a value: for a step's own, a function that each replay calls again. */
export function perReplay<T, P>(value: PerStep<T>, compute: (now: T) => P): P | (() => P) {
  return value instanceof StepValue ? () => compute(value.value) : compute(value);
}
