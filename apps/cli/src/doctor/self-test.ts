/*
 * Whether the adapter computes what it should: a product of matrices and a convolution, each
 * against float64. The bound is that of a float32 sum of K products in any order,
 * `K · 2⁻²⁴ · Σ|aᵢ·bᵢ|`; a driver with a fault misses it by orders of magnitude.
 */
import { conv2dGeometry } from "@fauxgrad/kernels";
import { conv2dReference } from "@fauxgrad/kernels/reference/conv2d";
import { matmulReference } from "@fauxgrad/kernels/reference/matmul";
import {
  conv2d,
  type Gpu,
  matmul,
  Random,
  type Shape,
  scope,
  type Tensor,
  tensor,
} from "@fauxgrad/tensor";

/** The outcome of one operation. */
export interface SelfTestResult {
  /** `matmul [96, 192] x [192, 160]` */
  readonly operation: string;
  readonly passed: boolean;
  /** The largest error, as a multiple of what rounding may cause; above 1 is wrong. */
  readonly worst: number;
  /** Elements that exceed the bound, or are not finite. */
  readonly wrong: number;
  readonly elements: number;
  /** Of the first run, with the compilation of its kernels. */
  readonly firstMs: number;
  /** Of the fastest of a few more, with launch and readback. */
  readonly ms: number;
}

/** An expected result with Σ|terms| of each element. */
interface Expected {
  readonly data: Float64Array;
  readonly magnitude: Float64Array;
}

interface Trial {
  readonly operation: string;
  /** Products in each sum. */
  readonly terms: number;
  readonly expected: Expected;
  readonly run: () => Tensor;
}

const SEED = 20231;
const REPETITIONS = 3;

/** Runs both operations; about a second on a software adapter. */
export async function selfTest(gpu: Gpu): Promise<SelfTestResult[]> {
  const results: SelfTestResult[] = [];
  for (const make of [matmulTrial, conv2dTrial]) {
    results.push(await scope(() => measure(make(gpu))));
  }
  return results;
}

function matmulTrial(gpu: Gpu): Trial {
  // No size is a multiple of a tile: the edges are tested too.
  const [m, k, n] = [97, 190, 130] as const;
  const a = values("a", [m, k]);
  const b = values("b", [k, n]);
  const left = tensor(gpu, a, [m, k]);
  const right = tensor(gpu, b, [k, n]);
  return {
    operation: `matmul [${m}, ${k}] x [${k}, ${n}]`,
    terms: k,
    expected: matmulReference(a, b, m, k, n),
    run: () => matmul(left, right),
  };
}

function conv2dTrial(gpu: Gpu): Trial {
  const input: Shape = [1, 30, 31, 24];
  const weight: Shape = [3, 3, 24, 40];
  const x = values("input", input);
  const w = values("weight", weight);
  const image = tensor(gpu, x, input);
  const kernel = tensor(gpu, w, weight);
  return {
    operation: `conv2d [${input.join(", ")}] * [${weight.join(", ")}], padding 1`,
    terms: 3 * 3 * 24,
    expected: conv2dReference(x, w, conv2dGeometry(input, weight, { padding: 1 })),
    run: () => conv2d(image, kernel, null, { padding: 1 }),
  };
}

async function measure({ operation, terms, expected, run }: Trial): Promise<SelfTestResult> {
  const began = performance.now();
  const actual = await run().read();
  const firstMs = performance.now() - began;
  const times: number[] = [];
  for (let i = 0; i < REPETITIONS; i += 1) {
    const start = performance.now();
    await run().read();
    times.push(performance.now() - start);
  }
  const { worst, wrong } = compare(actual, expected, terms);
  const passed = wrong === 0 && actual.length === expected.data.length;
  const ms = Math.min(...times);
  return { operation, passed, worst, wrong, elements: actual.length, firstMs, ms };
}

/** The worst error of a float32 result in units of what rounding may cause, and how many exceed it. */
export function compare(
  actual: Float32Array,
  { data, magnitude }: Expected,
  terms: number,
): { worst: number; wrong: number } {
  let worst = 0;
  let wrong = 0;
  for (const [i, expected] of data.entries()) {
    const bound = terms * 2 ** -24 * magnitude[i]!;
    const ratio = Math.abs((actual[i] ?? Number.NaN) - expected) / bound;
    if (!(ratio <= 1)) wrong += 1;
    worst = Number.isNaN(ratio) ? Infinity : Math.max(worst, ratio);
  }
  return { worst, wrong };
}

function values(name: string, shape: Shape): Float32Array<ArrayBuffer> {
  const random = new Random(SEED, name);
  const count = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length: count }, () => random.normal());
}
