// LGrad's second half: a network with one logit, which judges gradient images. The paper's is a
// ResNet-50.

import { ResNet, SmallCnn, sizeOf } from "@fauxgrad/models";
import { type HostTensor, matchStateDict } from "@fauxgrad/models/checkpoint";
import type { Gpu } from "@fauxgrad/tensor";
import { normal } from "@fauxgrad/tensor/nn";
import { floatTensors, modelTensors } from "@fauxgrad/training";

/** A checkpoint's tensors by name. */
export type ClassifierTensors = ReadonlyMap<string, HostTensor>;

/** The paper's network, or four convolutions, which learn from few images without ImageNet's weights. */
export type ClassifierName = "resnet50" | "small_cnn";

/** A classifier's network. */
export type LGradClassifier = ResNet | SmallCnn;

/** Options of {@link createClassifier}. */
export interface CreateClassifierOptions {
  /** Decides what no weights give: the last layer, or everything. */
  readonly seed: number;
  /** torchvision's ResNet-50, or a classifier; none for Kaiming's initial values. */
  readonly weights?: ClassifierTensors;
  /** Default: the weights', or `resnet50`. */
  readonly network?: ClassifierName;
  /** Standard deviation of a ResNet's last layer's first weights. */
  readonly initGain?: number;
  /** Of all of a ResNet's channel counts; by default as the weights, or 1. */
  readonly widthMultiplier?: number;
  /** Whether a ResNet's blocks are their shortcuts at first. Default false. */
  readonly zeroInitResidual?: boolean;
}

const HEAD = ["fc.weight", "fc.bias"] as const;

/** What decides about a classifier, beside its weights. */
type ClassifierForm = Pick<
  CreateClassifierOptions,
  "network" | "initGain" | "widthMultiplier" | "zeroInitResidual"
>;

/** The description: torchvision's ResNet-50, or a smaller network, whose last layer has one output. */
export function describeClassifier(options: ClassifierForm & { network: "small_cnn" }): SmallCnn;
export function describeClassifier(options?: ClassifierForm & { network?: "resnet50" }): ResNet;
export function describeClassifier(options: ClassifierForm): LGradClassifier;
export function describeClassifier({
  network = "resnet50",
  initGain = 0.02,
  widthMultiplier = 1,
  zeroInitResidual = false,
}: ClassifierForm = {}): LGradClassifier {
  if (network === "small_cnn") return new SmallCnn({ numClasses: 1 });
  const headInit = normal(0, initGain);
  return new ResNet("resnet50", { numClasses: 1, headInit, widthMultiplier, zeroInitResidual });
}

/** What the weights tell of their network; a ResNet-50 where they do not tell. */
function formOf(tensors: ClassifierTensors): ClassifierForm {
  if (tensors.has("bn4.running_var")) return { network: "small_cnn" };
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  return { network: "resnet50", widthMultiplier: sizeOf(shapes)?.widthMultiplier ?? 1 };
}

/**
 * A classifier to be trained. The weights' last layer is replaced, its weight `N(0, initGain²)` and
 * its bias `U(−1/√C, 1/√C)` of its `C` inputs (2048 at full width), unless it has one logit already:
 * then training goes on from it.
 *
 * @throws {CheckpointError} if the weights are not those of the network
 * @see LGrad, CNNDetection/networks/trainer.py and base_model.py
 */
export function createClassifier(
  gpu: Gpu,
  { seed, weights, ...options }: CreateClassifierOptions,
): LGradClassifier {
  if (weights === undefined) return describeClassifier(options).to(gpu, { seed });
  const flat = modelTensors(weights);
  const network = describeClassifier({ ...formOf(flat), ...options });
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
export function loadClassifier(gpu: Gpu, tensors: ClassifierTensors): LGradClassifier {
  const flat = modelTensors(tensors);
  const network = describeClassifier(formOf(flat));
  network.load(gpu, floatTensors(matchStateDict(network.expectedState(), flat)));
  network.eval().requiresGrad_(false);
  return network;
}
