import { formatShape, numel, type Shape } from "@fauxgrad/kernels";
import type { Job } from "../jobs.ts";
import { type Operands, word } from "../operands.ts";
import { coordinates, ROUNDOFF } from "../ops/operation.ts";
import { operationOf } from "../ops/table.ts";

/** A kernel whose output is wrong; it is not timed. */
export class WrongResultError extends Error {
  override readonly name = "WrongResultError";
}

/** Outputs up to this size are compared whole. */
const WHOLE = 128;
/** Places compared in larger ones, besides all corners. */
const SAMPLES = 96;

/** Where to look: every corner, where kernels go wrong, and places all over. */
export function samplePlaces(shape: Shape): number[] {
  const size = numel(shape);
  if (size <= WHOLE) return Array.from({ length: size }, (_, at) => at);
  const places = new Set<number>();
  let corners = [0];
  for (const length of shape) {
    corners = corners.flatMap((at) => [at * length, at * length + length - 1]);
  }
  for (const at of corners) places.add(at);
  for (let i = 0; places.size < SAMPLES + corners.length && i < 10 * SAMPLES; i++) {
    places.add(word(0x5eed, i) % size);
  }
  return [...places];
}

/**
 * Compares an output with the float64 reference at {@link samplePlaces}, and all of it with the
 * finite numbers.
 *
 * @throws {WrongResultError} naming the worst element
 */
export function validate(job: Job, operands: Operands, output: Float32Array): void {
  const operation = operationOf(job);
  const { output: shape } = operation.facts(job);
  if (output.length !== numel(shape)) {
    throw new WrongResultError(`${output.length} elements, not ${formatShape(shape)}`);
  }
  const broken = output.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) {
    throw new WrongResultError(`${nameOf(broken, shape)} is ${output[broken]}`);
  }
  const places = samplePlaces(shape);
  const wrong = places
    .map((at) => ({ at, actual: output[at]!, ...operation.expected(job, operands, at) }))
    .filter(({ actual, value, bound }) => !(Math.abs(actual - value) <= bound))
    .sort((a, b) => Math.abs(b.actual - b.value) - Math.abs(a.actual - a.value));
  const [worst] = wrong;
  if (worst === undefined) return;
  throw new WrongResultError(
    `${wrong.length} of ${places.length} elements are wrong; ${nameOf(worst.at, shape)} is ` +
      `${worst.actual}, the reference says ${worst.value} ± ${worst.bound}`,
  );
}

function nameOf(at: number, shape: Shape): string {
  return `output[${coordinates(at, shape).join(", ")}]`;
}

/**
 * Compares a peer's whole output with ours, which is validated. No product exceeds 1, so `n` terms
 * differ by `√n · u · n` at most, whatever order and algorithm the peer has chosen.
 *
 * @throws {WrongResultError} naming the worst element
 */
export function crossCheck(job: Job, ours: Float32Array, theirs: Float32Array): void {
  const { output: shape, terms } = operationOf(job).facts(job);
  if (theirs.length !== ours.length) {
    throw new WrongResultError(`${theirs.length} elements, not ${formatShape(shape)}`);
  }
  const bound = terms * Math.sqrt(terms) * ROUNDOFF;
  let worst = -1;
  let largest = bound;
  for (let at = 0; at < ours.length; at++) {
    const difference = Math.abs(ours[at]! - theirs[at]!);
    if (difference <= largest) continue;
    worst = at;
    largest = difference;
    if (Number.isNaN(difference)) break;
  }
  if (worst < 0) return;
  throw new WrongResultError(
    `its ${nameOf(worst, shape)} is ${theirs[worst]}, ours ${ours[worst]} (± ${bound})`,
  );
}
