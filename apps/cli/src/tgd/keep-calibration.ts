import type { CalibrationReport } from "../detection/evaluation.ts";
import { writeCalibration } from "./model-file.ts";

/**
 * Keeps Platt's fit beside a model, with the most accurate threshold in its probabilities: 0 where
 * it is most accurate to call all images fake, 1 where to call all of them real.
 *
 * @returns the file
 */
export function keepCalibration(
  model: string,
  { platt, threshold: share, images }: CalibrationReport,
): Promise<string> {
  return writeCalibration(model, { ...platt, threshold: calibrated(share, platt), images, model });
}

/** The report's threshold is one of the plain sigmoid; outside of its range it parts no images. */
function calibrated(share: number, { scale, shift }: CalibrationReport["platt"]): number {
  if (share <= 0 || share >= 1) return share <= 0 ? 0 : 1;
  const margin = Math.log(share / (1 - share));
  return 1 / (1 + Math.exp(-(scale * margin + shift)));
}
