import type { CalibrationReport } from "../detection/evaluation.ts";
import { writeCalibration } from "./model-file.ts";

/**
 * Keeps Platt's fit beside a model, with the most accurate threshold in its probabilities.
 *
 * @returns the file
 */
export function keepCalibration(
  model: string,
  { platt, threshold: share, images }: CalibrationReport,
): Promise<string> {
  // The report's threshold is one of the plain sigmoid.
  const margin = Math.log(share / (1 - share));
  const threshold = 1 / (1 + Math.exp(-(platt.scale * margin + platt.shift)));
  return writeCalibration(model, { ...platt, threshold: clamped(threshold), images, model });
}

/** A margin outside of what float32 sigmoids hold has a threshold of 0 or 1. */
function clamped(threshold: number): number {
  return Number.isNaN(threshold) ? 0.5 : Math.min(1, Math.max(0, threshold));
}
