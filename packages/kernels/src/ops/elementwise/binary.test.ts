import { randomFloats } from "@fauxgrad/testing";
import { expect as expectValue, test as plainTest } from "vitest";
import type { Gpu } from "../../gpu/gpu.ts";
import { numel, type Shape } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import { biasActivation, biasActivationGradInput } from "./bias-activation.ts";
import { type BinaryScalars, binary } from "./binary.ts";
import { broadcastGeometry } from "./broadcast.ts";
import { addInto, fill, full } from "./in-place.ts";
import { binaryReference } from "./reference.ts";
import { type BinaryName, binaryTable } from "./table.ts";

const names = Object.keys(binaryTable) as BinaryName[];
/** Roundings in units of 2⁻²⁴ of |a| + |b| + |result|; WGSL grants division 2.5 ulp. */
const TERMS: Readonly<Record<BinaryName, number>> = {
  add: 1,
  sub: 1,
  mul: 1,
  div: 5,
  maximum: 0,
  minimum: 0,
  maximumShare: 0,
  minimumShare: 0,
  equal: 0,
  gate: 16,
  gateSlope: 32,
  biasActivation: 6,
  bceWithLogits: 16,
  bceWithLogitsGrad: 16,
};
const SCALARS: Partial<Record<BinaryName, Required<BinaryScalars>>> = {
  biasActivation: { alpha: Math.fround(0.2), beta: Math.fround(Math.SQRT2) },
  bceWithLogitsGrad: { alpha: 0.25, beta: 0 },
};

interface Case {
  readonly a: Shape;
  readonly b: Shape;
}

/** Coarse values, so that ties occur; divisors are kept away from 0. */
function operand(shape: Shape, seed: number): Float32Array<ArrayBuffer> {
  return randomFloats(numel(shape), seed).map((value) => (Math.round(value * 12) + 0.25) / 4);
}

function reference(name: BinaryName, { a, b }: Case) {
  const { alpha, beta } = SCALARS[name] ?? { alpha: 0, beta: 0 };
  const left = { data: operand(a, 1), shape: a };
  const right = { data: operand(b, 2), shape: b };
  const result = binaryReference(name, left, right, alpha, beta);
  // Roundings happen at the size of the operands, too: |a| + |b|, found by the same broadcast.
  const size = (data: Float32Array) => data.map(Math.abs);
  const sizes = binaryReference(
    "add",
    { data: size(left.data), shape: a },
    { data: size(right.data), shape: b },
  );
  const magnitude = result.data.map((value, i) => Math.abs(value) + sizes.data[i]!);
  return { ...result, magnitude };
}

async function onGpu(gpu: Gpu, name: BinaryName, { a, b }: Case): Promise<Float32Array> {
  using left = gpu.upload(operand(a, 1), a);
  using right = gpu.upload(operand(b, 2), b);
  using output = binary(gpu, name, left, right, SCALARS[name]);
  expect(output.shape).toEqual(
    binaryReference(name, { data: [], shape: a }, { data: [], shape: b }).shape,
  );
  return await output.read();
}

const CASES: readonly Case[] = [
  // One axis: boundaries of a vector and of a workgroup's 1,024 elements; a number on either side.
  { a: [1], b: [] },
  { a: [3], b: [3] },
  { a: [5], b: [1] },
  { a: [], b: [1023] },
  { a: [1025], b: [1025] },
  { a: [41, 5, 5], b: [1, 1] },
  // Rows: channel vectors, gates, one number per row or sample, on either side.
  { a: [7, 4], b: [4] },
  { a: [3], b: [67, 3] },
  { a: [2, 3, 5, 8], b: [8] },
  { a: [2, 3, 5, 8], b: [2, 1, 1, 8] },
  { a: [2, 1, 1, 7], b: [2, 3, 5, 7] },
  { a: [9, 12], b: [9, 1] },
  { a: [3, 1, 1], b: [3, 13, 17] },
  { a: [6, 1], b: [1, 68] },
  { a: [3, 1, 4], b: [1, 5, 4] },
  { a: [65, 129], b: [129] },
  // Strided: four to six axes that alternate.
  { a: [2, 1, 3, 1], b: [1, 4, 1, 5] },
  { a: [2, 1, 3, 1, 2, 1], b: [1, 2, 1, 3, 1, 4] },
  { a: [3, 4, 1, 8], b: [3, 1, 5, 1] },
];

test("add matches the reference for every kind of broadcast", async ({ gpu }) => {
  for (const shapes of CASES) {
    expect(await onGpu(gpu, "add", shapes)).toMatchReference(reference("add", shapes), {
      terms: TERMS.add,
    });
  }
});

test("operands that broadcast are not interchanged", async ({ gpu }) => {
  for (const shapes of CASES) {
    expect(await onGpu(gpu, "sub", shapes)).toMatchReference(reference("sub", shapes), {
      terms: TERMS.sub,
    });
  }
});

test.for(names)("%s matches its reference flat and along rows", async (name, { gpu }) => {
  for (const shapes of [
    { a: [261], b: [261] },
    { a: [2, 5, 8], b: [8] },
  ]) {
    const expected = reference(name, shapes);
    const actual = await onGpu(gpu, name, shapes);
    expect(actual).toMatchReference(expected, { terms: TERMS[name] });
    // Control: one element off by a part in ten thousand.
    const wrong = expected.data.with(7, expected.data[7]! + 1e-4);
    expect(actual).not.toMatchReference({ ...expected, data: wrong }, { terms: TERMS[name] });
  }
});

