// Keras' Inception-V3 in torchvision's names. Both make the same 94 convolutions in the same order;
// Keras numbers them (conv2d_1 … conv2d_94, or conv2d, conv2d_1 …) and finds each normalisation by
// its place in the graph. Keras' norms have no learned factor, which is 1 then.

import type { HostTensor, KerasLayer, TfjsLayersModel } from "./checkpoint/index.ts";
import { CheckpointError, kerasKernel } from "./checkpoint/index.ts";
import { InceptionV3 } from "./inception-v3.ts";

/** Adds the end of an advice to what does not fit. */
function refuse(problem: string, details: readonly string[]): never {
  throw new CheckpointError(
    `inception_v3: ${problem}\n${details.map((line) => `  ${line}`).join("\n")}\n` +
      "Pass a model that was built on keras.applications.InceptionV3.",
  );
}

/** The number at the end of a layer's name: when Keras made it. */
function made({ name }: KerasLayer): number {
  return Number(/\d+$/.exec(name)?.[0] ?? 0);
}

/**
 * The backbone's weights, from the first convolution to "mixed10". Whatever head the model has is
 * left out.
 *
 * @returns tensors for `new InceptionV3({ numClasses: 0, transformInput: false, countIncludePad:
 *   false })`, in PyTorch's names, shapes and order of axes
 * @throws {CheckpointError} if the convolutions are not those of Inception-V3
 */
export function inceptionV3FromKeras({
  layers,
  tensors,
}: TfjsLayersModel): Map<string, HostTensor> {
  const convolutions = layers
    .filter(({ className }) => className === "Conv2D")
    .sort((a, b) => made(a) - made(b));
  const expected = [...new InceptionV3({ numClasses: 0, transformInput: false }).expectedState()]
    .filter(([name]) => name.endsWith(".conv.weight"))
    .map(([name, shape]) => ({ unit: name.slice(0, -".conv.weight".length), shape }));
  if (convolutions.length !== expected.length) {
    refuse("the model has another number of convolutions", [
      `found     ${convolutions.length}`,
      `expected  ${expected.length}`,
    ]);
  }
  const named = new Map<string, HostTensor>();
  for (const [i, { unit, shape }] of expected.entries()) {
    const layer = convolutions[i];
    if (layer === undefined) break;
    named.set(`${unit}.conv.weight`, kernel(layer, tensors, shape, unit));
    for (const [name, tensor] of norm(layer, layers, tensors, shape[0] ?? 0)) {
      named.set(`${unit}.bn.${name}`, tensor);
    }
  }
  return named;
}

/** `[KH, KW, I, O]` to `[O, I, KH, KW]`. */
function kernel(
  layer: KerasLayer,
  tensors: ReadonlyMap<string, HostTensor>,
  expected: readonly number[],
  unit: string,
): HostTensor {
  const tensor = vector(`${layer.name}/kernel`, tensors);
  const [o = 0, i = 0, kh = 0, kw = 0] = expected;
  if (tensor.shape.join() !== [kh, kw, i, o].join()) {
    refuse(`the kernel of ${layer.name} does not fit ${unit}`, [
      `found     [${tensor.shape.join(", ")}]`,
      `expected  [${[kh, kw, i, o].join(", ")}]`,
    ]);
  }
  return kerasKernel(tensor);
}

/** The normalisation behind a convolution. */
function norm(
  conv: KerasLayer,
  layers: readonly KerasLayer[],
  tensors: ReadonlyMap<string, HostTensor>,
  channels: number,
): readonly (readonly [string, HostTensor])[] {
  const found = layers.find(
    ({ className, inputs }) =>
      className === "BatchNormalization" && inputs.length === 1 && inputs[0] === conv.name,
  );
  if (found === undefined) {
    refuse("a convolution has no normalisation behind it", [`layer  ${conv.name}`]);
  }
  const part = (name: string): HostTensor => {
    const tensor = vector(`${found.name}/${name}`, tensors);
    if (tensor.shape.join() === `${channels}`) return tensor;
    return refuse(`${found.name}/${name} does not fit the convolution before it`, [
      `found     [${tensor.shape.join(", ")}]`,
      `expected  [${channels}]`,
    ]);
  };
  const ones = { dtype: "float32", shape: [channels], data: new Float32Array(channels).fill(1) };
  const scaled = found.config["scale"] !== false;
  return [
    ["weight", scaled ? part("gamma") : (ones as HostTensor)],
    ["bias", part("beta")],
    ["running_mean", part("moving_mean")],
    ["running_var", part("moving_variance")],
  ];
}

function vector(
  name: string,
  tensors: ReadonlyMap<string, HostTensor>,
): HostTensor & { readonly dtype: "float32" } {
  const tensor = tensors.get(name);
  if (tensor?.dtype === "float32") return tensor;
  return refuse("a weight is missing", [`name  ${name}`]);
}
