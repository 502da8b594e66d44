// How a command of the program ended, read by the step that it was.

import { CommandLineError, FileError } from "../terminal/errors.ts";
import { plural } from "../terminal/units.ts";
import type { StepEnd, StepOutcome } from "./step.ts";

/** What a command printed with --json; an empty object if it did not come to that. */
export function jsonOf({ output, code }: StepEnd): Readonly<Record<string, unknown>> {
  if (code === null) return {};
  try {
    const parsed: unknown = JSON.parse(output);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}

/** The command's own words. */
export function failureOf({ code, signal, lastLines }: StepEnd): Error {
  const ending = signal === null ? `exit status ${code}` : `ended by ${signal}`;
  const begin = lastLines.findLastIndex((line) => line.startsWith("fauxgrad "));
  const words = begin === -1 ? lastLines.slice(-3) : lastLines.slice(begin);
  const text = words.length === 0 ? ending : `${words.join("\n")} (${ending})`;
  // What the command line got wrong will be wrong again: the experiment's file says it.
  return code === 2 ? new CommandLineError(text) : new FileError(text);
}

/** What to know about images that were left out: `3 images could not be judged`. */
export function leftOut(count: number, what: string): string[] {
  return count === 0 ? [] : [plural(count, what, what.replace("image", "images"))];
}

/** Why the result of a step is not there. */
export function whyNotDone(id: string, outcomes: ReadonlyMap<string, StepOutcome>): string[] {
  const outcome = outcomes.get(id);
  if (outcome === undefined) return [`${id} was not reached`];
  if (outcome.status === "done") return [];
  if (outcome.status === "failed") return [`${id} failed: ${outcome.error}`];
  const cause = outcomes.get(outcome.by);
  if (cause?.status === "blocked") return whyNotDone(outcome.by, outcomes);
  return [`${outcome.by} failed: ${cause?.status === "failed" ? cause.error : ""}`];
}
