import { conv2dGeometry } from "@fauxgrad/kernels";
import {
  conv2dGradInputReference,
  conv2dGradWeightReference,
  conv2dReference,
} from "@fauxgrad/kernels/reference/conv2d";
import { matmulReference } from "@fauxgrad/kernels/reference/matmul";
import { expect, test } from "vitest";
import { CASES } from "../cases.ts";
import type { Conv2dJob, Job, Pass } from "../jobs.ts";
import { EXACT_BELOW, makeOperand } from "../operands.ts";
import { ExactSum, operand } from "./operation.ts";
import { bytesOf, operandsOf, operationOf } from "./table.ts";

function caseNamed(name: string): Job {
  const found = CASES.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found.job;
}

const flopsOf = (job: Job) => operationOf(job).facts(job).flops;

test("flops are two for each product of the definition", () => {
  const name = "ResNet-50 conv 3×3 64→64 @56";
  for (const pass of ["forward", "data gradient", "weight gradient"]) {
    expect(flopsOf(caseNamed(`${name} ${pass}`))).toBe(2 * 56 * 56 * 64 * 64 * 9);
  }
  const stem = caseNamed("ResNet-50 conv 7×7/2 3→64 @224 forward");
  expect(flopsOf(stem)).toBe(2 * 112 * 112 * 64 * 49 * 3);
  const depthwise = caseNamed("EfficientNet-B0 depthwise 5×5/2 144→144 @56 weight gradient");
  expect(flopsOf(depthwise)).toBe(2 * 28 * 28 * 144 * 25);
  const grouped = caseNamed("ResNeXt-50 conv/32 3×3 128→128 @56 data gradient");
  expect(flopsOf(grouped)).toBe(2 * 56 * 56 * 128 * 9 * 4);
  expect(flopsOf(caseNamed("matmul 512³ forward"))).toBe(2 * 512 ** 3);
});

test("bytes are those of the operands and the output, once", () => {
  const image = 56 * 56 * 64;
  const conv = "ResNet-50 conv 3×3 64→64 @56";
  expect(bytesOf(caseNamed(`${conv} forward`))).toBe(4 * (2 * image + 9 * 64 * 64));
  expect(bytesOf(caseNamed(`${conv} weight gradient`))).toBe(4 * (2 * image + 9 * 64 * 64));
  expect(bytesOf(caseNamed("matmul 512³ data gradient"))).toBe(4 * 3 * 512 ** 2);
  expect(bytesOf(caseNamed("ResNet-50 sum of channels 256 @56"))).toBe(4 * 256 * (56 ** 2 + 1));
});

test("names of cases are unique", () => {
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
});

test("operands are odd sixteenths, the same for the same name", () => {
  const values = makeOperand("input", 4000);
  expect(values).toEqual(makeOperand("input", 4000));
  expect(values).not.toEqual(makeOperand("weight", 4000));
  const found = new Set([...values].map((value) => value * 16));
  expect([...found].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 16 }, (_, i) => 2 * i - 15),
  );
});

test("sums are exact until float32 may round them", () => {
  const sum = new ExactSum();
  for (let i = 0; i < 4; i++) sum.add(EXACT_BELOW / 4 - 1);
  expect(sum.expected).toEqual({ value: EXACT_BELOW - 4, bound: 0 });
  sum.add(-4);
  const magnitude = EXACT_BELOW;
  expect(sum.expected).toEqual({
    value: magnitude - 8,
    bound: Math.sqrt(5) * 2 ** -24 * magnitude,
  });
});

const GEOMETRIES: readonly Omit<Conv2dJob, "pass">[] = [
  { op: "conv2d", input: [2, 5, 6, 3], weight: [3, 3, 3, 4], stride: 1, padding: 1, groups: 1 },
  { op: "conv2d", input: [1, 8, 7, 4], weight: [3, 2, 4, 5], stride: 2, padding: 1, groups: 1 },
  { op: "conv2d", input: [1, 6, 6, 6], weight: [3, 3, 3, 8], stride: 2, padding: 1, groups: 2 },
  { op: "conv2d", input: [1, 7, 5, 4], weight: [5, 5, 1, 4], stride: 2, padding: 2, groups: 4 },
];

function convReference(job: Conv2dJob) {
  const { stride, padding, groups, pass } = job;
  const geometry = conv2dGeometry(job.input, job.weight, { stride, padding, groups });
  const operands = operandsOf(job);
  const at = (name: string) => operand(operands, name);
  if (pass === "forward") return conv2dReference(at("input"), at("weight"), geometry);
  if (pass === "gradInput") {
    return conv2dGradInputReference(at("gradOutput"), at("weight"), geometry);
  }
  return conv2dGradWeightReference(at("input"), at("gradOutput"), geometry);
}

for (const pass of ["forward", "gradInput", "gradWeight"] satisfies Pass[]) {
  test(`sampled elements of conv2d ${pass} are the reference's`, () => {
    for (const geometry of GEOMETRIES) {
      const job: Conv2dJob = { ...geometry, pass };
      const { data, shape } = convReference(job);
      const operation = operationOf(job);
      expect(operation.facts(job).output).toEqual(shape);
      const operands = operandsOf(job);
      const sampled = Float64Array.from(data, (_, at) => {
        return operation.expected(job, operands, at).value;
      });
      expect(sampled).toEqual(data);
    }
  });

  test(`sampled elements of matmul ${pass} are the reference's`, () => {
    const [m, k, n] = [3, 4, 5];
    const job: Job = { op: "matmul", pass, m, k, n };
    const operands = operandsOf(job);
    const at = (name: string) => operand(operands, name);
    const transposed = (values: Float32Array, rows: number, columns: number) =>
      Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
    const { data } =
      pass === "forward"
        ? matmulReference(at("a"), at("b"), m, k, n)
        : pass === "gradInput"
          ? matmulReference(at("gradOutput"), transposed(at("b"), k, n), m, n, k)
          : matmulReference(transposed(at("a"), m, k), at("gradOutput"), k, m, n);
    const sampled = Float64Array.from(data, (_, i) => {
      return operationOf(job).expected(job, operands, i).value;
    });
    expect(sampled).toEqual(data);
  });
}
