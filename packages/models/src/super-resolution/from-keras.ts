// Keras' layers of the networks that idealo's image-super-resolution trained (RDN, RRDN), as
// TensorFlow.js keeps them.

import {
  CheckpointError,
  type HostTensor,
  type KerasLayer,
  kerasKernel,
  type TfjsLayersModel,
} from "../checkpoint/index.ts";
import type { GraphModel } from "./from-ncnn.ts";
import type { GraphNode, GraphOperation } from "./graph.ts";

function refuse(layer: KerasLayer, problem: string): never {
  throw new CheckpointError(
    `keras: the layer ${layer.name} ${problem}\n  ${layer.className}\n` +
      "Pass a super-resolution network of idealo's image-super-resolution (RDN or RRDN).",
  );
}

/**
 * A super-resolution network of Keras as a list of operations. The layers of its own are those of
 * image-super-resolution: `MultiplyBeta`, `PixelShuffle…`.
 *
 * @throws {CheckpointError} if a layer does what is not known here
 */
export function graphFromKeras({ layers, tensors }: TfjsLayersModel): GraphModel {
  const nodes: GraphNode[] = [];
  const made = new Map<string, HostTensor>();
  const [input] = layers.filter(({ className }) => className === "InputLayer");
  const last = layers.at(-1);
  if (input === undefined || last === undefined) {
    throw new CheckpointError(
      `keras: the network has no input\n  layers  ${layers.length}\nPass an unchanged model.json.`,
    );
  }
  for (const layer of layers) {
    if (layer === input) continue;
    const operation = operationOf(layer, tensors, made);
    nodes.push({ name: layer.name, inputs: layer.inputs, operation });
  }
  return { graph: { input: input.name, output: last.name, nodes }, tensors: made };
}

function operationOf(
  layer: KerasLayer,
  tensors: ReadonlyMap<string, HostTensor>,
  made: Map<string, HostTensor>,
): GraphOperation {
  const { config } = layer;
  switch (layer.className) {
    case "Conv2D":
      return convolution(layer, tensors, made);
    case "Activation":
      if (config["activation"] !== "relu") refuse(layer, "has an activation that is not known");
      return { kind: "activation", activation: { kind: "leakyRelu", slope: 0 } };
    case "Concatenate":
      if (config["axis"] !== 3 && config["axis"] !== -1) refuse(layer, "does not join channels");
      return { kind: "concat" };
    case "Add":
      return { kind: "sum", scales: layer.inputs.map(() => 1) };
    case "MultiplyBeta":
      return { kind: "sum", scales: [numberOf(layer, "beta")] };
    case "PixelShuffle":
    case "PixelShuffle4x":
      // tf.nn.depth_to_space
      return { kind: "pixelShuffle", factor: numberOf(layer, "scale"), channelsFirst: false };
    case "UpSampling2D":
      return upsampling(layer);
    default:
      return refuse(layer, "is of a type that is not known");
  }
}

function numberOf(layer: KerasLayer, key: string): number {
  const value = layer.config[key];
  return typeof value === "number" ? value : refuse(layer, `has no ${key}`);
}

function convolution(
  layer: KerasLayer,
  tensors: ReadonlyMap<string, HostTensor>,
  made: Map<string, HostTensor>,
): GraphOperation {
  const { config, name } = layer;
  const weight = tensors.get(`${name}/kernel`);
  const bias = tensors.get(`${name}/bias`);
  if (weight === undefined) return refuse(layer, "has no kernel");
  const kernel = kerasKernel(weight);
  const [o = 0, i = 0, kh = 0, kw = 0] = kernel.shape;
  const isPlain = ["strides", "dilation_rate"].every((key) => {
    const values = config[key] ?? [1, 1];
    return Array.isArray(values) && values.every((value) => value === 1);
  });
  const isOdd = kh % 2 === 1 && kw === kh;
  if (!isPlain || !isOdd || config["padding"] !== "same" || (config["groups"] ?? 1) !== 1) {
    return refuse(layer, "is no convolution with a stride of 1 and a border of zeros");
  }
  const activation = config["activation"] ?? "linear";
  if (activation !== "linear" && activation !== "relu") {
    return refuse(layer, "has an activation that is not known");
  }
  made.set(`${name}.weight`, kernel);
  if (bias !== undefined) made.set(`${name}.bias`, bias);
  return {
    kind: "convolution",
    shape: [o, i, kh, kw],
    stride: 1,
    padding: (kh - 1) / 2,
    bias: bias !== undefined,
    activation: activation === "relu" ? { kind: "leakyRelu", slope: 0 } : null,
  };
}

function upsampling(layer: KerasLayer): GraphOperation {
  const { size, interpolation = "nearest" } = layer.config;
  const [factor, other] = Array.isArray(size) ? (size as unknown[]) : [];
  const filter = interpolation === "nearest" || interpolation === "bilinear" ? interpolation : null;
  if (typeof factor !== "number" || factor !== other || filter === null) {
    return refuse(layer, "enlarges in a way that is not known");
  }
  return { kind: "upsample", factor, filter };
}
