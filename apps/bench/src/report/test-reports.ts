/* Reports for tests, as small as can be. */
import { summarise } from "../measure/statistics.ts";
import type { ModelCaseReport, ModelReport, TimedDispatch } from "./model-report.ts";
import type { CaseReport, Environment, KernelReport, PeerReport } from "./report.ts";

/** A machine. */
export const ENVIRONMENT: Environment = {
  device: "a device <&>",
  backend: "vulkan",
  software: false,
  node: "20.20.2",
  browser: null,
  cpuClock: true,
  platform: "linux x64",
  cpu: "processor",
  cores: 2,
  unsafe: false,
  defaultVariant: "tiled",
  packages: { webgpu: "0.6.2" },
};

const RATES = { fmaGFLOPs: 100, copyGBs: 10 };

/** What every report has. */
const HEAD = {
  startedAt: "2026-01-02T03:04:05.000Z",
  seconds: 90,
  command: "kernels --quick",
  environment: ENVIRONMENT,
  ceilings: { wall: RATES, cpu: RATES },
  wrong: [],
} as const;

const TFJS: PeerReport = { name: "tfjs", packages: "tfjs 4", adapter: "same", unavailable: null };

/** A ReLU by these contestants, with samples in milliseconds. */
export function kernelCase(
  name: string,
  samples: Readonly<Record<string, readonly number[]>>,
): CaseReport {
  const results = Object.entries(samples).map(([contestant, ms]) => ({
    contestant,
    ms: summarise(ms),
    cpuMs: summarise(ms),
    repeats: 1,
    deviceMs: null,
    gflops: 1,
    gbs: 1,
    ofCeiling: 0.5,
    ceiling: "fma" as const,
  }));
  const job = { op: "relu", input: [1, 2, 2, 2] } as const;
  return { name, job, flops: 1e9, bytes: 1e8, results, without: {}, ratios: {} };
}

/** A report of kernels. */
export function kernelReport(cases: readonly CaseReport[]): KernelReport {
  const schema = "fauxgrad-bench-kernels/1";
  return { ...HEAD, schema, cases, peers: [TFJS], encoding: [], targets: [] };
}

/** Dispatches of a millisecond each, one behind the other. */
export function timeline(...places: readonly string[]): TimedDispatch[] {
  return places.map((place, startMs) => {
    const names = place.split("/");
    return { part: names.slice(0, -1), kernel: names.at(-1) ?? "", startMs, ms: 1 };
  });
}

/** A network's inference. */
export function modelCase(name: string, dispatches: readonly TimedDispatch[]): ModelCaseReport {
  return {
    name,
    use: "inference",
    batch: 1,
    size: 224,
    flops: 8e9,
    ms: summarise([100]),
    cpuMs: summarise([50]),
    deviceMs: dispatches.length,
    imagesPerSecond: 10,
    gflops: 80,
    ofCeiling: 0.8,
    dispatches: dispatches.length,
    encodingUs: null,
    memory: { restingBytes: 2 ** 20, peakLiveBytes: 2 ** 21, peakBytes: 2 ** 22 },
    timeline: dispatches,
    startUp: null,
    checksum: "0badcafe",
  };
}

/** A report of networks. */
export function modelReport(cases: readonly ModelCaseReport[]): ModelReport {
  return { ...HEAD, schema: "fauxgrad-bench-models/1", cases, targets: [] };
}
