// Winograd's minimal filtering F(2×2, 3×3): a 2×2 tile of outputs takes 16 products a channel
// instead of 36 (Lavin and Gray, arXiv:1509.09308).
//
//   output tile = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A       d: 4×4 inputs, g: 3×3 kernel
//
// The sum over channels moves inside the brackets and becomes 16 matrix products [tiles, C] × [C, O],
// which are one correlation with 16 groups. Tiles go through in chunks, so that the workspace stays
// small and in cache. Rounding errors grow by the transforms' additions, about threefold.

import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import type { Variant } from "../../gpu/tuning.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { ceilDiv, foldGrid, type Workgroups } from "../../gpu/workgroups.ts";
import { castTo } from "../elementwise/cast.ts";
import { productVariant } from "./broadcast.ts";
import { correlate } from "./correlate.ts";
import type { Correlation, CorrelationAxis } from "./correlation.ts";
import {
  EPILOGUE,
  EPILOGUE_CONSTANTS,
  type Epilogue,
  epilogueArrays,
  epilogueConstants,
  epilogueParams,
} from "./epilogue.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import { derive } from "./pack.ts";
import inputSource from "./winograd-input.wgsl";
import outputSource from "./winograd-output.wgsl";
import weightSource from "./winograd-weight.wgsl";

export const winogradWeightKernel = defineKernel({
  name: "conv2d.winogradWeight",
  modules: { "winograd-weight.wgsl": weightSource },
  constants: { TRANSPOSE: false },
  bindings: { weight: "read", transformed: "read_write" },
  params: { inputs: "u32", outputs: "u32" },
});

export const winogradInputKernel = defineKernel({
  name: "conv2d.winogradInput",
  modules: { "winograd-input.wgsl": inputSource },
  constants: { LANES: 8 },
  bindings: { source: "read", transformed: "read_write" },
  params: {
    tiles: "u32",
    first_tile: "u32",
    tiles_h: "u32",
    tiles_w: "u32",
    h: "u32",
    w: "u32",
    c4: "u32",
    pad_top: "i32",
    pad_left: "i32",
  },
});

export const winogradOutputKernel = defineKernel({
  name: "conv2d.winogradOutput",
  modules: { ...EPILOGUE, "winograd-output.wgsl": outputSource },
  constants: { LANES: 8, ...EPILOGUE_CONSTANTS },
  bindings: { products: "read", bias: "read", residual: "read", output: "read_write" },
  params: {
    tiles: "u32",
    first_tile: "u32",
    tiles_h: "u32",
    tiles_w: "u32",
    oh: "u32",
    ow: "u32",
    o4: "u32",
    has_bias: "u32",
    scale: "f32",
    slope: "f32",
    gain: "f32",
  },
});

/** Bytes of one chunk of transformed tiles. */
const WORKSPACE_BYTES = { registers: 8 * 2 ** 20, tiled: 64 * 2 ** 20 } as const;
const TAPS = 16;

/** Whether the transforms apply: 3×3, stride 1, undilated, ungrouped, whole vec4s of channels. */
export function fitsWinograd(g: Conv2dGeometry): boolean {
  return (
    g.kh === 3 &&
    g.kw === 3 &&
    g.strideH === 1 &&
    g.strideW === 1 &&
    g.dilationH === 1 &&
    g.dilationW === 1 &&
    g.groups === 1 &&
    g.c % 4 === 0 &&
    g.o % 4 === 0
  );
}

/** Whether they pay: below, the transforms cost more than the products they save. */
export function paysWinograd(gpu: Gpu, g: Conv2dGeometry): boolean {
  return gpu.family === "registers" && fitsWinograd(g) && g.c >= 32 && g.o >= 32;
}

/** The pass as the transforms see it: the data gradient is a forward pass the other way. */
interface Pass {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly oh: number;
  readonly ow: number;
  readonly padTop: number;
  readonly padLeft: number;
  /** Of the products' kernel. */
  readonly parameters: Parameters;
}

type Parameters = Variant["parameters"];

/** Forward pass of geometries that {@link fitsWinograd}; `[N, OH, OW, O]`. */
export function winogradForward(
  gpu: Gpu,
  input: GpuArray,
  weight: GpuArray,
  g: Conv2dGeometry,
  epilogue: Epilogue,
  parameters: Parameters = {},
): GpuArray {
  const pass = { ...g, inputs: g.c, outputs: g.o, parameters };
  return run(gpu, input, transformedWeight(gpu, weight, pass, false), pass, epilogue);
}

