import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { formatShape, sameShape } from "../../shape.ts";
import { requireFloats } from "../elementwise/flat.ts";
import { rowGeometry, rowLanes } from "./rows.ts";
import rowsSource from "./rows.wgsl";
import softmaxSource from "./softmax.wgsl";
import gradSource from "./softmax-grad.wgsl";

export const softmaxKernel = defineKernel({
  name: "softmax",
  modules: { "softmax.wgsl": softmaxSource, "rows.wgsl": rowsSource },
  constants: { LANES: 32, ROWS: 2, LOG: false },
  bindings: { input: "read", output: "read_write" },
  params: { rows: "u32", columns: "u32", lowest: "f32" },
});

export const softmaxGradKernel = defineKernel({
  name: "softmaxGrad",
  modules: { "softmax-grad.wgsl": gradSource, "rows.wgsl": rowsSource },
  constants: { LANES: 32, ROWS: 2, LOG: false },
  bindings: { grad_output: "read", output: "read", grad_input: "read_write" },
  params: { rows: "u32", columns: "u32" },
});

/**
 * Softmax over the last axis: `output[…, c] = e^x[…, c] / Σ_k e^x[…, k]`, by differences from the
 * largest.
 *
 * @throws {ShapeError} for a scalar
 * @see torch.softmax
 */
export function softmax(gpu: Gpu, x: GpuArray): GpuArray {
  return forward(gpu, "softmax", x, false);
}

/**
 * Logarithm of the softmax over the last axis: `x − ln Σ_k e^x[…, k]`, by differences from the
 * largest.
 *
 * @throws {ShapeError} for a scalar
 * @see torch.log_softmax
 */
export function logSoftmax(gpu: Gpu, x: GpuArray): GpuArray {
  return forward(gpu, "logSoftmax", x, true);
}

/** Gradient of {@link softmax}: `y · (g − Σ_c g·y)`, from its output. */
export function softmaxGradInput(gpu: Gpu, gradOutput: GpuArray, output: GpuArray): GpuArray {
  return backward(gpu, "softmax", gradOutput, output, false);
}

/** Gradient of {@link logSoftmax}: `g − e^y · Σ_c g`, from its output. */
export function logSoftmaxGradInput(gpu: Gpu, gradOutput: GpuArray, output: GpuArray): GpuArray {
  return backward(gpu, "logSoftmax", gradOutput, output, true);
}

function forward(gpu: Gpu, op: string, x: GpuArray, log: boolean): GpuArray {
  requireFloats(op, { x });
  const geometry = rowGeometry(op, x.shape);
  const { constants, workgroups } = rowLanes(gpu, geometry);
  const output = gpu.empty(x.shape);
  softmaxKernel.dispatch(
    gpu,
    { input: x, output },
    { ...geometry, lowest: Number.NEGATIVE_INFINITY },
    { workgroups, constants: { ...constants, LOG: log } },
  );
  return output;
}

function backward(
  gpu: Gpu,
  op: string,
  gradOutput: GpuArray,
  output: GpuArray,
  log: boolean,
): GpuArray {
  if (!sameShape(gradOutput.shape, output.shape)) {
    throw new ShapeError(
      `${op} gradient: gradOutput and output differ in shape\n` +
        `  gradOutput  ${formatShape(gradOutput.shape)}\n  output      ${formatShape(output.shape)}`,
    );
  }
  const geometry = rowGeometry(op, output.shape);
  const { constants, workgroups } = rowLanes(gpu, geometry);
  const gradInput = gpu.empty(output.shape);
  softmaxGradKernel.dispatch(
    gpu,
    { grad_output: gradOutput, output, grad_input: gradInput },
    geometry,
    { workgroups, constants: { ...constants, LOG: log } },
  );
  return gradInput;
}
