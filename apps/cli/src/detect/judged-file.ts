// What came of a file: a judgement without its pictures, or why there is none.

import type { Judgement, PlainJudgement } from "@fauxgrad/detectors";
import { ImageError } from "../io/image-error.ts";

/** What is said about an image, in numbers and words. */
export type JudgedImage = PlainJudgement;

/** A file that was judged, or could not be. */
export type JudgedFile =
  | { readonly file: string; readonly image: JudgedImage; readonly error: null }
  | { readonly file: string; readonly image: null; readonly error: string };

/** A judgement whose pictures may be freed. */
export function judgedFile(file: string, { seen, ...judgement }: Judgement): JudgedFile {
  const detectors = judgement.detectors.map(({ explanation, ...numbers }) => numbers);
  return { file, image: { ...judgement, detectors }, error: null };
}

/** A file without a judgement; the file's name is left out of the reason, it stands beside it. */
export function unjudgedFile(file: string, problem: Error | string): JudgedFile {
  if (typeof problem === "string") return { file, image: null, error: problem };
  const error = problem instanceof ImageError ? problem.problem : problem.message;
  return { file, image: null, error };
}
