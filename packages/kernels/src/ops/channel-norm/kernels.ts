import { defineKernel } from "../../gpu/kernel.ts";
import logistic from "../../wgsl/logistic.wgsl";
import { LANES, WORKGROUP } from "../lanes/lanes.ts";
import gradInputSource from "./grad-input.wgsl";
import gradSumsSource from "./grad-sums.wgsl";
import mergeMomentsSource from "./merge-moments.wgsl";
import mergeSumsSource from "./merge-sums.wgsl";
import momentsSource from "./moments.wgsl";
import normalizeSource from "./normalize.wgsl";
import oneRowLane from "./one-row-lane.wgsl";
import siluGradSource from "./silu-grad.wgsl";

/** Elements along the channels of a workgroup of the reductions. */
export const CHANNEL_LANES = 8;

const SLAB_PARAMS = {
  workgroups: "u32",
  blocks: "u32",
  c: "u32",
  rows: "u32",
  slabs: "u32",
  slab_rows: "u32",
} as const;

const BLOCK_PARAMS = {
  total: "u32",
  c: "u32",
  rows: "u32",
  block: "u32",
  blocks: "u32",
  eps: "f32",
} as const;

export const momentsKernel = defineKernel({
  name: "norm-moments",
  modules: { "lanes.wgsl": LANES, "row-lanes.wgsl": oneRowLane, "moments.wgsl": momentsSource },
  constants: { CHANNEL_LANES },
  bindings: { input: "read", partial: "read_write" },
  params: SLAB_PARAMS,
});

export const mergeMomentsKernel = defineKernel({
  name: "norm-merge-moments",
  modules: { "merge-moments.wgsl": mergeMomentsSource },
  constants: { WORKGROUP },
  bindings: { partial: "read", mean: "read_write", variance: "read_write" },
  params: {
    total: "u32",
    groups: "u32",
    size: "u32",
    rows: "u32",
    slabs: "u32",
    slab_rows: "u32",
  },
});

export const normalizeKernel = defineKernel({
  name: "norm-normalize",
  modules: { "lanes.wgsl": LANES, "logistic.wgsl": logistic, "normalize.wgsl": normalizeSource },
  constants: { WORKGROUP, AFFINE: true, SILU: false, RELU: false, RESIDUAL: false },
  bindings: {
    input: "read",
    mean: "read",
    variance: "read",
    weight: "read",
    bias: "read",
    residual: "read",
    output: "read_write",
  },
  params: BLOCK_PARAMS,
});

export const siluGradKernel = defineKernel({
  name: "norm-silu-grad",
  modules: { "lanes.wgsl": LANES, "logistic.wgsl": logistic, "silu-grad.wgsl": siluGradSource },
  constants: { WORKGROUP, AFFINE: true },
  bindings: {
    grad_output: "read",
    input: "read",
    mean: "read",
    variance: "read",
    weight: "read",
    bias: "read",
    grad: "read_write",
  },
  params: BLOCK_PARAMS,
});

export const gradSumsKernel = defineKernel({
  name: "norm-grad-sums",
  modules: { "lanes.wgsl": LANES, "row-lanes.wgsl": oneRowLane, "grad-sums.wgsl": gradSumsSource },
  constants: { CHANNEL_LANES, RELU: false },
  bindings: {
    grad_output: "read",
    input: "read",
    mean: "read",
    activated: "read",
    partial: "read_write",
  },
  params: SLAB_PARAMS,
});

export const mergeSumsKernel = defineKernel({
  name: "norm-merge-sums",
  modules: { "merge-sums.wgsl": mergeSumsSource },
  constants: { WORKGROUP, AFFINE: true },
  bindings: {
    partial: "read",
    variance: "read",
    weight: "read",
    sum_grad: "read_write",
    sum_product: "read_write",
    means: "read_write",
  },
  params: { total: "u32", groups: "u32", size: "u32", rows: "u32", slabs: "u32", eps: "f32" },
});

export const normGradInputKernel = defineKernel({
  name: "norm-grad-input",
  modules: { "lanes.wgsl": LANES, "grad-input.wgsl": gradInputSource },
  constants: { WORKGROUP, AFFINE: true, CENTERED: true, RELU: false },
  bindings: {
    grad_output: "read",
    input: "read",
    mean: "read",
    variance: "read",
    weight: "read",
    means: "read",
    activated: "read",
    grad_input: "read_write",
  },
  params: BLOCK_PARAMS,
});
