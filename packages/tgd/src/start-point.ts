/*
 * `p*`, the weights that the student is drawn to. Moving, they are the teacher's own, which change
 * with every feedback; fixed, they are a copy of what the teacher began with.
 */
import { type Gpu, UsageError } from "@fauxgrad/tensor";
import {
  constant,
  type HostTensorLike,
  type Module,
  Parameter,
  type StateTensor,
} from "@fauxgrad/tensor/nn";
import type { Regularization } from "./recipe.ts";

/** The starting point of L2-SP. */
export class StartPoint {
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly #isOwn: boolean;

  /** @param teacher on a device */
  constructor(teacher: Module, kind: Regularization["startingPoint"]) {
    this.#isOwn = kind === "fixed";
    const theirs = teacher.namedParameters();
    this.parameters = this.#isOwn
      ? new Map([...theirs].map(([name, parameter]) => [name, copyOf(parameter)]))
      : theirs;
  }

  /** `NAME` to values where they are a copy; nothing where they are the teacher's. */
  async tensors(): Promise<Map<string, StateTensor>> {
    if (!this.#isOwn) return new Map();
    const entries = [...this.parameters].map(
      async ([name, parameter]) => [name, await parameter.read()] as const,
    );
    return new Map(await Promise.all(entries));
  }

  /**
   * Goes back to saved values; the teacher's come with the teacher.
   *
   * @throws {UsageError} if a parameter of the copy is not among them
   */
  load(gpu: Gpu, tensors: ReadonlyMap<string, HostTensorLike>): void {
    if (!this.#isOwn) return;
    const missing = [...this.parameters.keys()].filter((name) => !tensors.has(name));
    if (missing.length > 0) {
      throw new UsageError(
        `TgdTrainer: the checkpoint lacks ${missing.length} tensors of the fixed starting point\n` +
          `  missing  start.${missing.slice(0, 3).join(", start.")}` +
          `${missing.length > 3 ? ", …" : ""}\n` +
          "Resume with the recipe that the checkpoint was made by.",
      );
    }
    for (const [name, parameter] of this.parameters) {
      const saved = tensors.get(name);
      if (saved !== undefined) parameter.assign(gpu, saved);
    }
  }

  /** Frees the copy. */
  dispose(): void {
    if (!this.#isOwn) return;
    for (const parameter of this.parameters.values()) parameter.dispose();
  }
}

function copyOf(parameter: Parameter): Parameter {
  const copy = new Parameter(parameter.shape, { init: constant(0), layout: parameter.layout });
  copy.requiresGrad = false;
  copy.copyFrom(parameter);
  return copy;
}