/** Data gradient: the forward pass of the turned kernel, padded by `2 − pad`; `[N, H, W, C]`. */
export function winogradGradInput(
  gpu: Gpu,
  gradOutput: GpuArray,
  weight: GpuArray,
  g: Conv2dGeometry,
  scale: number,
  parameters: Parameters = {},
): GpuArray {
  const pass: Pass = {
    parameters,
    n: g.n,
    h: g.oh,
    w: g.ow,
    inputs: g.o,
    outputs: g.c,
    oh: g.h,
    ow: g.w,
    padTop: 2 - g.padTop,
    padLeft: 2 - g.padLeft,
  };
  return run(gpu, gradOutput, transformedWeight(gpu, weight, pass, true), pass, { scale });
}

function transformedWeight(
  gpu: Gpu,
  weight: GpuArray,
  { inputs, outputs }: Pass,
  TRANSPOSE: boolean,
): GpuArray {
  return derive(weight, `conv2d.winograd/${TRANSPOSE}/${weight.shape.join()}`, () => {
    using wide = castTo(gpu, weight, "f32");
    const transformed = gpu.empty([inputs, TAPS, outputs]);
    const limit = gpu.maxWorkgroups;
    winogradWeightKernel.dispatch(
      gpu,
      { weight: wide, transformed },
      { inputs, outputs },
      { constants: { TRANSPOSE }, workgroups: foldGrid(ceilDiv(inputs * outputs, 64), limit) },
    );
    return transformed;
  });
}

function run(
  gpu: Gpu,
  source: GpuArray,
  weight: GpuArray,
  pass: Pass,
  epilogue: Epilogue,
): GpuArray {
  const { n, inputs, outputs, oh, ow } = pass;
  const tilesH = ceilDiv(oh, 2);
  const tilesW = ceilDiv(ow, 2);
  const all = n * tilesH * tilesW;
  const tileBytes = 4 * TAPS * Math.max(inputs, outputs);
  const chunk = Math.max(64, Math.floor(WORKSPACE_BYTES[gpu.family] / tileBytes));
  return withArrays(gpu, (arrays) => {
    const output = arrays.output([n, oh, ow, outputs]);
    for (let first = 0; first < all; first += chunk) {
      const tiles = Math.min(chunk, all - first);
      const place = { tiles, first_tile: first, tiles_h: tilesH, tiles_w: tilesW };
      withArrays(gpu, ({ temporary }) => {
        const transformed = temporary([tiles, TAPS * inputs]);
        const products = temporary([tiles, TAPS * outputs]);
        transformInput(gpu, source, transformed, pass, place);
        const job = tileProducts(tiles, inputs, outputs);
        const variant = { name: productVariant(gpu, tiles), parameters: pass.parameters };
        correlate(gpu, job, transformed, weight, products, {}, variant);
        transformOutput(gpu, products, epilogue, output, pass, place);
      });
    }
    return output;
  });
}

/** Where a chunk of tiles lies. */
interface Place {
  readonly tiles: number;
  readonly first_tile: number;
  readonly tiles_h: number;
  readonly tiles_w: number;
}

function transformInput(
  gpu: Gpu,
  source: GpuArray,
  transformed: GpuArray,
  { h, w, inputs, padTop, padLeft }: Pass,
  place: Place,
): void {
  const c4 = inputs / 4;
  winogradInputKernel.dispatch(
    gpu,
    { source, transformed },
    { ...place, h, w, c4, pad_top: padTop, pad_left: padLeft },
    lanesOver(gpu, c4, place.tiles),
  );
}

function transformOutput(
  gpu: Gpu,
  products: GpuArray,
  epilogue: Epilogue,
  output: GpuArray,
  { oh, ow, outputs }: Pass,
  place: Place,
): void {
  const o4 = outputs / 4;
  const { constants, workgroups } = lanesOver(gpu, o4, place.tiles);
  winogradOutputKernel.dispatch(
    gpu,
    { products, ...epilogueArrays(epilogue, products), output },
    { ...place, oh, ow, o4, ...epilogueParams(epilogue) },
    { constants: { ...constants, ...epilogueConstants(epilogue) }, workgroups },
  );
}

function lanesOver(gpu: Gpu, vectors: number, tiles: number) {
  const LANES = gpu.family === "registers" ? 8 : 32;
  const limit = gpu.maxWorkgroups;
  const [y, z] = foldGrid(tiles, limit);
  const workgroups: Workgroups = [ceilDiv(vectors, LANES), y, z];
  return { constants: { LANES }, workgroups };
}

const POINT: CorrelationAxis = {
  q: 1,
  source: 1,
  out: 1,
  stride: 1,
  first: 0,
  step: 0,
  taps: 1,
  kernelFirst: 0,
  kernelStep: 1,
  outFirst: 0,
  outStep: 1,
};

/** Sixteen products `[tiles, C] × [C, O]` as one correlation over groups. */
function tileProducts(tiles: number, inputs: number, outputs: number): Correlation {
  return {
    n: tiles,
    h: POINT,
    w: POINT,
    kernelW: 1,
    sourceC: TAPS * inputs,
    outC: TAPS * outputs,
    groups: TAPS,
  };
}
