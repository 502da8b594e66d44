import { Gpu, type GpuOptions } from "@fauxgrad/kernels";
import { type OpenDevice, openDevice } from "../../../../tools/adapter/open-device.ts";
import { environmentOf } from "../environment.ts";
import { onInterrupt } from "../interrupt.ts";
import { OurContestant } from "../measure/ours.ts";
import { type Contestant, interleave, type Schedule } from "../measure/rounds.ts";
import { crossCheck } from "../measure/validate.ts";
import { crossCheckDiscriminator, crossCheckNetwork } from "../networks/cross-check.ts";
import { discriminatorFlops } from "../networks/discriminator.ts";
import { networkFlops } from "../networks/networks.ts";
import { OurDiscriminator } from "../networks/our-discriminator.ts";
import { OurNetwork } from "../networks/our-network.ts";
import { operandsOf, operationOf } from "../ops/table.ts";
import { type PeerPlaces, Peers } from "../peers/peers.ts";
import { isWhole, type PeerJob, type WholeJob } from "../peers/protocol.ts";
import { ratiosOf } from "../report/report.ts";
import { targetReports } from "../report/targets.ts";
import { peersText, targetsText } from "../report/text.ts";
import type { ComparisonCase } from "./cases.ts";
import type { ComparisonCaseReport, ComparisonReport, ComparisonResult } from "./report.ts";
import { comparisonCaseText } from "./text.ts";

/** Our name among the contestants. */
export const OURS = "fauxgrad";

/** What to compare, with whom, and where to say it. */
export interface PeerBench {
  readonly cases: readonly ComparisonCase[];
  readonly schedule: Schedule;
  readonly peers: PeerPlaces;
  readonly gpu: GpuOptions;
  readonly unsafe: boolean;
  /** Arguments of the command, for the report. */
  readonly command: string;
  /** Receives the report as it grows. */
  readonly log: (text: string) => void;
  /** Receives the report behind every case. */
  readonly save?: (report: ComparisonReport) => void;
}

/** Ours at a job, right as far as can be told without peers, and how peers are compared with it. */
interface Prepared {
  readonly ours: Contestant & { dispose(): void };
  readonly compare: (output: Float32Array) => void;
}

async function prepare(gpu: Gpu, job: PeerJob): Promise<Prepared> {
  if (!isWhole(job)) {
    const { contestant, output } = await OurContestant.validated(OURS, gpu, job, operandsOf(job));
    return { ours: contestant, compare: (theirs) => crossCheck(job, output, theirs) };
  }
  const ours = startWhole(gpu, job);
  try {
    await ours.sample(1);
    const output = await ours.output();
    return { ours, compare: (theirs) => crossCheckWhole(job, output, theirs) };
  } catch (error) {
    ours.dispose();
    throw error;
  }
}

function startWhole(gpu: Gpu, job: WholeJob) {
  if (job.op === "network") return new OurNetwork(OURS, gpu, job);
  return new OurDiscriminator(OURS, gpu, job);
}

function crossCheckWhole(job: WholeJob, ours: Float32Array, theirs: Float32Array): void {
  if (job.op === "network") crossCheckNetwork(job, ours, theirs);
  else crossCheckDiscriminator(job, ours, theirs);
}

/** Additions and multiplications of a job. */
function flopsOf(job: PeerJob): number {
  if (job.op === "discriminator") return discriminatorFlops(job);
  return job.op === "network" ? networkFlops(job) : operationOf(job).facts(job).flops;
}

interface Session {
  readonly gpu: Gpu;
  readonly peers: Peers;
  readonly schedule: Schedule;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function compareCase({ gpu, peers, schedule }: Session, entry: ComparisonCase) {
  const { name, job, peers: wanted } = entry;
  const flops = flopsOf(job);
  const empty: ComparisonCaseReport = { name, job, flops, results: [], without: {}, ratios: {} };
  let prepared: Prepared;
  try {
    prepared = await prepare(gpu, job);
  } catch (error) {
    return { report: { ...empty, without: { [OURS]: messageOf(error) } }, wrong: true };
  }
  const { ours, compare } = prepared;
  const without: Record<string, string> = {};
  const contestants: Contestant[] = [ours];
  for (const [peer, contestant] of await peers.contestants(job, compare, wanted)) {
    if (typeof contestant === "string") without[peer] = contestant;
    else contestants.push(contestant);
  }
  const results: ComparisonResult[] = [];
  for (const [contestant, timing] of await interleave(contestants, schedule)) {
    if ("failure" in timing) without[contestant] = `not counted: ${timing.failure}`;
    else results.push({ contestant, ...timing, gflops: flops / timing.ms.median / 1e6 });
  }
  await peers.release();
  ours.dispose();
  const ratios = ratiosOf(results, OURS, peers.names);
  return { report: { ...empty, results, without, ratios }, wrong: OURS in without };
}

/** Compares everything that `bench` names with every peer that starts, until Ctrl-C. */
export async function benchPeers(bench: PeerBench): Promise<ComparisonReport> {
  const opened = await openDevice({ unsafe: bench.unsafe });
  const peers = await Peers.open(bench.peers, bench.log);
  using interrupt = onInterrupt(bench.log, () => peers.stop());
  try {
    return await compareOn(opened, peers, bench, interrupt.signal);
  } finally {
    peers.stop();
    opened.close();
  }
}

async function compareOn(
  { device, info }: OpenDevice,
  peers: Peers,
  { cases, schedule, log, save, unsafe, command, gpu: options }: PeerBench,
  signal: AbortSignal,
): Promise<ComparisonReport> {
  const started = new Date();
  const gpu = new Gpu(device, options);
  const environment = environmentOf(info, gpu, unsafe);
  log(peersText(environment, peers.reports));
  const reports: ComparisonCaseReport[] = [];
  const wrong: string[] = [];
  const soFar = (): ComparisonReport => {
    const facts = { schema: "fauxgrad-bench-peers/1", environment, cases: [...reports] } as const;
    return {
      ...facts,
      startedAt: started.toISOString(),
      seconds: (Date.now() - started.getTime()) / 1000,
      command,
      peers: peers.reports,
      targets: targetReports([facts]),
      wrong,
    };
  };
  for (const [at, entry] of cases.entries()) {
    if (signal.aborted) break;
    const found = await compareCase({ gpu, peers, schedule }, entry);
    reports.push(found.report);
    if (found.wrong) wrong.push(`${entry.name}: ${found.report.without[OURS]}`);
    log(`\n[${at + 1}/${cases.length}] ${comparisonCaseText(found.report, OURS)}`);
    save?.(soFar());
  }
  const report = soFar();
  log(`\n${targetsText(report.targets)}`);
  if (wrong.length > 0) log(`\nRefused:\n${wrong.join("\n")}`);
  return report;
}
