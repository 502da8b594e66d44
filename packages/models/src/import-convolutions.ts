import { formatShape, type Shape, ShapeError } from "@fauxgrad/tensor";
import type { HostTensorLike } from "@fauxgrad/tensor/nn";
import { type HostTensor, toFloat32 } from "./checkpoint/index.ts";
import { EfficientNet } from "./efficientnet.ts";
import { convolutionNames, tgdNames, torchvisionNames } from "./efficientnet-table.ts";
import { foreignWeights } from "./layers/require-images.ts";
import type { ResNet } from "./resnet.ts";

/** What {@link importConvolutions} found. */
export interface ConvolutionImport {
  /** By the network's names, in float32: for `network.load(gpu, tensors, { strict: false, seed })`. */
  readonly tensors: ReadonlyMap<string, HostTensorLike>;
  /** Of each tensor that was taken, its name in the file by its name in the network. */
  readonly taken: ReadonlyMap<string, string>;
  /** The network's other tensors, which keep their values: normalisations, the classifier. */
  readonly kept: readonly string[];
  /** The file's other tensors. */
  readonly left: readonly string[];
}

/** Names of a network's convolutions, and what they are called in a file. */
function namesOf(
  network: EfficientNet | ResNet,
  source: ReadonlyMap<string, unknown>,
): readonly (readonly [ours: string, theirs: string])[] {
  if (!(network instanceof EfficientNet)) {
    const names = [...network.namedParameters()].filter(([, { shape }]) => shape.length === 4);
    return names.map(([name]) => {
      const layer = name.slice(0, -".weight".length);
      return [layer, layer];
    });
  }
  const { plan, form } = network;
  const torchvision = torchvisionNames(plan);
  const isTorchvision = source.has(`${torchvision.stem[0]}.weight`);
  const ours = convolutionNames(plan, form === "tgd" ? tgdNames : torchvision);
  const theirs = convolutionNames(plan, isTorchvision ? torchvision : tgdNames);
  return ours.map((name, i) => [name, theirs[i] ?? name]);
}

/**
 * The convolutions of another form of a network, e.g. torchvision's trained on ImageNet, for T-GD's:
 * their weights, and the biases of squeeze and excitation. Names may be torchvision's, T-GD's, or
 * those of lukemelas/EfficientNet-PyTorch. Normalisations and the classifier do not fit and are left.
 *
 * @throws {ShapeError} if the file has not all convolutions of the network, or of other shapes
 */
export function importConvolutions(
  network: EfficientNet | ResNet,
  source: ReadonlyMap<string, HostTensor>,
): ConvolutionImport {
  const expected = network.expectedState();
  const tensors = new Map<string, HostTensorLike>();
  const taken = new Map<string, string>();
  const unfit: string[] = [];
  for (const [ours, theirs] of namesOf(network, source)) {
    for (const part of ["weight", "bias"]) {
      const name = `${ours}.${part}`;
      const other = `${theirs}.${part}`;
      const shape = expected.get(name);
      if (shape === undefined) continue;
      const tensor = source.get(other);
      if (tensor === undefined || formatShape(tensor.shape) !== formatShape(shape)) {
        unfit.push(`${other}  file ${describe(tensor?.shape)}, network ${formatShape(shape)}`);
        continue;
      }
      tensors.set(name, { dtype: "float32", shape, data: toFloat32(tensor) });
      taken.set(name, other);
    }
  }
  if (taken.size === 0) foreignShapes(network, source);
  if (unfit.length > 0) refuse(unfit);
  const used = new Set(taken.values());
  return {
    tensors,
    taken,
    kept: [...expected.keys()].filter((name) => !taken.has(name)),
    left: [...source.keys()].filter((name) => !used.has(name)),
  };
}

function describe(shape: Shape | undefined): string {
  return shape === undefined ? "nothing" : formatShape(shape);
}

function foreignShapes(
  network: EfficientNet | ResNet,
  source: ReadonlyMap<string, HostTensor>,
): never {
  const [name, wanted] =
    network instanceof EfficientNet
      ? ["efficientnet", "features.0.0.weight, … or _conv_stem.weight, …"]
      : ["resnet", "conv1.weight, layer1.0.conv1.weight, …"];
  return foreignWeights(name, new Map([...source].map(([key, { shape }]) => [key, shape])), wanted);
}

/** How many convolutions an error lists. */
const LISTED = 8;

function refuse(unfit: readonly string[]): never {
  const more = unfit.length > LISTED ? [`… ${unfit.length - LISTED} more`] : [];
  const lines = [...unfit.slice(0, LISTED), ...more].map((line) => `  ${line}`);
  throw new ShapeError(
    `importConvolutions: ${unfit.length} convolutions do not fit\n${lines.join("\n")}\n` +
      "Choose weights of the same architecture and width.",
  );
}
