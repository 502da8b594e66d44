// Which dictionary of a checkpoint is the state dict. Training scripts nest it under a key of their
// own, beside the optimiser's state, the epoch and other networks:
//
//   { "state_dict": {…}, "epoch": 12, "optimizer": {…} }              most
//   { "generator": {…}, "discriminator": {…}, "generator_smooth": {…} }   genforce
//   { "g": {…}, "d": {…}, "g_ema": {…}, "g_optim": {…}, "d_optim": {…} }    rosinality
//
// A section is a dictionary with string keys that holds tensors, itself or in a section of its own.
// Scalars do not count: an accuracy on the GPU is a tensor too. The state of PyTorch's optimisers
// is keyed by numbers and so is no section.

import { CheckpointError, quote, SAVE_AS_STATE_DICT } from "./errors.ts";
import { type PickleDict, type PickleValue, TensorRecord } from "./pickle/values.ts";

/** A dictionary that holds tensors under names. */
interface Section {
  /** Keys from the top, joined by dots; empty for the top itself. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorRecord>;
  readonly children: ReadonlyMap<string, Section>;
}

/** The state dict that was chosen. */
export interface StateDict {
  readonly section: string;
  readonly tensors: ReadonlyMap<string, TensorRecord>;
  /** Whether it is in the section that was wanted; otherwise that may be a prefix of its names. */
  readonly isNamed: boolean;
}

/** Name of the top level, where its own tensors are wanted and not a section of it. */
const TOP = ".";
const DEEPEST_SECTION = 4;
const MOST_VISITS = 4_000_000;
const MOST_LISTED = 12;

/** Networks of a known checkpoint that are chosen among others: the discriminator judges images. */
const KNOWN_CHOICES: readonly { choose: string; beside: readonly string[] }[] = [
  { choose: "discriminator", beside: ["generator"] },
  { choose: "d", beside: ["g", "g_ema"] },
];

function holdsWeights(tensors: ReadonlyMap<string, TensorRecord>): boolean {
  for (const { shape } of tensors.values()) if (shape.length > 0) return true;
  return false;
}

class SectionReader {
  #visits = 0;

  read(dict: PickleDict, path: string, depth: number): Section | null {
    const tensors = new Map<string, TensorRecord>();
    const children = new Map<string, Section>();
    for (const [key, value] of dict) {
      if (typeof key !== "string") continue;
      if (++this.#visits > MOST_VISITS) {
        throw new CheckpointError(
          `checkpoint: the dictionaries nest over ${MOST_VISITS} entries\n${SAVE_AS_STATE_DICT}`,
        );
      }
      if (value instanceof TensorRecord) tensors.set(key, value);
      else if (value instanceof Map && depth < DEEPEST_SECTION) {
        const child = this.read(value, path === "" ? key : `${path}.${key}`, depth + 1);
        if (child !== null) children.set(key, child);
      }
    }
    return holdsWeights(tensors) || children.size > 0 ? { path, tensors, children } : null;
  }
}

function allSections(top: Section): Section[] {
  return [top, ...[...top.children.values()].flatMap(allSections)];
}

function listSections(top: Section): string {
  const found = allSections(top).filter(({ tensors }) => holdsWeights(tensors));
  const lines = found.slice(0, MOST_LISTED).map(({ path, tensors }) => {
    const noun = tensors.size === 1 ? "tensor" : "tensors";
    return `  ${quote(path === "" ? TOP : path)}  ${tensors.size} ${noun}`;
  });
  if (found.length > MOST_LISTED) lines.push(`  … ${found.length - MOST_LISTED} more`);
  return lines.join("\n");
}

/** The section to go down into, null to stay, or undefined if that cannot be told. */
function choose({ tensors, children }: Section): Section | null | undefined {
  for (const { choose: name, beside } of KNOWN_CHOICES) {
    const child = children.get(name);
    if (child !== undefined && beside.some((other) => children.has(other))) return child;
  }
  const [only, another] = children.values();
  if (only === undefined) return null;
  return another === undefined && !holdsWeights(tensors) ? only : undefined;
}

/** A section by its path, or by its last key where that is unique; null if there is none. */
function findSection(top: Section, wanted: string): Section | null {
  const sections = allSections(top);
  const exact = sections.find(({ path }) => path === wanted);
  const byKey = sections.filter(({ path }) => path.endsWith(`.${wanted}`));
  return exact ?? (byKey.length === 1 ? byKey[0] : null) ?? null;
}

function descend(from: Section, top: Section, missing: string | null): Section {
  let section = from;
  for (;;) {
    const next = choose(section);
    if (next === null) return section;
    if (next === undefined) {
      const problem =
        missing === null
          ? "the file holds several sets of tensors, and it is not clear which to read"
          : `the file has no section ${quote(missing)}`;
      const [example] = section.children.keys();
      throw new CheckpointError(
        `checkpoint: ${problem}\n${listSections(top)}\n` +
          `Name one of them, for example { section: ${quote(example ?? TOP)} }.`,
      );
    }
    section = next;
  }
}

/**
 * The state dict inside what torch.save wrote.
 *
 * @param wanted a section's keys joined by dots (`"models.generator"`), or its last key; `"."` is
 *   the top level itself. Null chooses: `discriminator` or `d` beside a generator, else the only
 *   section.
 * @throws {CheckpointError} if there are several sections and none of them was named
 */
export function findStateDict(root: PickleValue, wanted: string | null): StateDict {
  const top = root instanceof Map ? new SectionReader().read(root, "", 0) : null;
  if (top === null) {
    const what = root instanceof TensorRecord ? "a single tensor" : "no dictionary of tensors";
    throw new CheckpointError(
      `checkpoint: the file holds ${what}, not a state dict\n${SAVE_AS_STATE_DICT}`,
    );
  }
  if (wanted === TOP) return { section: "", tensors: top.tensors, isNamed: true };
  const named = wanted === null ? null : findSection(top, wanted);
  const { path, tensors } = descend(named ?? top, top, wanted);
  return { section: path, tensors, isNamed: named !== null };
}

/** Numbers, strings and flags beside the weights at the top level, such as the epoch. */
export function scalarsOf(root: PickleValue): Map<string, string> {
  const scalars = new Map<string, string>();
  for (const [key, value] of root instanceof Map ? root : []) {
    const isScalar = ["string", "number", "bigint", "boolean"].includes(typeof value);
    if (typeof key === "string" && isScalar) scalars.set(key, String(value));
  }
  return scalars;
}
