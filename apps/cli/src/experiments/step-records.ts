/*
 * What is known about the steps of earlier runs: a file for each in the experiment's folder, which
 * says what was asked for, whether it was finished, and how long it took.
 */

import { createHash } from "node:crypto";
import path from "node:path";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { fileError, readOwnJson } from "../session/files.ts";
import type { Step } from "./step.ts";

/** One step's record. */
export interface StepRecord {
  readonly version: 1;
  readonly identity: Step["identity"];
  /** Fingerprint of all that the step and those before it read. */
  readonly inputs: string;
  /** How the steps that it needs were made: {@link allMakings}. */
  readonly needs: Readonly<Record<string, string>>;
  readonly status: "running" | "failed" | "done";
  /** Of the process that runs it. */
  readonly pid: number | null;
  /** Of all attempts together. */
  readonly seconds: number;
  readonly key: string;
  readonly count: number;
  readonly notices: readonly string[];
  readonly error: string | null;
}

/** The records of an experiment's folder. */
export class StepRecords {
  readonly #folder: string;

  constructor(out: string) {
    this.#folder = path.join(out, "steps");
  }

  /** Where a step's output is written to. */
  logOf({ id }: Step): string {
    return path.join(this.#folder, `${id}.log`);
  }

  /** @throws {FileError} if the file is there and is not ours */
  async read({ id }: Step): Promise<StepRecord | null> {
    const problem = "is no record of a step\nRemove it to do that step again.";
    return readOwnJson(this.#file(id), isRecord, problem);
  }

  /** @throws {FileError} if the disk refuses */
  async write({ id }: Step, record: StepRecord): Promise<void> {
    const file = this.#file(id);
    try {
      await writeFileAtomic(file, `${JSON.stringify(record, null, 2)}\n`);
    } catch (cause) {
      throw fileError("write", file, cause);
    }
  }

  #file(id: string): string {
    return path.join(this.#folder, `${id}.json`);
  }
}

function isRecord(value: object): value is StepRecord {
  return "version" in value && value.version === 1 && "needs" in value;
}

/** The fingerprint of what each step and all before it read, by the step's name. */
export function allInputs(steps: readonly Step[]): Map<string, string> {
  const inputs = new Map<string, string>();
  for (const { id, inputs: own, needs } of steps) {
    const before = needs.map((need) => inputs.get(need) ?? "");
    inputs.set(id, fingerprint([own, ...before]));
  }
  return inputs;
}

/** What decides about the result of each step and of all before it, as a fingerprint by its name. */
export function allMakings(steps: readonly Step[]): Map<string, string> {
  const makings = new Map<string, string>();
  for (const { id, identity, needs } of steps) {
    const parts = Object.entries(identity).map(([name, value]) => `${name}=${value}`);
    const before = needs.map((need) => makings.get(need) ?? "");
    makings.set(id, fingerprint([...parts.sort(), ...before]));
  }
  return makings;
}

/** One short text for several. */
export function fingerprint(texts: Iterable<string>): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:${text}`);
  return hash.digest("hex").slice(0, 32);
}

/**
 * In what a step was made otherwise: `weights  a.pth, now b.pth` for each part of it, and the steps
 * that it needs if they were made otherwise then.
 *
 * @param makings of {@link allMakings}
 */
export function differences(
  step: Step,
  record: StepRecord,
  makings: ReadonlyMap<string, string>,
): string[] {
  const names = new Set([...Object.keys(record.identity), ...Object.keys(step.identity)]);
  const text = (value: Step["identity"][string] | undefined) => String(value ?? "none");
  const own = [...names].flatMap((name) => {
    const [before, now] = [text(record.identity[name]), text(step.identity[name])];
    return before === now ? [] : [`${name}  ${before}, now ${now}`];
  });
  const others = step.needs.filter((need) => {
    const before = record.needs[need];
    return before !== undefined && before !== makings.get(need);
  });
  return [...own, ...others.map((need) => `it was made from another ${need}`)];
}
