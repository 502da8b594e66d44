/*
 * Does the steps of an experiment in their order. What is done is not done again; what was stopped
 * goes on; a step that fails takes with it those that need it, and nothing else.
 */
import { rm } from "node:fs/promises";
import path from "node:path";
import { CommandLineError, messageOf } from "../terminal/errors.ts";
import type { Step, StepEnd, StepOutcome } from "./step.ts";
import {
  allInputs,
  allMakings,
  differences,
  type StepRecord,
  type StepRecords,
} from "./step-records.ts";

/** What {@link runSteps} works with. */
export interface RunStepsOptions {
  readonly records: StepRecords;
  /** Runs a command of the program. */
  execute(step: Step, args: readonly string[], onStart: OnStart): Promise<StepEnd>;
  /** Aborted to stop after the present command, which is told to stop as well. */
  readonly signal: AbortSignal;
  /** A step begins; those that are done already do not. */
  onBegin(step: Step, place: { readonly index: number; readonly count: number }): void;
  onEnd(step: Step, outcome: StepOutcome): void;
}

type OnStart = (pid: number) => Promise<void>;

/** Which steps an earlier run has done, for the same inputs. */
export async function stepsDone(
  steps: readonly Step[],
  records: StepRecords,
): Promise<ReadonlyMap<string, StepRecord>> {
  const inputs = allInputs(steps);
  const makings = allMakings(steps);
  const done = new Map<string, StepRecord>();
  for (const step of steps) {
    const record = await records.read(step);
    if (isDone(step, record, { inputs, makings })) done.set(step.id, record);
  }
  return done;
}

/** What all steps read and are made by. */
interface Sources {
  readonly inputs: ReadonlyMap<string, string>;
  readonly makings: ReadonlyMap<string, string>;
}

function isDone(
  step: Step,
  record: StepRecord | null,
  { inputs, makings }: Sources,
): record is StepRecord {
  if (record?.status !== "done" || record.inputs !== inputs.get(step.id)) return false;
  return differences(step, record, makings).length === 0;
}

/**
 * Refuses to mix results: a step's folder may hold what another experiment put there.
 *
 * @throws {CommandLineError} naming the steps that were begun otherwise, or run at this moment
 */
export async function checkRecords(steps: readonly Step[], records: StepRecords): Promise<void> {
  const problems: string[] = [];
  const makings = allMakings(steps);
  for (const step of steps) {
    const record = await records.read(step);
    if (record === null) continue;
    const found = differences(step, record, makings);
    if (found.length > 0) problems.push(`  ${step.id}: ${found.join("; ")}`);
    if (record.status === "running" && isRunning(record.pid)) {
      problems.push(`  ${step.id}: process ${record.pid} is at it`);
    }
  }
  if (problems.length === 0) return;
  throw new CommandLineError(
    `the output folder holds steps that were begun otherwise, or are under way\n${problems.join("\n")}\n` +
      "Choose another --out, or remove those steps' folders and their files in steps/.",
  );
}

/**
 * Does the steps.
 *
 * @returns what became of each, in order
 * @throws the signal's reason, once the command under way has ended
 */
export async function runSteps(
  steps: readonly Step[],
  options: RunStepsOptions,
): Promise<Map<string, StepOutcome>> {
  const { records, signal } = options;
  const sources: Sources = { inputs: allInputs(steps), makings: allMakings(steps) };
  const outcomes = new Map<string, StepOutcome>();
  for (const [index, step] of steps.entries()) {
    signal.throwIfAborted();
    // Read when its turn comes: another table may have done it meanwhile.
    const before = await records.read(step);
    let outcome: StepOutcome;
    if (isDone(step, before, sources)) {
      outcome = { status: "done", seconds: before.seconds, notices: before.notices };
    } else {
      const by = step.needs.find((need) => outcomes.get(need)?.status !== "done");
      if (by === undefined) {
        options.onBegin(step, { index, count: steps.length });
        outcome = await runStep(step, before, sources, options);
      } else outcome = { status: "blocked", by };
      options.onEnd(step, outcome);
    }
    if (outcome.status === "done") await discard(step);
    outcomes.set(step.id, outcome);
  }
  return outcomes;
}

async function runStep(
  step: Step,
  earlier: StepRecord | null,
  { inputs: allOf, makings }: Sources,
  { records, execute, signal }: RunStepsOptions,
): Promise<StepOutcome> {
  if (earlier?.status === "running" && isRunning(earlier.pid)) {
    return {
      status: "failed",
      error: `process ${earlier.pid} is at it: wait, then run this again`,
    };
  }
  const { identity, cost } = step;
  const inputs = allOf.get(step.id) ?? "";
  const needs = Object.fromEntries(step.needs.map((need) => [need, makings.get(need) ?? ""]));
  const began = performance.now();
  const write = async (news: Pick<StepRecord, "status"> & Partial<StepRecord>) => {
    const seconds = (earlier?.seconds ?? 0) + (performance.now() - began) / 1000;
    const { key, count } = cost;
    const common = { version: 1, identity, inputs, needs, key, count, pid: null } as const;
    await records.write(step, { ...common, seconds, notices: [], error: null, ...news });
    return seconds;
  };
  try {
    const args = await step.command();
    const end = await execute(step, args, async (pid) => {
      await write({ status: "running", pid });
    });
    if (signal.aborted) {
      await write({ status: "failed", error: "interrupted" });
      throw signal.reason;
    }
    const notices = await step.conclude(end);
    const seconds = await write({ status: "done", notices });
    return { status: "done", seconds, notices };
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    const error = messageOf(thrown);
    await write({ status: "failed", error });
    return { status: "failed", error };
  }
}

/** Removes what only a step that is not done needs. */
async function discard({ folder, discard: names = [] }: Step): Promise<void> {
  for (const name of names) {
    await rm(path.join(folder, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