test("maximum and minimum let NaN through from either side", async ({ gpu }) => {
  using a = gpu.upload([Number.NaN, 1, 2, -1], [4]);
  using b = gpu.upload([1, Number.NaN, 3, -2], [4]);
  using most = binary(gpu, "maximum", a, b);
  using least = binary(gpu, "minimum", a, b);
  expect([...(await most.read())]).toEqual([NaN, NaN, 3, -1]);
  expect([...(await least.read())]).toEqual([NaN, NaN, 2, -2]);
});

test("binary cross-entropy is finite and exact far out", async ({ gpu }) => {
  using logits = gpu.upload([100, -100, 100, -100], [4]);
  using labels = gpu.upload([1, 0, 0, 1], [4]);
  using losses = binary(gpu, "bceWithLogits", logits, labels);
  using grads = binary(gpu, "bceWithLogitsGrad", logits, labels, { alpha: 1 });
  const small = expect.closeTo(0, 20);
  expect([...(await losses.read())]).toEqual([small, small, 100, 100]);
  expect([...(await grads.read())]).toEqual([0, small, 1, -1]);
});

plainTest("the reference broadcasts as NumPy does", () => {
  // np.array([[1], [2]]) - np.array([10, 20, 30])
  const result = binaryReference(
    "sub",
    { data: [1, 2], shape: [2, 1] },
    { data: [10, 20, 30], shape: [3] },
  );
  expectValue(result).toEqual({
    data: Float64Array.of(-9, -19, -29, -8, -18, -28),
    shape: [2, 3],
  });
});

plainTest("axes that move together are joined, those of size 1 dropped", () => {
  expectValue(broadcastGeometry("add", [2, 1, 3, 4], [2, 1, 3, 4])).toMatchObject({
    sizes: [24],
    a: [1],
    b: [1],
  });
  expectValue(broadcastGeometry("mul", [8, 5, 5, 6], [8, 1, 1, 6])).toMatchObject({
    sizes: [8, 25, 6],
    a: [150, 6, 1],
    b: [6, 0, 1],
  });
  expectValue(broadcastGeometry("add", [1], [])).toMatchObject({ sizes: [1], a: [0], b: [0] });
});

plainTest("shapes that do not broadcast, or alternate too often, are refused", () => {
  expectValue(() => broadcastGeometry("add", [2, 3], [4])).toThrow(
    "add: shapes do not broadcast, 3 against 4 at axis -1\n  a  [2, 3]\n  b  [4]\n" +
      "Axes are aligned at the right; sizes must be equal or 1.",
  );
  expectValue(() => broadcastGeometry("mul", [2, 1, 2, 1, 2, 1, 2], [1, 2, 1, 2, 1, 2, 1])).toThrow(
    "mul: the operands alternate over 7 axes, at most 6 are supported\n" +
      "  a  [2, 1, 2, 1, 2, 1, 2]\n  b  [1, 2, 1, 2, 1, 2, 1]\n" +
      "Broadcast one of them first, with broadcastTo.",
  );
});

test("addInto accumulates in place, and nothing else changes", async ({ gpu }) => {
  for (const size of [1, 5, 1025]) {
    const x = randomFloats(size, 5);
    using total = gpu.upload(new Float32Array(size).fill(2), [size]);
    using addend = gpu.upload(x, [size]);
    addInto(gpu, total, addend);
    addInto(gpu, total, addend, -0.5);
    const data = Float64Array.from(x, (value) => 2 + 0.5 * value);
    expect(await total.read()).toMatchReference({ data, shape: [size] }, { terms: 4 });
    expect(await addend.read()).toEqual(x);
  }
  using a = gpu.zeros([2, 3]);
  using b = gpu.zeros([3]);
  expect(() => addInto(gpu, a, b)).toThrow(
    "addInto: shapes differ\n  accumulator  [2, 3]\n  x            [3]\n" +
      "Reduce x to the accumulator's shape first, with sumTo.",
  );
});

test("fill sets every element of any type", async ({ gpu }) => {
  using floats = full(gpu, [1027], -0.5);
  expect(new Set(await floats.read())).toEqual(new Set([-0.5]));
  fill(gpu, floats, 3);
  expect(new Set(await floats.read())).toEqual(new Set([3]));
  using integers = full(gpu, [5], -7, "i32");
  expect([...new Int32Array(await gpu.read(integers))]).toEqual([-7, -7, -7, -7, -7]);
});

test("biasActivation is gain · leakyRelu(input + bias), its gradient by the sign", async ({
  gpu,
}) => {
  const shape = [2, 3, 3, 5];
  using input = gpu.upload(operand(shape, 1), shape);
  using bias = gpu.upload(operand([5], 2), [5]);
  using output = biasActivation(gpu, input, bias);
  const expected = reference("biasActivation", { a: shape, b: [5] });
  const y = await output.read();
  expect(y).toMatchReference(expected, { terms: TERMS.biasActivation });
  const g = randomFloats(90, 3);
  using gradOutput = gpu.upload(g, shape);
  using gradInput = biasActivationGradInput(gpu, gradOutput, output);
  const data = Float64Array.from(g, (value, i) => value * Math.SQRT2 * (y[i]! > 0 ? 1 : 0.2));
  expect(await gradInput.read()).toMatchReference({ data, shape }, { terms: 5 });
  expect(() => biasActivation(gpu, input, input)).toThrow(
    "biasActivation: the bias must have one value per channel, 5\n" +
      "  input  [2, 3, 3, 5]\n  bias   [2, 3, 3, 5]\nChannels are the last axis.",
  );
  expect(() => biasActivation(gpu, input, bias, { gain: -1 })).toThrow(
    "biasActivation: slope = 0.2, gain = -1 do not keep the input's sign",
  );
});
