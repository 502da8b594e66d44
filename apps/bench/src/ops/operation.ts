import type { Gpu, GpuArray, Shape } from "@fauxgrad/kernels";
import { EXACT_BELOW, type Operands } from "../operands.ts";

/** What follows from a job's sizes. */
export interface Facts {
  /** Additions and multiplications of the definition, padding included; comparisons count as one. */
  readonly flops: number;
  /** Operands by name. */
  readonly operands: Readonly<Record<string, Shape>>;
  readonly output: Shape;
  /** Terms of the sum that makes one element; 1 where nothing is summed. */
  readonly terms: number;
}

/** One element of the float64 reference. */
export interface Expected {
  readonly value: number;
  /** How far a correct float32 kernel may be from it. */
  readonly bound: number;
}

/** How one kind of job is described, checked and run. */
export interface Operation<J> {
  /** Whether `registers` and `tiled` are different kernels. */
  readonly hasFamilies: boolean;
  facts(job: J): Facts;
  /** Contents of an operand that cannot be arbitrary numbers. */
  operand?(job: J, name: string): Float32Array<ArrayBuffer> | undefined;
  /** The element at row-major index `at` of the output, from its definition. */
  expected(job: J, operands: Operands, at: number): Expected;
  /**
   * Uploads nothing, and computes no more than a forward pass leaves to its backward; each call of
   * the result encodes the job once.
   *
   * @param keep is told of arrays that the calls need, and that are freed with the operands
   */
  start(
    gpu: Gpu,
    job: J,
    operands: Readonly<Record<string, GpuArray>>,
    keep: (...arrays: readonly GpuArray[]) => void,
  ): () => GpuArray;
}

/** Unit roundoff of float32. */
export const ROUNDOFF = 2 ** -24;

/**
 * A sum of products of operands, which float32 either holds exactly or, for very long sums, to
 * within `√n · u · Σ|terms|`.
 *
 * @see Higham and Mary, "A New Approach to Probabilistic Rounding Error Analysis", SIAM J. Sci.
 *   Comput. 41(5), 2019
 */
export class ExactSum {
  #value = 0;
  #magnitude = 0;
  #terms = 0;

  add(term: number): void {
    this.#value += term;
    this.#magnitude += Math.abs(term);
    this.#terms++;
  }

  get expected(): Expected {
    const exact = this.#magnitude < EXACT_BELOW;
    const bound = exact ? 0 : Math.sqrt(this.#terms) * ROUNDOFF * this.#magnitude;
    return { value: this.#value, bound };
  }
}

/**
 * What a store in f16 makes of an element: WGSL leaves the direction of its rounding open, and lets
 * subnormals be flushed.
 */
export function storedInHalf({ value, bound }: Expected): Expected {
  const store = Math.max(2 ** -10 * (Math.abs(value) + bound), 2 ** -14);
  return { value, bound: bound + store };
}

/** An operand by name, on either side. */
export function operand<T>(operands: Readonly<Record<string, T>>, name: string): T {
  const found = operands[name];
  if (found === undefined) throw new Error(`operand ${name} is missing`);
  return found;
}

/** Coordinates of a row-major index. */
export function coordinates(at: number, shape: Shape): number[] {
  let rest = at;
  const result = shape.map(() => 0);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    result[axis] = rest % size;
    rest = Math.floor(rest / size);
  }
  return result;
}
