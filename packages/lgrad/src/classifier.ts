// LGrad's second half: a ResNet-50 with one logit, which judges gradient images.

import { ResNet, sizeOf } from "@fauxgrad/models";
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
  /** Of all channel counts; by default as the weights, or 1. */
  readonly widthMultiplier?: number;
}

const HEAD = ["fc.weight", "fc.bias"] as const;

/** The description: torchvision's ResNet-50, or a narrower one, whose last layer has one output. */
export function describeClassifier({
  initGain = 0.02,
  widthMultiplier = 1,
}: Pick<CreateClassifierOptions, "initGain" | "widthMultiplier"> = {}): ResNet {
  return new ResNet("resnet50", { numClasses: 1, headInit: normal(0, initGain), widthMultiplier });
}

/** The width of the ResNet-50 that the weights are of; 1 where they do not tell. */
function widthOf(tensors: ClassifierTensors): number {
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  return sizeOf(shapes)?.widthMultiplier ?? 1;
}

/**
 * A classifier to be trained. The weights' last layer is replaced, its weight `N(0, initGain²)` and
 * its bias `U(−1/√C, 1/√C)` of its `C` inputs (2048 at full width), unless it has one logit already: then training goes on from it.
 *
 * @throws {CheckpointError} if the weights are not those of a ResNet-50
 * @see LGrad, CNNDetection/networks/trainer.py and base_model.py
 */
export function createClassifier(
  gpu: Gpu,
  { seed, weights, ...options }: CreateClassifierOptions,
): ResNet {
  if (weights === undefined) return describeClassifier(options).to(gpu, { seed });
  const flat = modelTensors(weights);
  const network = describeClassifier({ widthMultiplier: widthOf(flat), ...options });
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
  const flat = modelTensors(tensors);
  const network = describeClassifier({ widthMultiplier: widthOf(flat) });
  network.load(gpu, floatTensors(matchStateDict(network.expectedState(), flat)));
  network.eval().requiresGrad_(false);
  return network;
}
