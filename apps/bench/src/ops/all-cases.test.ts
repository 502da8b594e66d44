import { Gpu, type KernelFamily } from "@fauxgrad/kernels";
import { test } from "@fauxgrad/testing";
import { expect } from "vitest";
import { inFull, type Job } from "../jobs.ts";
import { OurContestant } from "../measure/ours.ts";
import { validate } from "../measure/validate.ts";
import { bytesOf, operandsOf } from "./table.ts";

/** One of each kind that is neither a convolution nor a product, small, and of odd sizes. */
const JOBS: readonly Job[] = [
  ...(["batch", "batch-eval", "group", "layer"] as const).flatMap((kind) =>
    (["forward", "gradInput"] as const).map(
      (pass): Job => ({ op: "norm", kind, pass, input: [2, 5, 3, 12], groups: 3 }),
    ),
  ),
  { op: "standardize", pass: "forward", weight: [3, 3, 5, 7] },
  { op: "standardize", pass: "gradInput", weight: [3, 3, 5, 7] },
  { op: "softmax", pass: "forward", rows: 9, columns: 37 },
  { op: "softmax", pass: "gradInput", rows: 9, columns: 37 },
  { op: "crossEntropy", pass: "forward", rows: 9, columns: 37 },
  { op: "crossEntropy", pass: "gradInput", rows: 9, columns: 37 },
  { op: "sgd", size: 333 },
  { op: "adam", size: 333 },
  { op: "dropout", input: [3, 1, 1, 40] },
  { op: "resize", pass: "forward", input: [2, 5, 7, 3], size: 12 },
  { op: "resize", pass: "gradInput", input: [2, 5, 7, 3], size: 12 },
  { op: "minibatchStddev", input: [6, 3, 2, 5], groupSize: 3 },
  { op: "meanPoolGrad", input: [2, 6, 4, 8] },
  { op: "globalAverageGrad", input: [2, 5, 3, 8] },
  { op: "maxPoolGrad", input: [2, 9, 7, 8] },
];

/** Sums above 8, whose 256ths f16 does not hold. */
const HALF: readonly Job[] = [
  { op: "matmul", pass: "forward", m: 19, k: 1200, n: 33, half: true },
  {
    op: "conv2d",
    pass: "forward",
    input: [1, 7, 5, 68],
    weight: [3, 3, 68, 20],
    stride: 2,
    padding: 1,
    groups: 1,
    half: true,
  },
];

test("in f16 an output may be rounded once more, and no more than that", async ({ device }) => {
  const gpu = new Gpu(device);
  for (const job of HALF) {
    const operands = operandsOf(job);
    const { contestant, output } = await OurContestant.validated("ours", gpu, job, operands);
    contestant.dispose();
    const exact = inFull(job);
    const whole = await OurContestant.validated("ours", gpu, exact, operands);
    whole.contestant.dispose();
    expect(output, "f16 was computed").not.toEqual(whole.output);
    expect(() => validate(exact, operands, output)).toThrow("elements are wrong");
    const wrong = output.with(0, output[0]! * (1 + 2 ** -9) + 2 ** -13);
    expect(() => validate(job, operands, wrong)).toThrow("elements are wrong; output[");
    expect(bytesOf(job)).toBe(bytesOf(exact) / 2);
  }
  expect(gpu.stats.arrays).toBe(0);
  gpu.destroy();
});

for (const kernels of ["registers", "tiled"] satisfies KernelFamily[]) {
  test(`each operation is right more than once, and a wrong output refused: ${kernels}`, async ({
    device,
  }) => {
    const gpu = new Gpu(device, { kernels });
    for (const job of JOBS) {
      const operands = operandsOf(job);
      const { contestant, output } = await OurContestant.validated("ours", gpu, job, operands);
      await contestant.sample(3);
      await contestant.check();
      contestant.dispose();
      expect(gpu.stats.arrays, JSON.stringify(job)).toBe(0);
      const wrong = output.with(0, output[0]! + 0.01);
      expect(() => validate(job, operands, wrong), JSON.stringify(job)).toThrow(
        "elements are wrong; output[",
      );
    }
    gpu.destroy();
  });
}
