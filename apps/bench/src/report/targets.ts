/*
 * What the bench must reach, as one list, and what became of it in one report or in several. A
 * target that was not measured stands in the table, too, and says who measures it.
 */
import type { ComparisonReport } from "../comparison/report.ts";
import { isDepthwise } from "../jobs.ts";
import { geometricMean } from "../measure/statistics.ts";
import type { PeerJob } from "../peers/protocol.ts";
import type { ModelReport } from "./model-report.ts";
import type { KernelReport, Ratio, TargetReport } from "./report.ts";

type Fact = "schema" | "environment" | "cases";

/** What is judged: a report, or as much of it as there is before the verdicts. */
export type JudgedReport =
  | Pick<KernelReport, Fact | "encoding">
  | Pick<ModelReport, Fact>
  | Pick<ComparisonReport, Fact>;

/** One case's number. */
interface Measurement {
  readonly name: string;
  readonly value: number;
  /** The same by CPU time; null where there is no such thing. */
  readonly cpu: number | null;
}

/** A goal. */
interface Target {
  readonly name: string;
  /** Whether a number must be at least the limit, or at most. */
  readonly bound: TargetReport["bound"];
  readonly limit: number;
  /** Behind the limit: `× tfjs`, `µs`. */
  readonly unit: string;
  /** The adapters on which it counts. */
  readonly on: "software" | "hardware" | "any";
  /** How it would be measured. */
  readonly how: string;
  /** Of ratios to a peer: which, and in which cases. */
  readonly against?: { readonly peer: string; readonly includes: Includes };
  measure(report: JudgedReport): readonly Measurement[];
}

type Includes = (job: PeerJob, name: string) => boolean;

/** A peer's time over ours, in cases of `bench peers`, or of `bench kernels` with its two peers. */
function ratioTarget(name: string, peer: string, limit: number, includes: Includes): Target {
  return {
    name,
    bound: "at least",
    limit,
    unit: `× ${peer}`,
    on: "software",
    how: `bench peers --peers ${peer}`,
    against: { peer, includes },
    measure(report) {
      if (report.schema === "fauxgrad-bench-models/1") return [];
      const cases: readonly JudgedCase[] = report.cases;
      return cases.flatMap(({ name: title, job, ratios }) => {
        const ratio = ratios[peer];
        if (ratio === undefined || !includes(job, title)) return [];
        return [{ name: title, value: ratio.wall, cpu: ratio.cpu }];
      });
    },
  };
}

interface JudgedCase {
  readonly name: string;
  readonly job: PeerJob;
  readonly ratios: Readonly<Record<string, Ratio>>;
}

/** Libraries that compute with WebGPU, as we do. */
const WEBGPU_PEERS = ["tfjs", "ort", "ort-web", "jax-js"] as const;
/** Those that have gradients. */
const TRAINING_PEERS = ["tfjs", "jax-js"] as const;

function isPass(pass: "forward" | "gradInput" | "gradWeight"): Includes {
  return (job, name) =>
    job.op === "conv2d" && job.pass === pass && name.startsWith("ResNet-50 conv ");
}

const isNamed = (start: string): Includes => {
  return (_job, name) => name.startsWith(start);
};

const AGAINST_PEERS: readonly Target[] = [
  ...(["tfjs", "ort"] as const).flatMap((peer) => [
    ratioTarget("ResNet-50 inference, batch 1", peer, 4, isNamed("ResNet-50 inference 1 ×")),
    ratioTarget("EfficientNet-B0 inference", peer, 4, isNamed("EfficientNet-B0 inference ")),
  ]),
  ratioTarget("ResNet-50 training step", "tfjs", 8, isNamed("ResNet-50 training step ")),
  ...TRAINING_PEERS.map((peer) => {
    return ratioTarget("conv weight gradient", peer, 12, isPass("gradWeight"));
  }),
  ...TRAINING_PEERS.map((peer) => {
    return ratioTarget("conv data gradient", peer, 5, isPass("gradInput"));
  }),
  ratioTarget("depthwise", "tfjs", 5, (job) => job.op === "conv2d" && isDepthwise(job)),
  ...WEBGPU_PEERS.map((peer) => {
    return ratioTarget("matmul 512³", peer, 5, isNamed("matmul 512³ forward"));
  }),
];

const OF_OUR_OWN: readonly Target[] = [
  {
    name: "CPU cost of a replayed dispatch",
    bound: "at most",
    limit: 5,
    unit: "µs",
    on: "any",
    how: "bench kernels",
    measure(report) {
      if (report.schema !== "fauxgrad-bench-kernels/1") return [];
      const replayed = report.encoding.filter(({ isReplayed }) => isReplayed);
      return replayed.map(({ name, us }) => ({ name, value: us.median, cpu: null }));
    },
  },
  {
    name: "memory of a ResNet-50 training step",
    bound: "at most",
    limit: 1.25,
    unit: "× its live arrays",
    on: "any",
    how: 'bench models --filter "^ResNet-50 training"',
    measure(report) {
      if (report.schema !== "fauxgrad-bench-models/1") return [];
      const steps = report.cases.filter(({ name }) => name.startsWith("ResNet-50 training step "));
      return steps.map(({ name, memory: { peakBytes, peakLiveBytes } }) => {
        return { name, value: peakBytes / peakLiveBytes, cpu: null };
      });
    },
  },
  {
    name: "second start to the first result of ResNet-50 inference",
    bound: "at most",
    limit: 3,
    unit: "s",
    on: "any",
    how: 'bench models --start-up --filter "^ResNet-50 inference 1"',
    measure(report) {
      if (report.schema !== "fauxgrad-bench-models/1") return [];
      return report.cases.flatMap(({ name, startUp }) => {
        if (startUp === null || !name.startsWith("ResNet-50 inference 1×")) return [];
        return [{ name, value: startUp.warm.totalMs / 1000, cpu: null }];
      });
    },
  },
];

