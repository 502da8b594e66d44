import { numericalGradient, randomFloats } from "@fauxgrad/testing";
import { describe, expect as expectValue, test as plainTest } from "vitest";
import type { Gpu } from "../../gpu/gpu.ts";
import { expect, test } from "../../test-gpu.ts";
import { normalCdf, type Params, unaryReferences } from "./reference.ts";
import { type UnaryName, unaryTable } from "./table.ts";
import { resolveParams, unary, unaryGrad, unarySaves } from "./unary.ts";

const names = Object.keys(unaryTable) as UnaryName[];
/** Around one vector, one workgroup (1,024 elements), and a prime beyond two. */
const SIZES = [1, 3, 4, 5, 1023, 1024, 1025, 2053];

const PARAMS: Partial<Record<UnaryName, Params>> = {
  leakyRelu: { slope: 0.2, gain: Math.fround(Math.SQRT2) },
  clamp: { min: -1.5, max: 2 },
  affine: { scale: -1.75, shift: 0.375 },
};
const paramsOf = (name: UnaryName): Params => PARAMS[name] ?? {};

/**
 * Roundings of each formula as written, in units of 2⁻²⁴ of the reference's magnitude. WGSL grants
 * division 2.5 ulp (5 units), sqrt 1 / inverseSqrt: 2 + 2.5 ulp, log 2⁻²¹ (8 units).
 */
const TERMS: Readonly<Record<UnaryName, number>> = {
  relu: 0,
  leakyRelu: 3,
  silu: 12,
  sigmoid: 10,
  // 1 − 2 / (e^2t + 1): e^2t is granted 3 + 2·2t ulps, which the quotient shrinks.
  tanh: 16,
  gelu: 8,
  exp: 2,
  log: 8,
  sqrt: 9,
  neg: 0,
  abs: 0,
  reciprocal: 5,
  square: 1,
  softplus: 12,
  clamp: 0,
  affine: 4,
};
/** The same for derivatives, whose error is proportional to `MAGNITUDES`. */
const GRAD_TERMS: Readonly<Record<UnaryName, number>> = {
  ...TERMS,
  relu: 1,
  abs: 1,
  clamp: 1,
  neg: 1,
  exp: 1,
  log: 6,
  sqrt: 6,
  reciprocal: 2,
  square: 2,
  sigmoid: 3,
  tanh: 4,
  affine: 2,
  silu: 24,
};

function domain(name: UnaryName, values: Float32Array): Float32Array<ArrayBuffer> {
  const positive = name === "log" || name === "sqrt" || name === "reciprocal";
  return Float32Array.from(values, (value) =>
    positive ? Math.abs(value) * 6 + 2 ** -6 : value * 6,
  );
}

function forwardReference(name: UnaryName, x: Float32Array) {
  const { forward, magnitude } = unaryReferences[name];
  const params = paramsOf(name);
  const data = Float64Array.from(x, (value) => forward(value, params));
  const own = magnitude ?? ((value: number) => Math.abs(forward(value, params)));
  const sizes = name === "affine" ? x.map((value) => Math.abs(1.75 * value) + 0.375) : undefined;
  return {
    data,
    magnitude: Float64Array.from(sizes ?? x, sizes ? Number : own),
    shape: [x.length],
  };
}

function gradReference(name: UnaryName, gradOutput: Float32Array, saved: Float32Array) {
  const { derivative } = unaryReferences[name];
  const params = paramsOf(name);
  const data = Float64Array.from(gradOutput, (g, i) => g * derivative(saved[i]!, params));
  // Sums inside the derivative may cancel: their terms are at most 1 + |saved|.
  const magnitude = Float64Array.from(gradOutput, (g, i) => {
    const scale = unarySaves(name) === "input" ? 1 + Math.abs(saved[i]!) : 1;
    return Math.max(Math.abs(g) * scale, Math.abs(data[i]!));
  });
  return { data, magnitude, shape: [saved.length] };
}

async function forwardOnGpu(gpu: Gpu, name: UnaryName, x: Float32Array): Promise<Float32Array> {
  using input = gpu.upload(x, [x.length]);
  using output = unary(gpu, name, input, paramsOf(name));
  return await output.read();
}

describe.each(names)("%s", (name) => {
  test("matches its reference at the boundaries of vectors and workgroups", async ({ gpu }) => {
    for (const size of SIZES) {
      const x = domain(name, randomFloats(size, size));
      const actual = await forwardOnGpu(gpu, name, x);
      expect(actual).toMatchReference(forwardReference(name, x), { terms: TERMS[name] });
    }
  });

  test("has the gradient of its reference", async ({ gpu }) => {
    for (const size of [1, 5, 1025]) {
      const x = domain(name, randomFloats(size, size + 1));
      const g = randomFloats(size, size + 2);
      const kept = unarySaves(name) === "output" ? await forwardOnGpu(gpu, name, x) : x;
      using gradOutput = gpu.upload(g, [size]);
      using saved = gpu.upload(kept, [size]);
      const needed = unarySaves(name) === "nothing" ? null : saved;
      using gradInput = unaryGrad(gpu, name, gradOutput, needed, paramsOf(name));
      const reference = gradReference(name, g, kept);
      expect(await gradInput.read()).toMatchReference(reference, { terms: GRAD_TERMS[name] });
      // Control: the bound is not so wide that a wrong derivative passes.
      const wrong = { ...reference, data: reference.data.map((v, i) => v + 1e-4 * (g[i]! + 2)) };
      expect(await gradInput.read()).not.toMatchReference(wrong, { terms: GRAD_TERMS[name] });
    }
  });

  plainTest("the reference's derivative is its own slope", () => {
    const { forward, derivative } = unaryReferences[name];
    const params = paramsOf(name);
    for (const x of domain(name, randomFloats(40, 3))) {
      const saved = unarySaves(name) === "output" ? forward(x, params) : x;
      const [slope] = numericalGradient(([at]) => forward(at!, params), [x], 1e-5);
      expectValue(derivative(saved, params)).toBeCloseTo(slope!, 6);
    }
  });
});

