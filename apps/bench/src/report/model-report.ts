import type { Ceilings } from "../measure/ceilings.ts";
import type { Summary } from "../measure/statistics.ts";
import type { Environment, TargetReport } from "./report.ts";

/** What is done with a network. */
export type Use = "inference" | "input gradient" | "training step" | "detection";

/** One dispatch of a step, by the device's clock. */
export interface TimedDispatch {
  /** Where in the step: phase, then parts of the network from the outermost in. */
  readonly part: readonly string[];
  readonly kernel: string;
  /** Since the step's first dispatch. */
  readonly startMs: number;
  readonly ms: number;
}

/** Device memory of a step, in bytes. */
export interface StepMemory {
  /** Weights, optimiser state and inputs: what is there between steps. */
  readonly restingBytes: number;
  /** The most that arrays held at once. */
  readonly peakLiveBytes: number;
  /** The most that was taken from the device, freed buffers that wait for reuse included. */
  readonly peakBytes: number;
}

/** What a process needs until its first result. */
export interface StartUp {
  /** From the start of the process to the device. */
  readonly openMs: number;
  /** Making the network and its weights. */
  readonly weightsMs: number;
  /** The first step, in which every kernel is compiled. */
  readonly firstMs: number;
  /** The second one. */
  readonly secondMs: number;
  /** From the start of the process to the first result. */
  readonly totalMs: number;
  /** Kernels compiled. */
  readonly pipelines: number;
}

/** One network, used in one way. */
export interface ModelCaseReport {
  readonly name: string;
  readonly use: Use;
  readonly batch: number;
  /** Side of the images. */
  readonly size: number;
  /** Operations of convolutions and matrix products in one step. */
  readonly flops: number;
  /** Of one step. */
  readonly ms: Summary;
  readonly cpuMs: Summary;
  /** Sum of the dispatches by the device's clock, each in a pass of its own; null without timestamps. */
  readonly deviceMs: number | null;
  readonly imagesPerSecond: number;
  readonly gflops: number;
  /** Time that the FMA ceiling allows at least, over the time taken. */
  readonly ofCeiling: number;
  readonly dispatches: number;
  /** This thread's microseconds a dispatch; null where a step waits for the device in between. */
  readonly encodingUs: Summary | null;
  readonly memory: StepMemory;
  /** Every dispatch in order; empty without timestamps. */
  readonly timeline: readonly TimedDispatch[];
  /** With an empty shader cache and with the one that this left; null where not asked for. */
  readonly startUp: { readonly cold: StartUp; readonly warm: StartUp } | null;
  /**
   * Of the bits that the first step computed: equal in two runs of the same kernels on the same
   * device, and in every step of one run where the weights stay.
   */
  readonly checksum: string;
}

/** Everything that `bench models --json` writes; `docs/performance.md` describes it. */
export interface ModelReport {
  readonly schema: "fauxgrad-bench-models/1";
  readonly startedAt: string;
  readonly seconds: number;
  /** Arguments of the command. */
  readonly command: string;
  readonly environment: Environment;
  readonly ceilings: Ceilings;
  readonly cases: readonly ModelCaseReport[];
  readonly targets: readonly TargetReport[];
  /** Cases without a time: `case: reason`. */
  readonly wrong: readonly string[];
  /** Cases that the device has no room for: `case: reason`; absent in older reports. */
  readonly skipped?: readonly string[];
}
