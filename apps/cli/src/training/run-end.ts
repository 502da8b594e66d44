/*
 * What is said when a training goes on, and when it ends early; the same for every method.
 */
import { UsageError } from "@fauxgrad/tensor";
import { TrainingDiverged } from "@fauxgrad/training";
import { Interrupted } from "../terminal/errors.ts";
import { note } from "../terminal/output.ts";
import { plural } from "../terminal/units.ts";
import { isTooLarge } from "../transform/transform-images.ts";

/** The part of a checkpoint that is looked at. */
interface Found {
  readonly file: string;
  readonly saved: { readonly files: string; readonly device: string };
}

/**
 * Whether a checkpoint is of these images.
 *
 * @param files fingerprint of their names and labels
 * @throws {UsageError} if it is of others
 */
export function requireSameFiles({ file, saved }: Found, files: string): void {
  if (saved.files === files) return;
  throw new UsageError(
    `${file} was made with other images: their names or folders differ\n` +
      "Resume with the same images, or begin a new training with --weights.",
  );
}

/** Says where a training goes on. */
export function noteResumed(
  { epochsFinished, stepsDone }: { readonly epochsFinished: number; readonly stepsDone: number },
  { file, saved }: Found,
  device: string,
): void {
  note(
    `Going on from ${file}: ${plural(epochsFinished, "epoch")} finished, ` +
      `${plural(stepsDone, "step")} done.`,
  );
  if (saved.device === device) return;
  note(`It was made on ${saved.device}: another device rounds differently.`);
}

/** What {@link explainEnd} tells. */
export interface EndAdvice {
  /** The command that goes on. */
  readonly goOn: string;
  /** What to do about a divergence. */
  readonly remedy: string;
  /** The last checkpoint; null if there is none. */
  readonly latest: string | null;
}

/** An error that ended a training, with what to do about it. */
export function explainEnd(error: unknown, { goOn, remedy, latest }: EndAdvice): unknown {
  if (error instanceof Interrupted) {
    note(`Saved: ${latest}\nTo go on: ${goOn}`);
    return error;
  }
  if (isTooLarge(error)) note("Begin again with a smaller --micro-batch if memory is short.");
  if (!(error instanceof TrainingDiverged)) return error;
  return new UsageError(
    `the training has diverged: ${error.message}\n` +
      `  last good checkpoint  ${latest ?? "none: it was the first epoch"}\n${remedy}`,
    { cause: error },
  );
}