/** Half as fast as PyTorch or faster. */
function torchTarget(name: string, how: string): Target {
  return { ...ratioTarget(name, "torch", 0.5, isNamed(name)), on: "hardware", how };
}

const ON_A_GPU: readonly Target[] = [
  {
    name: "matmul 4096³",
    bound: "at least",
    limit: 50,
    unit: "% of the FMA ceiling",
    on: "hardware",
    how: 'bench kernels --filter "4096³ forward"',
    measure(report) {
      if (report.schema !== "fauxgrad-bench-kernels/1") return [];
      const cases = report.cases.filter(({ name }) => name === "matmul 4096³ forward");
      return cases.flatMap(({ name, results }) => {
        const own = results.find((r) => r.contestant === report.environment.defaultVariant);
        return own === undefined ? [] : [{ name, value: 100 * own.ofCeiling, cpu: null }];
      });
    },
  },
  torchTarget(
    "ResNet-50 training step 16 × 224²",
    "bench peers --peers torch --networks resnet50 --batches 16",
  ),
  torchTarget(
    "StyleGAN input gradient 16 × 256²",
    "bench peers --peers torch --networks stylegan --batches 16",
  ),
  {
    name: "subgroup-matrix f16 product",
    bound: "at least",
    limit: 1,
    unit: "× the float32 FMA ceiling",
    on: "hardware",
    how: 'bench kernels --matrices --filter "f16 matmul 4096³"',
    measure(report) {
      if (report.schema !== "fauxgrad-bench-kernels/1") return [];
      const cases = report.cases.filter(({ name }) => name === "f16 matmul 4096³ forward");
      return cases.flatMap(({ name, results }) => {
        const own = results.find(({ contestant }) => contestant === "matrices");
        return own === undefined ? [] : [{ name, value: own.ofCeiling, cpu: null }];
      });
    },
  },
];

const TARGETS: readonly Target[] = [...AGAINST_PEERS, ...OF_OUR_OWN, ...ON_A_GPU];

/** Peers against which a case is judged on software adapters; of most cases, none. */
export function judgedPeers(job: PeerJob, name: string): string[] {
  return TARGETS.flatMap(({ on, against }) => {
    return on === "software" && against?.includes(job, name) ? [against.peer] : [];
  });
}

/** The measurements of the first report that has some. */
function measurementsOf({ on, measure }: Target, reports: readonly JudgedReport[]) {
  for (const report of reports) {
    const { software } = report.environment;
    if (on !== "any" && software !== (on === "software")) continue;
    const found = measure(report);
    if (found.length > 0) return found;
  }
  return [];
}

function whyUnmeasured({ on, how }: Target, reports: readonly JudgedReport[]): string {
  const isThere = reports.some(({ environment }) => environment.software === (on === "software"));
  if (on === "any" || isThere || !how.startsWith("bench ")) return how;
  return on === "hardware" ? `on a GPU: ${how}` : `on a software adapter: ${how}`;
}

function judged(target: Target, reports: readonly JudgedReport[]): TargetReport {
  const { name, bound, limit, unit } = target;
  const head = { name, bound, target: limit, unit };
  const found = measurementsOf(target, reports);
  const isReached = (value: number) => (bound === "at least" ? value >= limit : value <= limit);
  const sign = bound === "at least" ? 1 : -1;
  const [worst] = [...found].sort((a, b) => sign * (a.value - b.value));
  if (worst === undefined) {
    const measured = {
      cases: 0,
      reached: 0,
      worst: null,
      worstCase: null,
      mean: null,
      meanCpu: null,
    };
    return { ...head, verdict: "not measured", why: whyUnmeasured(target, reports), ...measured };
  }
  const reached = found.filter(({ value }) => isReached(value)).length;
  const cpu = found.flatMap((measurement) => measurement.cpu ?? []);
  return {
    ...head,
    verdict: reached === found.length ? "reached" : "missed",
    why: null,
    cases: found.length,
    reached,
    worst: worst.value,
    worstCase: worst.name,
    mean: geometricMean(found.map(({ value }) => value)),
    meanCpu: cpu.length === 0 ? null : geometricMean(cpu),
  };
}

/**
 * What became of every target. One that several reports measured is judged by the first of them;
 * it is reached if it is so in all of its cases.
 */
export function targetReports(reports: readonly JudgedReport[]): TargetReport[] {
  return TARGETS.map((target) => judged(target, reports));
}
