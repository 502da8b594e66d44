import { WrongResultError } from "../measure/validate.ts";
import { ROUNDOFF } from "../ops/operation.ts";
import { type DiscriminatorJob, discriminatorSums } from "./discriminator.ts";
import { CLASSES, type NetworkJob } from "./network-job.ts";
import { endsOf, graphOf, sumLengths } from "./networks.ts";

/** A stretch of a network's output that is compared by itself. */
interface Part {
  readonly name: string;
  readonly size: number;
  /** Most that `‖ours − theirs‖ / ‖ours‖` may be. */
  readonly bound: number;
}

/**
 * Each layer adds an error of `√n · u` of its norm for sums of `n` terms; what came before passes
 * through, and layers with a residual amplify it a little. Winograd's transforms have three times
 * the error.
 */
const AMPLIFICATION = 3;

/**
 * A pre-activation next to 0 may change sides with the order of a sum; a ReLU then passes another
 * gradient, for that pixel and channel, and so on through the network. One in a few thousand does.
 */
const GRADIENT_BOUND = 0.05;

function boundOf(sums: readonly number[]): number {
  return AMPLIFICATION * ROUNDOFF * sums.reduce((sum, n) => sum + Math.sqrt(n), 0);
}

/** What a job's output consists of: logits, or a step's loss and gradients at both ends. */
export function partsOf(job: NetworkJob): readonly Part[] {
  const graph = graphOf(job);
  const bound = boundOf(sumLengths(graph));
  if (job.pass === "inference") return [{ name: "logits", size: job.batch * CLASSES, bound }];
  const { first, last } = endsOf(graph);
  const weights = first.outChannels * first.inChannels * first.kernel ** 2;
  return [
    { name: "loss", size: 1, bound },
    { name: `gradient of ${last.bias}`, size: CLASSES, bound: GRADIENT_BOUND },
    { name: `gradient of ${first.weight}`, size: weights, bound: GRADIENT_BOUND },
  ];
}

/**
 * Compares what a peer computed with what we did.
 *
 * @throws {WrongResultError} naming the part that differs, and by how much
 */
export function crossCheckNetwork(job: NetworkJob, ours: Float32Array, theirs: Float32Array): void {
  crossCheckParts(partsOf(job), ours, theirs);
}

/** As {@link crossCheckNetwork}, of scores and the gradient by the images. */
export function crossCheckDiscriminator(
  { batch, size }: DiscriminatorJob,
  ours: Float32Array,
  theirs: Float32Array,
): void {
  const parts: readonly Part[] = [
    { name: "scores", size: batch, bound: boundOf(discriminatorSums(size)) },
    { name: "gradient of the images", size: batch * size * size * 3, bound: GRADIENT_BOUND },
  ];
  crossCheckParts(parts, ours, theirs);
}

function crossCheckParts(parts: readonly Part[], ours: Float32Array, theirs: Float32Array): void {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (theirs.length !== size || ours.length !== size) {
    throw new WrongResultError(`${theirs.length} elements and ${ours.length} of ours, not ${size}`);
  }
  let start = 0;
  for (const { name, size: length, bound } of parts) {
    const error = relativeError(
      ours.subarray(start, start + length),
      theirs.subarray(start, start + length),
    );
    start += length;
    if (error <= bound) continue;
    throw new WrongResultError(
      `its ${name} differ by ${error.toExponential(1)} of their norm (± ${bound.toExponential(1)})`,
    );
  }
}

/** `‖a − b‖ / ‖a‖`; NaN where either has one. */
export function relativeError(a: Float32Array, b: Float32Array): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += a[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}
