// What a step takes from the host: tensors that each step writes, so that it can be replayed.

import { type Gpu, type Tensor, zeros } from "@fauxgrad/tensor";
import { equalParts } from "@fauxgrad/training";
import { type BatchLabels, targetsOf } from "./objective.ts";
import type { PreparedBatch } from "./training-step.ts";

/** Images on the device with the class probabilities that they are to have. */
interface ImagesAndTargets {
  /** `[n, H, W, 3]` */
  readonly images: Tensor;
  /** `[n, 2]` */
  readonly targets: Tensor;
}

/** Part of a batch on the device. */
export interface PartInput {
  /** Of the part's first image in the batch. */
  readonly begin: number;
  /** Of the batch. */
  readonly share: number;
  readonly student: ImagesAndTargets;
  /** The same as the student's, or the images before an inter-class CutMix; null without a teacher. */
  readonly teacher: ImagesAndTargets | null;
}

/** Which inputs the teacher has. */
export type TeacherInputs = "own" | "student's" | "none";

/** Inputs for a batch, with any contents. */
export function makeInputs(
  gpu: Gpu,
  [n, height, width, channels]: PreparedBatch["shape"],
  microBatch: number,
  teacherInputs: TeacherInputs,
): PartInput[] {
  const make = (count: number): ImagesAndTargets => ({
    images: zeros(gpu, [count, height, width, channels]),
    targets: zeros(gpu, [count, 2]),
  });
  return equalParts(n, microBatch).map(([begin, end]) => {
    const student = make(end - begin);
    const own = teacherInputs === "own" ? make(end - begin) : null;
    const teacher = teacherInputs === "student's" ? student : own;
    return { begin, share: (end - begin) / n, student, teacher };
  });
}

/** Puts a batch into its inputs. */
export function writeInputs(
  gpu: Gpu,
  { pixels, teacherPixels, shape, labels }: PreparedBatch,
  inputs: readonly PartInput[],
): void {
  const [, height, width, channels] = shape;
  const values = height * width * channels;
  const write = (
    { images, targets }: ImagesAndTargets,
    from: Float32Array<ArrayBuffer>,
    probabilities: BatchLabels,
    begin: number,
  ) => {
    const [count = 0] = images.shape;
    gpu.write(images.data, from.subarray(begin * values, (begin + count) * values));
    gpu.write(targets.data, targetsOf(probabilities, begin, count));
  };
  for (const { begin, student, teacher } of inputs) {
    write(student, pixels, labels, begin);
    if (teacher === null || teacher === student) continue;
    write(teacher, teacherPixels, { ...labels, partner: null }, begin);
  }
}