const EDGES = [0, 100, -100, Number.NaN];

test("at 0, far out and on NaN functions and gradients are those of PyTorch", async ({ gpu }) => {
  const run = async (name: UnaryName) => {
    const output = await forwardOnGpu(gpu, name, Float32Array.from(EDGES));
    const kept = unarySaves(name) === "output" ? output : EDGES;
    using gradOutput = gpu.upload([1, 1, 1, 1], [4]);
    using saved = gpu.upload(kept, [4]);
    using gradInput = unaryGrad(gpu, name, gradOutput, saved, paramsOf(name));
    return { output: [...output], grad: [...(await gradInput.read())].slice(0, 3) };
  };
  const gain = Math.fround(Math.SQRT2);
  const leaked = Math.fround(gain * Math.fround(0.2));
  expect(await run("relu")).toEqual({ output: [0, 100, 0, NaN], grad: [0, 1, 0] });
  expect(await run("leakyRelu")).toMatchObject({ grad: [leaked, gain, leaked] });
  expect(await run("clamp")).toEqual({ output: [0, 2, -1.5, NaN], grad: [1, 0, 0] });
  expect(await run("abs")).toEqual({ output: [0, 100, 100, NaN], grad: [0, 1, -1] });
  const sigmoid = await run("sigmoid");
  expect(sigmoid.output).toEqual([0.5, 1, expect.closeTo(0, 20), NaN]);
  expect(sigmoid.grad).toEqual([0.25, 0, expect.closeTo(0, 20)]);
  const softplus = await run("softplus");
  expect(softplus.output).toEqual([expect.closeTo(Math.LN2, 6), 100, expect.closeTo(0, 20), NaN]);
  expect(softplus.grad).toEqual([0.5, 1, expect.closeTo(0, 20)]);
  expect(await run("tanh")).toEqual({ output: [0, 1, -1, NaN], grad: [1, 0, 0] });
  const silu = await run("silu");
  expect(silu.output).toEqual([0, 100, expect.closeTo(0, 20), NaN]);
  expect(silu.grad).toEqual([0.5, 1, expect.closeTo(0, 20)]);
  expect((await run("gelu")).output).toEqual([0, 100, expect.closeTo(0, 20), NaN]);
});

plainTest("the references are PyTorch's", () => {
  // torch.nn.functional.<name>(torch.tensor([-2.5, -0.3, 0.7, 3.2], dtype=torch.float64))
  const x = [-2.5, -0.3, 0.7, 3.2];
  const at = (name: UnaryName) => x.map((v) => unaryReferences[name].forward(v, paramsOf(name)));
  for (const [name, values] of Object.entries(GOLDEN)) {
    for (const [i, value] of at(name as UnaryName).entries()) {
      expectValue(value).toBeCloseTo(values[i]!, 12);
    }
  }
  expectValue(normalCdf(-8) / 6.220960574271785e-16).toBeCloseTo(1, 10);
});

const GOLDEN = {
  silu: [-0.18964545005310887, -0.1276672449565023, 0.46773144051771626, 3.0746696870503545],
  gelu: [-0.015524163314440398, -0.1146265733433142, 0.5306254434438489, 3.1978011585986694],
  softplus: [0.07888973429254963, 0.5543552444685271, 1.103186048885458, 3.2399533331624304],
  tanh: [-0.9866142981514303, -0.2913126124515909, 0.6043677771171635, 0.9966823978396512],
};

plainTest("parameters out of range and unknown ones are refused", () => {
  expectValue(() => resolveParams("leakyRelu", { slope: -0.1 })).toThrow(
    "leakyRelu: slope = -0.1, gain = 1 do not keep the input's sign\nPass slope ≥ 0 and gain > 0.",
  );
  expectValue(() => resolveParams("clamp", { min: 1, max: 0 })).toThrow(
    "clamp: min = 1 exceeds max = 0\nPass min ≤ max.",
  );
  expectValue(() => resolveParams("clamp", { low: 1 })).toThrow(
    "clamp: no parameter is named low\nIt has: min, max.",
  );
});

test("shapes, types and missing operands are refused by name", ({ gpu }) => {
  using a = gpu.upload([1, 2], [2]);
  using b = gpu.upload([1, 2, 3], [3]);
  using labels = gpu.upload([1, 2], [2], "u32");
  expect(() => unaryGrad(gpu, "relu", a, b)).toThrow(
    "relu gradient: gradOutput and the saved output differ in shape\n" +
      "  gradOutput  [2]\n  saved       [3]",
  );
  expect(() => unaryGrad(gpu, "relu", a, null)).toThrow(
    "relu gradient: saved is null\nPass the output of the forward pass.",
  );
  expect(() => unary(gpu, "exp", labels)).toThrow("exp: x is u32, not f32\nUpload it as f32.");
});
