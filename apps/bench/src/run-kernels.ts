import {
  Gpu,
  type GpuOptions,
  type KernelFamily,
  type SubgroupMatrixConfig,
} from "@fauxgrad/kernels";
import type { Case } from "./cases.ts";
import { inFull, isHalf, type Job } from "./jobs.ts";
import { type Ceilings, measureCeilings } from "./measure/ceilings.ts";
import { measureEncoding } from "./measure/encoding.ts";
import { OurContestant } from "./measure/ours.ts";
import { type Contestant, interleave, type Schedule } from "./measure/rounds.ts";
import { crossCheck } from "./measure/validate.ts";
import { bytesOf, operandsOf, operationOf } from "./ops/table.ts";
import type { PeerJob } from "./peers/protocol.ts";
import {
  type CaseReport,
  type Environment,
  type KernelReport,
  type PeerReport,
  ratiosOf,
  resultOf,
} from "./report/report.ts";
import { targetReports } from "./report/targets.ts";
import { caseText, encodingText, environmentText, targetsText } from "./report/text.ts";

/** Other libraries that take part; a browser has none. */
export interface PeerSide {
  readonly names: readonly string[];
  readonly reports: readonly PeerReport[];
  /** Each peer at a job, or why not; `compare` throws if its output is not right. */
  contestants(
    job: PeerJob,
    compare: (output: Float32Array) => void,
  ): Promise<Map<string, Contestant | string>>;
  /** Frees what the last job needed. */
  release(): Promise<void>;
}

const NOBODY: PeerSide = {
  names: [],
  reports: [],
  contestants: async () => new Map(),
  release: async () => undefined,
};

/** What to measure, how, and where to say it; the same in Node and in a browser. */
export interface KernelRun {
  readonly cases: readonly Case[];
  readonly schedule: Schedule;
  /** Default: our variants only. */
  readonly peers?: PeerSide;
  /** Of the adapter's subgroup matrices, if the device was opened with them. */
  readonly matrices?: readonly SubgroupMatrixConfig[];
  /** Of a device, once its own kernels are known. */
  readonly environmentOf: (gpu: Gpu) => Environment;
  /** Arguments of the command, for the report. */
  readonly command: string;
  /** Receives the report as it grows. */
  readonly log: (text: string) => void;
  /** Stops before the next case; what was measured is kept. */
  readonly signal?: AbortSignal;
  /** Receives the report behind every case. */
  readonly save?: (report: KernelReport) => void;
}

/** Our variants by name; the one called as the device's own family is what the library uses. */
const VARIANTS: Readonly<Record<KernelFamily, GpuOptions>> = {
  registers: { kernels: "registers" },
  tiled: { kernels: "tiled" },
};

