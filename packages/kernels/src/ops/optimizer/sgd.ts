import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { flatGrid, LANES, PER_INVOCATION, vectorsOf } from "../elementwise/flat.ts";
import { requireMatching } from "./operands.ts";
import sgdSource from "./sgd.wgsl";
import momentumSource from "./sgd-momentum.wgsl";

export const sgdKernel = defineKernel({
  name: "sgd",
  modules: { "sgd.wgsl": sgdSource },
  constants: { LANES, VECTORS: PER_INVOCATION },
  bindings: { parameter: "read_write", grad: "read" },
  params: { vectors: "u32", lr: "f32", weight_decay: "f32" },
});

export const sgdMomentumKernel = defineKernel({
  name: "sgdMomentum",
  modules: { "sgd-momentum.wgsl": momentumSource },
  constants: { LANES, VECTORS: PER_INVOCATION },
  bindings: { parameter: "read_write", grad: "read", buffer: "read_write" },
  params: {
    vectors: "u32",
    lr: "f32",
    weight_decay: "f32",
    momentum: "f32",
    undamped: "f32",
    nesterov: "u32",
    first: "u32",
  },
});

/** Options of {@link sgdStep}, PyTorch's. */
export interface SgdOptions {
  readonly lr: number;
  /** Default 0: then there is no buffer. */
  readonly momentum?: number;
  /** Default 0. */
  readonly dampening?: number;
  /** Default false. */
  readonly nesterov?: boolean;
  /** Adds `weightDecay · parameter` to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Whether the momentum buffer is still undefined: it becomes the gradient. Default false. */
  readonly first?: boolean;
}

/**
 * One step of stochastic gradient descent, in place: `g ← grad + weightDecay·θ`;
 * `b ← momentum·b + (1 − dampening)·g` (on the first step `b ← g`);
 * `θ ← θ − lr·(nesterov ? g + momentum·b : b)`.
 *
 * @param parameter θ, changed
 * @param buffer    `b`, changed; null without momentum
 * @throws {ShapeError} if the shapes differ, or momentum has no buffer
 * @see torch.optim.SGD
 */
export function sgdStep(
  gpu: Gpu,
  parameter: GpuArray,
  grad: GpuArray,
  buffer: GpuArray | null,
  options: SgdOptions,
): void {
  const { lr, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
  const vectors = vectorsOf(parameter.size);
  const shared = { vectors, lr, weight_decay: weightDecay };
  const workgroups = flatGrid(gpu, vectors);
  if (momentum === 0) {
    requireMatching("sgdStep", { parameter, grad });
    sgdKernel.dispatch(gpu, { parameter, grad }, shared, { workgroups });
    return;
  }
  const operands = requireMatching("sgdStep", { parameter, grad, buffer });
  sgdMomentumKernel.dispatch(
    gpu,
    operands,
    {
      ...shared,
      momentum,
      undamped: 1 - dampening,
      nesterov: nesterov ? 1 : 0,
      first: options.first ? 1 : 0,
    },
    { workgroups },
  );
}
