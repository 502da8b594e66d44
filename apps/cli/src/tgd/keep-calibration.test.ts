import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { type CalibrationReport, calibrate } from "../detection/evaluation.ts";
import { temporaryFolder } from "../test-cli.ts";
import { keepCalibration } from "./keep-calibration.ts";

async function keptThreshold(report: CalibrationReport): Promise<number> {
  await using folder = await temporaryFolder();
  const file = await keepCalibration(path.join(folder.path, "model.safetensors"), report);
  return JSON.parse(await readFile(file, "utf8")).threshold;
}

function reportOf(...images: (readonly [label: 0 | 1, logit: number])[]): CalibrationReport {
  return calibrate(
    images.map(([label, logit], i) => ({
      ...{ path: `${i}.png`, generator: "", category: null, label, logit, perturbation: null },
      probability: 1 / (1 + Math.exp(-logit)),
    })),
  );
}

test("the threshold is the report's, in calibrated probabilities", async () => {
  const report = reportOf([0, -2], [0, -1], [1, 1], [1, 2], [0, 3]);
  const margin = Math.log(report.threshold / (1 - report.threshold));
  const { scale, shift } = report.platt;
  const expected = 1 / (1 + Math.exp(-(scale * margin + shift)));
  expect(await keptThreshold(report)).toBeCloseTo(expected, 12);
});

test("where all images are best called fake the threshold is 0, where all real it is 1", async () => {
  const allFake = reportOf([1, -2], [1, -1], [0, 0], [1, 1], [1, 2], [1, -3]);
  expect(allFake.threshold).toBeLessThan(0);
  expect(await keptThreshold(allFake)).toBe(0);
  // Of images whose sigmoids are 1 in float32 none is above.
  const allReal = reportOf([0, 30], [0, -1], [0, -2], [1, -3]);
  expect(allReal.threshold).toBe(1);
  expect(await keptThreshold(allReal)).toBe(1);
  expect(await keptThreshold({ ...allReal, threshold: 1.5 })).toBe(1);
});
