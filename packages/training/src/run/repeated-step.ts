import { type Capture, capture, disposeAll, type Gpu, scope, unscoped } from "@fauxgrad/tensor";
import type { Module } from "@fauxgrad/tensor/nn";
import { moduleMode } from "./module-mode.ts";

/** A step on the device, by what it consists of. `I` are its inputs, `R` its results. */
export interface StepWork<I, R> {
  /** Tensors for the inputs, made once for a shape; their contents do not matter. */
  inputs(): I;
  /** Puts this step's values into the inputs. */
  write(inputs: I): void;
  /** Encodes the step; its tensors are freed but for those it returns. */
  encode(inputs: I): R;
}

/**
 * Runs a step again and again, and captures it where that pays: the first of a shape is run as
 * usual, the second in a row is recorded, and from then on it is replayed, to the same bits. Before
 * a step of another shape (the last batch of an epoch) the memory of the captured one is given back,
 * and it begins anew: so it does when what was captured is stale, because weights were written.
 */
export class RepeatedStep<I, R> {
  readonly #gpu: Gpu;
  readonly #networks: readonly Module[];
  #key: string | null = null;
  #inputs: I | null = null;
  #capture: Capture<R> | null = null;
  #restarts = 0;

  /** @param networks whose forward passes the steps consist of */
  constructor(gpu: Gpu, networks: readonly Module[] = []) {
    this.#gpu = gpu;
    this.#networks = networks;
  }

  /** Whether the last step was captured or replayed. */
  get isCaptured(): boolean {
    return this.#capture !== null;
  }

  /**
   * One step.
   *
   * @param key everything that the step's shape depends on besides the {@link moduleMode} of the
   *   networks; null for a step that is not to be captured
   * @param use what to do with the results, at once: copies to the host can be begun
   */
  run<U>(key: string | null, work: StepWork<I, R>, use: (result: R) => U): U {
    const whole = key === null ? null : [key, ...this.#networks.map(moduleMode)].join(" ");
    if (whole === null || whole !== this.#key) this.release();
    if (this.#capture?.isStale) this.#restart();
    // Kernels are compiled and weights derived by the first run.
    const isWarm = this.#inputs !== null;
    this.#key = whole;
    this.#inputs ??= unscoped(() => work.inputs());
    const inputs = this.#inputs;
    work.write(inputs);
    if (this.#capture !== null) this.#capture.replay();
    else if (isWarm) {
      this.#dropDerived();
      this.#capture = capture(this.#gpu, () => work.encode(inputs), { warmUp: false });
    }
    if (this.#capture !== null) return use(this.#capture.result);
    const result = unscoped(() => scope(() => work.encode(inputs)));
    try {
      return use(result);
    } finally {
      disposeAll(result);
    }
  }

  /**
   * Weights changed: they are derived by a run, and captured after it. Where they keep changing
   * (a teacher that follows its student), the next recording derives them itself, and so does each
   * replay.
   */
  #restart(): void {
    this.#restarts++;
    if (this.#restarts < 2) {
      this.release();
      return;
    }
    this.#capture?.dispose();
    this.#capture = null;
  }

  /**
   * Forgets what others derived, since the last step, from weights that the step is going to write:
   * what it records is to derive it anew each time.
   */
  #dropDerived(): void {
    const trained = this.#networks.flatMap((network) =>
      network.parameters().filter(({ requiresGrad }) => requiresGrad),
    );
    for (const { tensors } of trained) {
      for (const { data } of tensors) data.storage.dropDerived();
    }
  }

  /** Gives the memory back; the next step is run as usual. */
  release(): void {
    this.#capture?.dispose();
    this.#capture = null;
    disposeAll(this.#inputs);
    this.#inputs = null;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
