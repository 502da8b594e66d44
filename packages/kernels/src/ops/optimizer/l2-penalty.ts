import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import { LANES, vectorsOf } from "../elementwise/flat.ts";
import l2PenaltySource from "./l2-penalty.wgsl";
import { requireMatching } from "./operands.ts";

/** Vectors of an invocation: more than elsewhere, so that there are fewer sums to add up. */
const VECTORS = 16;

export const l2PenaltyKernel = defineKernel({
  name: "l2Penalty",
  modules: { "l2-penalty.wgsl": l2PenaltySource },
  constants: { LANES, VECTORS, ANCHORED: true },
  bindings: {
    parameter: "read",
    start: "read",
    strength: "read",
    grad: "read_write",
    sums: "read_write",
  },
  params: { size: "u32", slot: "u32", slots: "u32", scale: "f32" },
});

/** What {@link l2PenaltyStep} works on. */
export interface L2PenaltyOperands {
  /** θ */
  readonly parameter: GpuArray;
  /** θ*, of the same shape; null for the origin. */
  readonly start: GpuArray | null;
  /** Changed: what the penalty's gradient is added to. */
  readonly grad: GpuArray;
  /** One number on the device. */
  readonly strength: GpuArray;
  /** `[slots, 4]`, written from `slot` on: see {@link l2PenaltySlots}. */
  readonly sums: GpuArray;
}

/** How many rows of `sums` an array of `size` elements writes. */
export function l2PenaltySlots(size: number): number {
  return ceilDiv(vectorsOf(size), LANES * VECTORS) * LANES;
}

/**
 * Adds the gradient of a squared distance, in place: `g ← g + scale · strength · (θ − θ*)`. Rows of
 * `sums` receive `(Σ (θ − θ*)², Σ θ², Σ g², Σ g² after)`, one row for each invocation: added up,
 * always in the same order, they are the sums over the array.
 *
 * @param options `slot` of the first row; `scale` 2·f for a penalty `strength · f · ‖θ − θ*‖²`
 * @throws {ShapeError} if the shapes differ
 */
export function l2PenaltyStep(
  gpu: Gpu,
  { parameter, start, grad, strength, sums }: L2PenaltyOperands,
  { slot, scale }: { readonly slot: number; readonly scale: number },
): void {
  const anchor = start ?? parameter;
  const operands = requireMatching("l2PenaltyStep", { parameter, start: anchor, grad });
  const { size } = parameter;
  const slots = l2PenaltySlots(size);
  const limit = gpu.maxWorkgroups;
  l2PenaltyKernel.dispatch(
    gpu,
    { ...operands, strength, sums },
    { size, slot, slots, scale },
    { workgroups: foldGrid(slots / LANES, limit), constants: { ANCHORED: start !== null } },
  );
}
