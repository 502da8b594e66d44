// For tests: a list of detectors and its files, small and with weights that follow from their names.

import { createModel, type ModelOptions, ResNet } from "@fauxgrad/models";
import { fromFloat32, type HostTensor, writeSafetensors } from "@fauxgrad/models/checkpoint";
import type { Shape } from "@fauxgrad/tensor";
import { fillByName } from "@fauxgrad/testing";
import { type LogisticModel, logisticTensors } from "@fauxgrad/training";
import type { DetectorList, NetworkFile, WeightsFile } from "./detector-list.ts";
import { sha256Of } from "./weights-reader.ts";

/** Side of the squares that the test's detectors judge. */
export const TEST_CROP = 32;

const CLASSIFIER_WIDTH = 0.125;
const DISCRIMINATOR: ModelOptions = { resolution: TEST_CROP, fmapsBase: 256, fmapsMax: 16 };
const RINGS = TEST_CROP / 2;
const SPECTRUM: LogisticModel = {
  mean: new Float64Array(RINGS).fill(4),
  scale: new Float64Array(RINGS).fill(1.5),
  weight: Float64Array.from({ length: RINGS }, (_, i) => (i % 3) - 1),
  bias: 0.25,
};
const TGD: ModelOptions = { stages: 3, widthPercent: 50 };

/** `detectors.json` and its files by name: `lgrad`, `tgd`, the baselines `plain-resnet50`, `spectrum`. */
export async function testBundle(
  change: (list: DetectorList) => unknown = (list) => list,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const addFile = async (
    file: string,
    tensors: ReadonlyMap<string, HostTensor>,
  ): Promise<WeightsFile> => {
    const bytes = new Uint8Array(writeSafetensors(tensors));
    files.set(file, bytes);
    return { file, sha256: await sha256Of(bytes), bytes: bytes.length };
  };
  const add = async (
    file: string,
    network: string,
    shapes: ReadonlyMap<string, Shape>,
    settings: ModelOptions = {},
  ): Promise<NetworkFile> => ({
    ...{ network, settings },
    ...(await addFile(file, weightsOf(file, shapes))),
  });
  const resnet = new ResNet("resnet50", { numClasses: 1, widthMultiplier: CLASSIFIER_WIDTH });
  const discriminator = createModel("pggan", { options: DISCRIMINATOR }).network;
  const tgd = createModel("tgd_efficientnet_b0", { options: TGD }).network;
  const common = {
    card: "cards/test.md",
    calibration: { method: "platt", scale: 2, shift: -0.5 },
    threshold: 0.5,
    training: { source: "no images", seed: 1 },
  } as const;
  const list: DetectorList = {
    version: 1,
    crop: TEST_CROP,
    defaults: ["lgrad", "tgd"],
    detectors: [
      {
        ...{ ...common, kind: "lgrad", name: "lgrad", title: "LGrad" },
        transformation: await add("discriminator", "pggan", discriminator.expectedState()),
        classifier: await add("lgrad", "resnet50", resnet.expectedState()),
      },
      {
        ...{ ...common, kind: "tgd", name: "tgd", title: "T-GD", normalization: "imagenet" },
        classifier: await add("tgd", "tgd_efficientnet_b0", tgd.expectedState(), TGD),
      },
      {
        ...{ ...common, kind: "plain", name: "plain-resnet50", title: "ResNet-50" },
        classifier: await add("plain", "resnet50", resnet.expectedState()),
      },
      {
        ...{ ...common, kind: "spectrum", name: "spectrum", title: "Spectrum" },
        coefficients: await addFile("spectrum", logisticTensors(SPECTRUM)),
      },
    ],
    familiarity: {
      ranges: {
        texture: { low: 4, high: 500 },
        flatness: { low: null, high: 0.5 },
        colour: { low: 3, high: 200 },
        fineness: { low: 0.27, high: 2 },
        blocking: { low: null, high: 5 },
      },
      ...{ tail: 0.01, images: 100, validationShare: 0.02 },
    },
  };
  files.set("detectors.json", new TextEncoder().encode(JSON.stringify(change(list))));
  return files;
}

/** Float16, as what is shipped. */
function weightsOf(prefix: string, shapes: ReadonlyMap<string, Shape>): Map<string, HostTensor> {
  const tensors = new Map<string, HostTensor>();
  for (const [key, shape] of shapes) {
    if (key.endsWith("num_batches_tracked")) {
      tensors.set(key, { dtype: "int64", shape: [], data: new BigInt64Array(1) });
      continue;
    }
    const size = shape.reduce((product, length) => product * length, 1);
    const values = fillByName(`${prefix}.${key}`, size, ...scaleAndShift(key, size, shape));
    tensors.set(key, fromFloat32(values, shape, "float16"));
  }
  return tensors;
}

function scaleAndShift(key: string, size: number, shape: Shape): [scale: number, shift: number] {
  // Of a uniform distribution that keeps the variance through a ReLU.
  if (shape.length > 1) return [Math.sqrt((6 * (shape[0] ?? 1)) / size), 0];
  // A small last scale in each block, so that sixteen of them do not add up.
  if (key.endsWith("weight")) return [0.1, key.includes("bn3") ? 0.2 : 1];
  return key.endsWith("running_var") ? [0.1, 1] : [0.1, 0];
}
