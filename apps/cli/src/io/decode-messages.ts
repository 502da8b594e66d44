import type { ResizeFilter, ResizeSize, RgbImage } from "@fauxgrad/models/transforms";
import type { AugmentationGeometry, AugmentationPlan } from "@fauxgrad/tgd";
import { ImageError, type ImageProblem } from "./image-error.ts";

/** What a decoding thread does with each file. */
export interface DecodeTask {
  /** Resampled to this size, or left as it is. */
  readonly size: ResizeSize | null;
  readonly filter: ResizeFilter;
  readonly maxPixels: number;
  /** What T-GD's training does with the image as it is stored; null for nothing. */
  readonly augmentation: Augmentation | null;
}

/** What is drawn for one image, and the sides that it gets. */
export interface Augmentation {
  readonly plan: AugmentationPlan;
  readonly geometry: AugmentationGeometry;
}

/** To the thread: a file, or the end of its work. */
export type DecodeRequest =
  | { readonly type: "decode"; readonly file: string; readonly task: DecodeTask }
  | { readonly type: "close" };

/** From the thread, one for each file. Errors lose their class on the way, so they go as data. */
export type DecodeReply =
  | { readonly type: "image"; readonly image: RgbImage; readonly source: ResizeSize }
  | { readonly type: "problem"; readonly problem: ImageProblem };

/** The error as data. What is no {@link ImageError} is a fault of ours, and says so. */
export function toProblem(file: string, error: unknown): ImageProblem {
  if (error instanceof ImageError) {
    const { problem, details, remedy } = error;
    return { file: error.file, problem, details, remedy };
  }
  return {
    file,
    problem: "decoding failed in an unforeseen way",
    details: [`cause   ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
    remedy: "Report this with the file, please; leave the file out meanwhile.",
  };
}
