// A classifier for the tests of the program, whose weights anybody can make again from their names.
import { ResNet } from "@fauxgrad/models";
import { fromFloat32, type HostTensor } from "@fauxgrad/models/checkpoint";
import { fillByName } from "@fauxgrad/testing";
import { writeTensors } from "../test-networks.ts";

/** Writes a ResNet-50 with one logit as safetensors, 94 MB, its names below `model.`. */
export async function writeTestClassifier(file: string): Promise<void> {
  const tensors = new Map<string, HostTensor>();
  for (const [key, shape] of new ResNet("resnet50", { numClasses: 1 }).expectedState()) {
    if (key.endsWith("num_batches_tracked")) continue;
    const size = shape.reduce((product, length) => product * length, 1);
    tensors.set(`model.${key}`, fromFloat32(values(key, size, shape), shape));
  }
  await writeTensors(file, tensors);
}

function values(key: string, size: number, shape: readonly number[]): Float32Array<ArrayBuffer> {
  if (key === "fc.weight") return fillByName(key, size, 0.05);
  if (shape.length > 1) {
    // Of a uniform distribution that keeps the variance through a ReLU.
    return fillByName(key, size, Math.sqrt((6 * shape[0]!) / size));
  }
  // A small last scale in each block, so that sixteen of them do not add up.
  if (key.endsWith("running_var")) return fillByName(key, size, 0.1, 1);
  if (key.endsWith("weight")) return fillByName(key, size, 0.1, key.includes("bn3") ? 0.2 : 1);
  return fillByName(key, size, 0.1);
}
