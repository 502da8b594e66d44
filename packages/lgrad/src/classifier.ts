// LGrad's second half: a ResNet-50 with one logit, which judges gradient images.

import { ResNet } from "@fauxgrad/models";
import { type HostTensor, matchStateDict, toFloat32 } from "@fauxgrad/models/checkpoint";
import type { Gpu } from "@fauxgrad/tensor";
import { type HostTensorLike, normal } from "@fauxgrad/tensor/nn";

/** A checkpoint's tensors by name. */
export type ClassifierTensors = ReadonlyMap<string, HostTensor>;

/** Options of {@link createClassifier}. */
export interface CreateClassifierOptions {
  /** Decides what no weights give: the last layer, or everything. */
  readonly seed: number;
  /** torchvision's ResNet-50, or a classifier; none for Kaiming's initial values. */
  readonly weights?: ClassifierTensors;
  /** Standard deviation of the last layer's first weights. */
  readonly initGain?: number;
}

const HEAD = ["fc.weight", "fc.bias"] as const;

/** The description: torchvision's ResNet-50, whose last layer has one output. */
export function describeClassifier(initGain = 0.02): ResNet {
  return new ResNet("resnet50", { numClasses: 1, headInit: normal(0, initGain) });
}

/**
 * A classifier to be trained. The weights' last layer is replaced, its weight `N(0, initGain²)` and
 * its bias `U(−1/√2048, 1/√2048)`, unless it has one logit already: then training goes on from it.
 *
 * @throws {CheckpointError} if the weights are not those of a ResNet-50
 * @see LGrad, CNNDetection/networks/trainer.py and base_model.py
 */
export function createClassifier(
  gpu: Gpu,
  { seed, weights, initGain }: CreateClassifierOptions,
): ResNet {
  const network = describeClassifier(initGain);
  if (weights === undefined) return network.to(gpu, { seed });
  const flat = flatTensors(weights);
  const expected = network.expectedState();
  if (flat.get("fc.weight")?.shape[0] !== 1) {
    for (const name of HEAD) {
      expected.delete(name);
      flat.delete(name);
    }
  }
  network.load(gpu, floats(matchStateDict(expected, flat)), { strict: false, seed });
  return network;
}

/**
 * A trained classifier, for inference: the file of LGrad (flat), of CNNDetection (nested under
 * `model`), or a checkpoint of a training here.
 *
 * @throws {CheckpointError} listing everything that is missing, unexpected or mis-shaped
 */
export function loadClassifier(gpu: Gpu, tensors: ClassifierTensors): ResNet {
  const network = describeClassifier();
  network.load(gpu, floats(matchStateDict(network.expectedState(), flatTensors(tensors))));
  network.eval().requiresGrad_(false);
  return network;
}

/** The state dict itself, where a file has it under `model` beside the optimiser's tensors. */
function flatTensors(tensors: ClassifierTensors): Map<string, HostTensor> {
  if (tensors.has("conv1.weight") || !tensors.has("model.conv1.weight")) return new Map(tensors);
  const prefix = "model.";
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}

/** In float32, whatever the file has; counters stay whole numbers. */
function floats(tensors: ReadonlyMap<string, HostTensor>): Map<string, HostTensorLike> {
  const converted = new Map<string, HostTensorLike>();
  for (const [name, tensor] of tensors) {
    const { shape } = tensor;
    const isCounter = tensor.dtype === "int64";
    converted.set(name, isCounter ? tensor : { dtype: "float32", shape, data: toFloat32(tensor) });
  }
  return converted;
}
