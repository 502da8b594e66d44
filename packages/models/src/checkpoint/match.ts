import { CheckpointError, quote } from "./errors.ts";
import { formatShape } from "./host-tensor.ts";

export interface MatchOptions {
  /** Names in the file that the model may leave aside; true for all. */
  readonly ignoreUnexpected?: boolean | ((name: string) => boolean);
  /** Names of the model that the file may lack, such as constants that are made anew. */
  readonly optional?: (name: string) => boolean;
}

type Shapes = ReadonlyMap<string, readonly number[]>;

/** Longest listing of each kind of mismatch, in names. */
const MOST_LISTED = 10;
/** Batch norm's step counter: read by nobody in evaluation, missing before PyTorch 0.4.1. */
const COUNTER = "num_batches_tracked";

function isCounter(name: string): boolean {
  return name === COUNTER || name.endsWith(`.${COUNTER}`);
}

/** A name from a file as one printable line. */
function printable(name: string): string {
  return quote(name).slice(1, -1);
}

function sameShape(a: readonly number[], b: readonly number[] | undefined): boolean {
  return a.length === b?.length && a.every((size, axis) => size === b[axis]);
}

function listing(title: string, total: number, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const more = lines.length > MOST_LISTED ? `\n    … ${lines.length - MOST_LISTED} more` : "";
  const shown = lines.slice(0, MOST_LISTED).map((line) => `\n    ${line}`);
  return `\n  ${title} (${lines.length} of ${total})${shown.join("")}${more}`;
}

/**
 * What two sets of names differ by, if it is one prefix: the first name of `short` is sought at the
 * end of the names of `long`, and the prefix that this gives must then work for all of `short`.
 */
function commonPrefix(long: Shapes, short: Shapes): string | null {
  const first = [...short].find(([name]) => !isCounter(name));
  if (first === undefined) return null;
  const [name, shape] = first;
  for (const [candidate, candidateShape] of long) {
    if (!candidate.endsWith(`.${name}`) || !sameShape(shape, candidateShape)) continue;
    const prefix = candidate.slice(0, -name.length);
    const fits = ([other, size]: [string, readonly number[]]) =>
      isCounter(other) || sameShape(size, long.get(prefix + other));
    if ([...short].every(fits)) return prefix;
  }
  return null;
}

function suggestion(expected: Shapes, found: Shapes): string {
  const inFile = commonPrefix(found, expected);
  if (inFile !== null) {
    return (
      `The file has every name with ${quote(inFile)} in front: ` +
      `read it with { section: ${quote(inFile.slice(0, -1))} }.`
    );
  }
  const inModel = commonPrefix(expected, found);
  if (inModel !== null) {
    return `The model's names are the file's with ${quote(inModel)} in front: rename them.`;
  }
  return "Choose the architecture and the resolution that the file was saved from.";
}

/**
 * The tensors of a file that a model expects, in the model's order.
 *
 * Names and shapes must agree exactly; `num_batches_tracked` may be missing or left over.
 *
 * @param expected shapes by name, in PyTorch's order of axes
 * @param found    tensors by name, as {@link readCheckpoint} returns them
 * @throws {CheckpointError} one error with all missing, unexpected and mis-shaped names
 */
export function matchStateDict<T extends { readonly shape: readonly number[] }>(
  expected: Shapes,
  found: ReadonlyMap<string, T>,
  { ignoreUnexpected = false, optional = () => false }: MatchOptions = {},
): Map<string, T> {
  const matched = new Map<string, T>();
  const missing: string[] = [];
  const misshaped: string[] = [];
  const isRequired = (name: string) => !isCounter(name) && !optional(name);
  for (const [name, shape] of expected) {
    const tensor = found.get(name);
    if (tensor === undefined) {
      if (isRequired(name)) missing.push(`${printable(name)}  ${formatShape(shape)}`);
    } else if (sameShape(shape, tensor.shape)) matched.set(name, tensor);
    else if (!isCounter(name)) {
      const shapes = `file ${formatShape(tensor.shape)}, model ${formatShape(shape)}`;
      misshaped.push(`${printable(name)}  ${shapes}`);
    }
  }
  const isIgnored = (name: string) =>
    isCounter(name) ||
    (typeof ignoreUnexpected === "boolean" ? ignoreUnexpected : ignoreUnexpected(name));
  const unexpected = [...found]
    .filter(([name]) => !expected.has(name) && !isIgnored(name))
    .map(([name, { shape }]) => `${printable(name)}  ${formatShape(shape)}`);
  if (missing.length + misshaped.length + unexpected.length === 0) return matched;
  const shapes = new Map([...found].map(([name, { shape }]) => [name, shape]));
  throw new CheckpointError(
    "checkpoint: the file's weights do not fit the model" +
      listing("missing", expected.size, missing) +
      listing("unexpected", found.size, unexpected) +
      listing("mis-shaped", expected.size, misshaped) +
      `\n${suggestion(expected, shapes)}`,
  );
}