interface Session {
  readonly gpus: ReadonlyMap<string, Gpu>;
  /** One with subgroup matrices for operands in f16. */
  readonly matrices: Gpu | null;
  readonly defaultVariant: KernelFamily;
  readonly software: boolean;
  readonly ceilings: Ceilings;
  readonly peers: PeerSide;
  readonly schedule: Schedule;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What a case in f16 is compared with: the same in f32, by the usual variant. */
const FULL = "f32";

/** One of ours at a case, and what it computes. */
interface Runner {
  readonly name: string;
  readonly gpu: Gpu;
  readonly job: Job;
}

/** What a case in f16 runs on where there are subgroup matrices; small groups do not. */
const MATRICES = "matrices";

function runnersOf({ gpus, matrices, defaultVariant }: Session, job: Job): Runner[] {
  const { hasFamilies } = operationOf(job);
  const runners = [...gpus]
    .filter(([name]) => hasFamilies || name === defaultVariant)
    .map(([name, gpu]) => ({ name, gpu, job }));
  const usual = gpus.get(defaultVariant);
  if (!isHalf(job) || usual === undefined) return runners;
  if (matrices !== null && !("groups" in job && job.groups > 1)) {
    runners.push({ name: MATRICES, gpu: matrices, job });
  }
  return [...runners, { name: FULL, gpu: usual, job: inFull(job) }];
}

/** Our variants at a case, validated; those that are not right say why. */
async function validated(runners: readonly Runner[], { job }: Case) {
  const contestants: OurContestant[] = [];
  const wrong: Record<string, string> = {};
  let output: Float32Array | undefined;
  const operands = operandsOf(job);
  for (const { name, gpu, job: own } of runners) {
    try {
      const found = await OurContestant.validated(name, gpu, own, operands);
      contestants.push(found.contestant);
      output ??= found.output;
    } catch (error) {
      wrong[name] = messageOf(error);
    }
  }
  return { contestants, wrong, output };
}

function workOf(job: Job) {
  return { flops: operationOf(job).facts(job).flops, bytes: bytesOf(job) };
}

async function benchCase(session: Session, entry: Case) {
  const { peers, schedule, defaultVariant } = session;
  const { name, job } = entry;
  const runners = runnersOf(session, job);
  const { contestants: ours, wrong, output } = await validated(runners, entry);
  const without: Record<string, string> = { ...wrong };
  const contestants: Contestant[] = [...ours];
  // Without a right output of ours there is nothing to compare with; the peers compute in f32.
  const found =
    output === undefined || isHalf(job)
      ? new Map<string, Contestant | string>()
      : await peers.contestants(job, (theirs) => crossCheck(job, output, theirs));
  for (const [peer, contestant] of found) {
    if (typeof contestant === "string") without[peer] = contestant;
    else contestants.push(contestant);
  }
  const timings = await interleave(contestants, schedule);
  const results = [];
  for (const [contestant, timing] of timings) {
    if ("failure" in timing) {
      without[contestant] = `not counted: ${timing.failure}`;
      continue;
    }
    const own = ours.find((candidate) => candidate.name === contestant);
    const deviceMs = (await own?.deviceMs()) ?? null;
    const work = workOf(runners.find((runner) => runner.name === contestant)?.job ?? job);
    results.push(resultOf(contestant, timing, deviceMs, work, session));
  }
  await peers.release();
  for (const contestant of ours) contestant.dispose();
  const ratios = ratiosOf(results, defaultVariant, [...peers.names, FULL]);
  const report: CaseReport = { name, job, ...workOf(job), results, without, ratios };
  return { report, wrong: Object.values(wrong).map((reason) => `${name}: ${reason}`) };
}

/** Measures everything that `run` names; wrong kernels are refused, and listed in the report. */
export async function runKernels(device: GPUDevice, run: KernelRun): Promise<KernelReport> {
  const { cases, schedule, log, command, signal, save, peers = NOBODY } = run;
  const started = new Date();
  const usual = new Gpu(device);
  const defaultVariant = usual.family;
  const variants = Object.entries(VARIANTS);
  const gpus = new Map(variants.map(([name, options]) => [name, new Gpu(device, options)]));
  const withMatrices = new Gpu(device, { matrices: run.matrices ?? [] });
  const environment = run.environmentOf(usual);
  const ceilings = await measureCeilings(usual);
  log(environmentText(environment, ceilings, peers.reports));
  const encoding = await measureEncoding(usual);
  log(encodingText(encoding));
  usual.destroy();
  const { software } = environment;
  const matrices = withMatrices.matrices === null ? null : withMatrices;
  const kept = { gpus, matrices, defaultVariant };
  const session: Session = { ...kept, software, ceilings, peers, schedule };
  const reports: CaseReport[] = [];
  const wrong: string[] = [];
  const soFar = (): KernelReport => {
    const schema = "fauxgrad-bench-kernels/1";
    const facts = { schema, environment, encoding, cases: [...reports] } as const;
    const seconds = (Date.now() - started.getTime()) / 1000;
    const head = { startedAt: started.toISOString(), seconds, command, ceilings };
    return { ...head, ...facts, peers: peers.reports, targets: targetReports([facts]), wrong };
  };
  for (const [at, entry] of cases.entries()) {
    if (signal?.aborted) break;
    const found = await benchCase(session, entry);
    reports.push(found.report);
    wrong.push(...found.wrong);
    log(`\n[${at + 1}/${cases.length}] ${caseText(found.report, defaultVariant)}`);
    save?.(soFar());
  }
  for (const gpu of [...gpus.values(), withMatrices]) gpu.destroy();
  const report = soFar();
  log(`\n${targetsText(report.targets)}`);
  if (wrong.length > 0) log(`\nRefused:\n${wrong.join("\n")}`);
  return report;
}
