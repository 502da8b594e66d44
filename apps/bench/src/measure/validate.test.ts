import { Gpu } from "@fauxgrad/kernels";
import { test as deviceTest } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import type { Job } from "../jobs.ts";
import { operandsOf } from "../ops/table.ts";
import { OurContestant } from "./ours.ts";
import { crossCheck, samplePlaces, validate } from "./validate.ts";

const RELU: Job = { op: "relu", input: [1, 2, 2, 2] };
const CONV: Job = {
  op: "conv2d",
  pass: "forward",
  input: [1, 7, 6, 8],
  weight: [3, 3, 8, 12],
  stride: 1,
  padding: 1,
  groups: 1,
};

function relu(): Float32Array {
  return operandsOf(RELU)["a"]?.map((x) => Math.max(0, x)) ?? new Float32Array();
}

test("a right output passes; one wrong element, a NaN or a missing element does not", () => {
  const operands = operandsOf(RELU);
  const right = relu();
  expect(() => validate(RELU, operands, right)).not.toThrow();
  const off = right.with(5, right[5]! + 1 / 16);
  expect(() => validate(RELU, operands, off)).toThrow(
    `1 of 8 elements are wrong; output[0, 1, 0, 1] is ${off[5]}, ` +
      `the reference says ${right[5]} ± 0`,
  );
  expect(() => validate(RELU, operands, right.with(2, Number.NaN))).toThrow(
    "output[0, 0, 1, 0] is NaN",
  );
  expect(() => validate(RELU, operands, right.slice(1))).toThrow("7 elements, not [1, 2, 2, 2]");
});

test("large outputs are looked at in every corner and all over", () => {
  const places = samplePlaces([2, 50, 60, 70]);
  expect(places).toContain(0);
  expect(places).toContain(2 * 50 * 60 * 70 - 1);
  expect(places).toContain(69);
  expect(places).toContain(59 * 70);
  expect(new Set(places).size).toBe(places.length);
  expect(places.length).toBeGreaterThan(100);
  expect(Math.max(...places)).toBeLessThan(2 * 50 * 60 * 70);
});

test("a peer is compared with ours everywhere, within the rounding of its sums", () => {
  const ours = new Float32Array(7 * 6 * 12).fill(3);
  const bound = 72 ** 1.5 * 2 ** -24;
  expect(() => crossCheck(CONV, ours, ours.with(100, 3 + bound / 2))).not.toThrow();
  expect(() => crossCheck(CONV, ours, ours.with(100, 0))).toThrow(
    "output[0, 1, 2, 4] is 0, ours 3",
  );
  expect(() => crossCheck(CONV, ours, ours.with(7, Number.NaN))).toThrow("is NaN, ours 3");
  expect(() => crossCheck(CONV, ours, ours.slice(1))).toThrow("503 elements");
});

/** A device with a fault: the first element of every upload is wrong. */
class FaultyGpu extends Gpu {
  override upload(data: ArrayLike<number>, ...rest: [readonly number[]]) {
    const values = Float32Array.from(data);
    values[0] = (values[0] ?? 0) + 1 / 8;
    return super.upload(values, ...rest);
  }
}

deviceTest("a wrong kernel is refused before it is timed", async ({ device }) => {
  const operands = operandsOf(CONV);
  const gpu = new Gpu(device);
  const { contestant } = await OurContestant.validated("sound", gpu, CONV, operands);
  expect((await contestant.sample(2)).ms).toBeGreaterThan(0);
  await contestant.check();
  contestant.dispose();
  expect(gpu.stats.arrays).toBe(0);
  gpu.destroy();

  const faulty = new FaultyGpu(device);
  await expect(OurContestant.validated("faulty", faulty, CONV, operands)).rejects.toThrow(
    /^faulty: refused to time a wrong kernel: \d+ of \d+ elements are wrong; output\[0, /,
  );
  expect(faulty.stats.arrays).toBe(0);
  faulty.destroy();
});
