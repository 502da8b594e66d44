// LGrad's second half: a ResNet-50 with one logit, which judges gradient images.

import { ResNet } from "@fauxgrad/models";
import { type HostTensor, matchStateDict } from "@fauxgrad/models/checkpoint";
import type { Gpu } from "@fauxgrad/tensor";
import { normal } from "@fauxgrad/tensor/nn";
import { floatTensors, modelTensors } from "@fauxgrad/training";

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
  const flat = modelTensors(weights);
  const expected = network.expectedState();
  if (flat.get("fc.weight")?.shape[0] !== 1) {
    for (const name of HEAD) {
      expected.delete(name);
      flat.delete(name);
    }
  }
  network.load(gpu, floatTensors(matchStateDict(expected, flat)), { strict: false, seed });
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
  network.load(gpu, floatTensors(matchStateDict(network.expectedState(), modelTensors(tensors))));
  network.eval().requiresGrad_(false);
  return network;
}
