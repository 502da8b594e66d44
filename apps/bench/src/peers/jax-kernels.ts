/** Single kernels in jax-js. Its convolutions take channels first: operands lie so from the start. */
import { type Conv2dJob, convSizes, type Job, type MatmulJob } from "../jobs.ts";
import { permuted } from "../networks/weights.ts";
import { operand } from "../ops/operation.ts";
import { operandsOf, operationOf } from "../ops/table.ts";
import { convolve, type Jax, type JaxArray, type JaxTree, type JaxWork, refs } from "./jax.ts";

/** `[N, H, W, C]` to `[N, C, H, W]`, and back. */
const IMAGES = { there: [0, 3, 1, 2], back: [0, 2, 3, 1] } as const;
/** `[KH, KW, I, O]` to `[O, I, KH, KW]`, and back. */
const WEIGHTS = { there: [3, 2, 0, 1], back: [2, 3, 1, 0] } as const;

type Sum = (arrays: JaxTree) => JaxArray;

/** `f`, or the gradient of `⟨f, gradOutput⟩` by one of its operands. */
function passOf(jax: Jax, pass: Conv2dJob["pass"], f: Sum, by: readonly [string, string]) {
  if (pass === "forward") return (arrays: JaxTree) => ({ y: f(arrays) });
  const name = pass === "gradInput" ? by[0] : by[1];
  return (arrays: JaxTree): JaxTree => {
    const { [name]: variable, ...rest } = arrays;
    if (variable === undefined) throw new Error(`operand ${name} is missing`);
    const product = (one: JaxTree) => {
      const all = { ...refs(rest), ...one };
      return jax.numpy.sum(f(all).mul(operand(rest, "gradOutput").ref));
    };
    return { y: operand(jax.grad(product)({ [name]: variable }), name) };
  };
}

function workOf(jax: Jax, f: (arrays: JaxTree) => JaxTree, arrays: JaxTree): JaxWork {
  const compiled = jax.jit(f);
  return {
    compute: () => compiled(refs(arrays)),
    read: (results) => operand(results, "y").ref.data(),
    release() {
      compiled.dispose();
      for (const array of Object.values(arrays)) array.dispose();
    },
  };
}

function upload(jax: Jax, data: Float32Array<ArrayBuffer>, shape: readonly number[]): JaxArray {
  return jax.numpy.array(data).reshape(shape);
}

function convolution(jax: Jax, job: Conv2dJob): JaxWork {
  const data = operandsOf(job);
  const { input, weight } = job;
  const { output } = convSizes(job);
  const shapes = { input, weight, gradOutput: output };
  const arrays = Object.entries(shapes).map(([name, shape]) => {
    const turn = name === "weight" ? WEIGHTS : IMAGES;
    const known = data[name] ?? new Float32Array(shape.reduce((a, b) => a * b, 1));
    const turned = permuted({ shape, data: known }, turn.there);
    return [name, upload(jax, turned.data, turned.shape)] as const;
  });
  const f: Sum = ({ input: x, weight: w }) => {
    if (x === undefined || w === undefined) throw new Error("an operand is missing");
    return convolve(jax, x, w, job);
  };
  const by = ["input", "weight"] as const;
  const work = workOf(jax, passOf(jax, job.pass, f, by), Object.fromEntries(arrays));
  const turn = job.pass === "gradWeight" ? WEIGHTS : IMAGES;
  const shape = { forward: output, gradInput: input, gradWeight: weight }[job.pass];
  const theirs = turn.there.map((axis) => shape[axis] ?? 1);
  return {
    ...work,
    read: async (results) =>
      permuted({ shape: theirs, data: await work.read(results) }, turn.back).data,
  };
}

function product(jax: Jax, job: MatmulJob): JaxWork {
  const { m, k, n } = job;
  const data = operandsOf(job);
  const shapes = { a: [m, k], b: [k, n], gradOutput: [m, n] };
  const arrays = Object.entries(shapes).map(([name, shape]) => {
    const size = shape.reduce((product, side) => product * side, 1);
    return [name, upload(jax, data[name] ?? new Float32Array(size), shape)] as const;
  });
  const f: Sum = ({ a, b }) => {
    if (a === undefined || b === undefined) throw new Error("an operand is missing");
    return jax.numpy.matmul(a, b);
  };
  return workOf(jax, passOf(jax, job.pass, f, ["a", "b"]), Object.fromEntries(arrays));
}

/** The work of a kernel's job; a string says why there is none. */
export function kernelWork(jax: Jax, job: Job): JaxWork | string {
  if (job.op === "conv2d") return convolution(jax, job);
  if (job.op === "matmul") return product(jax, job);
  return `not compared: ${operationOf(job).hasFamilies ? job.op : "a pointwise operation"}`;
}
