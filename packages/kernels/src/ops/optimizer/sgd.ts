import { UsageError } from "../../errors.ts";
import { type PerStep, perReplay, valueNow } from "../../gpu/capture/step-value.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { FLAT, FLAT_CONSTANTS, flatGrid, vectorsOf } from "../elementwise/flat.ts";
import { requireMatching } from "./operands.ts";
import sgdSource from "./sgd.wgsl";
import momentumSource from "./sgd-momentum.wgsl";

export const sgdKernel = defineKernel({
  name: "sgd",
  modules: { ...FLAT, "sgd.wgsl": sgdSource },
  constants: FLAT_CONSTANTS,
  bindings: { parameter: "read_write", grad: "read" },
  params: { vectors: "u32", lr: "f32", weight_decay: "f32" },
});

export const sgdMomentumKernel = defineKernel({
  name: "sgdMomentum",
  modules: { ...FLAT, "sgd-momentum.wgsl": momentumSource },
  constants: FLAT_CONSTANTS,
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
 * @param options   may be a value of each step's own, so that a captured step follows its schedule
 * @throws {ShapeError} if the shapes differ, or momentum has no buffer
 * @see torch.optim.SGD
 */
export function sgdStep(
  gpu: Gpu,
  parameter: GpuArray,
  grad: GpuArray,
  buffer: GpuArray | null,
  options: PerStep<SgdOptions>,
): void {
  const hasMomentum = usesMomentum(valueNow(options));
  const vectors = vectorsOf(parameter.size);
  const workgroups = flatGrid(gpu, vectors);
  const shared = (now: SgdOptions) => {
    if (usesMomentum(now) !== hasMomentum) throw otherKernel(now);
    return { vectors, lr: now.lr, weight_decay: now.weightDecay ?? 0 };
  };
  if (!hasMomentum) {
    requireMatching("sgdStep", { parameter, grad });
    sgdKernel.dispatch(gpu, { parameter, grad }, perReplay(options, shared), { workgroups });
    return;
  }
  const operands = requireMatching("sgdStep", { parameter, grad, buffer });
  const params = perReplay(options, (now) => ({
    ...shared(now),
    momentum: now.momentum ?? 0,
    undamped: 1 - (now.dampening ?? 0),
    nesterov: now.nesterov ? 1 : 0,
    first: now.first ? 1 : 0,
  }));
  sgdMomentumKernel.dispatch(gpu, operands, params, { workgroups });
}

function otherKernel({ momentum = 0 }: SgdOptions): UsageError {
  return new UsageError(
    `sgdStep: momentum = ${momentum} needs another kernel than the captured one\n` +
      "Capture the step again when momentum is switched on or off.",
  );
}

function usesMomentum({ momentum = 0 }: SgdOptions): boolean {
  return momentum !== 0;
}
