// One product of matrices for each item of a batch: attention's scores and what they weigh.
//
// A gradient of a product is a product, so the gradients are calls of the same kernels with other
// operands transposed:
//
//   Y = A B        gA = gY Bᵀ        gB = Aᵀ gY
//
// and, where an operand is stored transposed, so is its gradient: gAᵀ = B gYᵀ, gBᵀ = gYᵀ A.

import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { ceilDiv, foldGrid, type Workgroups } from "../../gpu/workgroups.ts";
import { type BatchedMatmulGeometry, batchedMatmulGeometry } from "./geometry.ts";
import packSource from "./pack-columns.wgsl";
import registersSource from "./registers.wgsl";
import tiledSource from "./tiled.wgsl";

export const batchedMatmulRegistersKernel = defineKernel({
  name: "batched-matmul.registers",
  modules: { "registers.wgsl": registersSource },
  constants: { LANES: 8, TM: 8, TN: 2 },
  bindings: { a: "read", b: "read", output: "read_write" },
  params: {
    batch: "u32",
    m: "u32",
    n: "u32",
    k: "u32",
    a_batch: "u32",
    a_row: "u32",
    a_step: "u32",
    pitch: "u32",
    scale: "f32",
  },
});

export const batchedMatmulTiledKernel = defineKernel({
  name: "batched-matmul.tiled",
  modules: { "tiled.wgsl": tiledSource },
  constants: {},
  bindings: { a: "read", b: "read", output: "read_write" },
  params: {
    batch: "u32",
    m: "u32",
    n: "u32",
    k: "u32",
    a_batch: "u32",
    a_row: "u32",
    a_step: "u32",
    b_batch: "u32",
    b_step: "u32",
    b_column: "u32",
    scale: "f32",
  },
});

export const packColumnsKernel = defineKernel({
  name: "batched-matmul.pack-columns",
  modules: { "pack-columns.wgsl": packSource },
  constants: {},
  bindings: { b: "read", packed: "read_write" },
  params: {
    count: "u32",
    n: "u32",
    k: "u32",
    pitch: "u32",
    b_batch: "u32",
    b_step: "u32",
    b_column: "u32",
  },
});

/** Rows and columns of a workgroup of the tiled kernel. */
const SIDE = 64;

function folded(gpu: Gpu, count: number): Workgroups {
  return foldGrid(count, gpu.maxWorkgroups);
}

function stridesOf({ m, n, k, transposeA, transposeB }: BatchedMatmulGeometry) {
  return {
    a: { a_batch: m * k, a_row: transposeA ? 1 : k, a_step: transposeA ? m : 1 },
    b: { b_batch: k * n, b_step: transposeB ? 1 : n, b_column: transposeB ? k : 1 },
  };
}

function registers(
  gpu: Gpu,
  a: GpuArray,
  b: GpuArray,
  g: BatchedMatmulGeometry,
  scale: number,
): GpuArray {
  const { batch, m, n, k } = g;
  const strides = stridesOf(g);
  const pitch = ceilDiv(n, 4);
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(g.output);
    let columns = b;
    if (g.transposeB || n % 4 !== 0) {
      const count = batch * k * pitch;
      columns = arrays.temporary([batch, k, 4 * pitch]);
      packColumnsKernel.dispatch(
        gpu,
        { b, packed: columns },
        { count, n, k, pitch, ...strides.b },
        { workgroups: folded(gpu, ceilDiv(count, 64)) },
      );
    }
    const constants = { TM: m === 1 ? 1 : 8, TN: pitch > 8 ? 2 : 1 };
    const blocks = ceilDiv(pitch, 8 * constants.TN) * ceilDiv(m, constants.TM);
    batchedMatmulRegistersKernel.dispatch(
      gpu,
      { a, b: columns, output },
      { batch, m, n, k, ...strides.a, pitch, scale },
      { constants, workgroups: folded(gpu, batch * blocks) },
    );
    return output;
  });
}

function tiled(
  gpu: Gpu,
  a: GpuArray,
  b: GpuArray,
  g: BatchedMatmulGeometry,
  scale: number,
): GpuArray {
  const { batch, m, n, k } = g;
  const strides = stridesOf(g);
  const output = gpu.empty(g.output);
  batchedMatmulTiledKernel.dispatch(
    gpu,
    { a, b, output },
    { batch, m, n, k, ...strides.a, ...strides.b, scale },
    { workgroups: folded(gpu, batch * ceilDiv(m, SIDE) * ceilDiv(n, SIDE)) },
  );
  return output;
}

/**
 * `output[i, m, n] = scale · Σ_k a[i, m, k] · b[i, k, n]` for each index `i` of the leading axes.
 *
 * @param g from `batchedMatmulGeometry`, which validates
 * @returns `[…, M, N]`
 * @see torch.matmul of two batches, torch.bmm
 */
export function batchedMatmul(
  gpu: Gpu,
  a: GpuArray,
  b: GpuArray,
  g: BatchedMatmulGeometry,
  scale = 1,
): GpuArray {
  return gpu.family === "registers" ? registers(gpu, a, b, g, scale) : tiled(gpu, a, b, g, scale);
}

/**
 * Gradient of `⟨gradOutput, batchedMatmul(a, b)⟩` with respect to `a`.
 *
 * @param gradOutput `[…, M, N]`
 * @returns of the shape of `a`
 */
export function batchedMatmulGradA(
  gpu: Gpu,
  gradOutput: GpuArray,
  b: GpuArray,
  g: BatchedMatmulGeometry,
  scale = 1,
): GpuArray {
  if (g.transposeA) {
    const options = { transposeA: g.transposeB, transposeB: true };
    const product = batchedMatmulGeometry(g.b, g.output, options);
    return batchedMatmul(gpu, b, gradOutput, product, scale);
  }
  const product = batchedMatmulGeometry(g.output, g.b, { transposeB: !g.transposeB });
  return batchedMatmul(gpu, gradOutput, b, product, scale);
}

/**
 * Gradient of `⟨gradOutput, batchedMatmul(a, b)⟩` with respect to `b`.
 *
 * @param gradOutput `[…, M, N]`
 * @returns of the shape of `b`
 */
export function batchedMatmulGradB(
  gpu: Gpu,
  a: GpuArray,
  gradOutput: GpuArray,
  g: BatchedMatmulGeometry,
  scale = 1,
): GpuArray {
  if (g.transposeB) {
    const options = { transposeA: true, transposeB: g.transposeA };
    const product = batchedMatmulGeometry(g.output, g.a, options);
    return batchedMatmul(gpu, gradOutput, a, product, scale);
  }
  const product = batchedMatmulGeometry(g.a, g.output, { transposeA: !g.transposeA });
  return batchedMatmul(gpu, a, gradOutput, product, scale);
}
