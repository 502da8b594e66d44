// What the layers of ncnn do, by their keys (github.com/Tencent/ncnn, docs/developer-guide/
// operators.md): only those that the networks of Real-ESRGAN, Real-CUGAN and waifu2x have.

import {
  CheckpointError,
  type HostTensor,
  type NcnnLayer,
  type NcnnModel,
  ncnnNumber,
} from "../checkpoint/index.ts";
import type { Graph, GraphActivation, GraphNode, GraphOperation } from "./graph.ts";
import { transposedConvolution } from "./transposed.ts";

/** A network and its weights. */
export interface GraphModel {
  readonly graph: Graph;
  /** For `new GraphNetwork(graph).load(gpu, tensors)`. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

function refuse(layer: NcnnLayer, problem: string): never {
  const params = [...layer.params].map(([key, values]) => `${key}=${values.join(",")}`).join(" ");
  throw new CheckpointError(
    `ncnn: the layer ${layer.name} ${problem}\n  ${layer.type}  ${params}\n` +
      "Pass a network of Real-ESRGAN, Real-CUGAN or waifu2x (upconv_7).",
  );
}

/** What a layer's names mean, and what has been made of the layers before it. */
interface State {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** Maps by the names of blobs: a layer has a name, and its output may have another. */
  readonly maps: Map<string, string>;
  readonly nodes: GraphNode[];
  readonly made: Map<string, HostTensor>;
}

/**
 * A network of ncnn as a list of operations.
 *
 * @throws {CheckpointError} if a layer does what is not known here, or takes what no layer made
 */
export function graphFromNcnn({ layers, tensors }: NcnnModel): GraphModel {
  const state: State = { tensors, maps: new Map(), nodes: [], made: new Map() };
  let input: string | null = null;
  for (const layer of layers) {
    if (layer.type === "Input") {
      if (input !== null) refuse(layer, "is a second input");
      input = layer.name;
      name(layer, layer.name, state);
    } else {
      add(layer, state);
    }
  }
  const [result] = (layers.at(-1)?.outputs ?? []).map((blob) => state.maps.get(blob));
  if (input === null || result === undefined) {
    throw new CheckpointError(
      `ncnn: the network has no input or no result\n  layers  ${layers.length}\n` +
        "Pass an unchanged .param file.",
    );
  }
  return { graph: { input, output: result, nodes: state.nodes }, tensors: state.made };
}

function name(layer: NcnnLayer, map: string, { maps }: State): void {
  for (const blob of layer.outputs) maps.set(blob, map);
}

function inputsOf(layer: NcnnLayer, { maps }: State): [string, ...string[]] {
  const [first, ...rest] = layer.inputs.map((blob) => {
    return maps.get(blob) ?? refuse(layer, `takes ${blob}, which no layer before it makes`);
  });
  return first === undefined ? refuse(layer, "takes nothing") : [first, ...rest];
}

/** Adds what a layer does. */
function add(layer: NcnnLayer, state: State): void {
  const inputs = inputsOf(layer, state);
  // One map under several names.
  if (layer.type === "Split") name(layer, inputs[0], state);
  else if (layer.type === "Deconvolution") addTransposed(layer, inputs[0], state);
  else {
    const operation = operationOf(layer, inputs, state);
    state.nodes.push({ name: layer.name, inputs, operation });
    name(layer, layer.name, state);
  }
}

function operationOf(layer: NcnnLayer, inputs: readonly string[], state: State): GraphOperation {
  switch (layer.type) {
    case "Convolution":
      return convolution(layer, state);
    case "InnerProduct":
      return dense(layer, state);
    case "PReLU":
      take(layer, "weight", state);
      return { kind: "prelu", channels: ncnnNumber(layer, 0, 0) };
    case "ReLU":
      return { kind: "activation", activation: leaky(ncnnNumber(layer, 0, 0)) };
    case "Sigmoid":
      return { kind: "activation", activation: { kind: "sigmoid" } };
    case "Concat":
      return exactly(layer, 0, 0, { kind: "concat" });
    case "Eltwise":
      return eltwise(layer, inputs);
    case "BinaryOp":
      return binary(layer, inputs);
    case "Pooling":
      return pooling(layer);
    case "Crop":
      return cropping(layer);
    case "Interp":
      return interpolation(layer);
    case "PixelShuffle":
      // Key 1 would put the channels last.
      return exactly(layer, 1, 0, {
        kind: "pixelShuffle",
        factor: ncnnNumber(layer, 0, 1),
        channelsFirst: true,
      });
    default:
      return refuse(layer, "is of a type that is not known");
  }
}

/** An operation that is right if a key has one value only. */
function exactly<T>(layer: NcnnLayer, key: number, value: number, operation: T): T {
  const found = ncnnNumber(layer, key, value);
  return found === value ? operation : refuse(layer, `has ${found} as its key ${key}`);
}

function leaky(slope: number): GraphActivation {
  return { kind: "leakyRelu", slope };
}

function activationOf(layer: NcnnLayer): GraphActivation | null {
  switch (ncnnNumber(layer, 9, 0)) {
    case 0:
      return null;
    case 1:
      return leaky(0);
    case 2:
      return leaky(ncnnNumber(layer, 10, 0));
    case 4:
      return { kind: "sigmoid" };
    default:
      return refuse(layer, "has an activation that is not known");
  }
}

function tensorOf(layer: NcnnLayer, part: string, { tensors }: State): HostTensor {
  return tensors.get(`${layer.name}.${part}`) ?? refuse(layer, `has no ${part}`);
}

function take(layer: NcnnLayer, part: string, state: State): void {
  state.made.set(`${layer.name}.${part}`, tensorOf(layer, part, state));
}

function convolution(layer: NcnnLayer, state: State): GraphOperation {
  const [o = 0, i = 0, kh = 0, kw = 0] = tensorOf(layer, "weight", state).shape;
  const bias = ncnnNumber(layer, 5, 0) !== 0;
  take(layer, "weight", state);
  if (bias) take(layer, "bias", state);
  return {
    kind: "convolution",
    shape: [o, i, kh, kw],
    ...uniform(layer),
    bias,
    activation: activationOf(layer),
  };
}

/**
 * Stride and padding, if they are the same on all sides. A negative padding stands for a rule,
 * which none of these networks has.
 */
function uniform(layer: NcnnLayer): { readonly stride: number; readonly padding: number } {
  const stride = ncnnNumber(layer, 3, 1);
  const padding = ncnnNumber(layer, 4, 0);
  if (padding < 0) refuse(layer, "has a padding that is not known");
  // Dilation, stride down, padding above, on the right and below.
  for (const [key, value] of [
    [2, 1],
    [13, stride],
    [14, padding],
    [15, padding],
    [16, padding],
  ] as const) {
    exactly(layer, key, value, null);
  }
  return { stride, padding };
}

/** A convolution of one tap, on maps of one pixel. */
function dense(layer: NcnnLayer, state: State): GraphOperation {
  const { shape, data } = tensorOf(layer, "weight", state);
  const [o = 0, i = 0] = shape;
  const bias = ncnnNumber(layer, 1, 0) !== 0;
  const kernel = { dtype: "float32", shape: [o, i, 1, 1], data } as HostTensor;
  state.made.set(`${layer.name}.weight`, kernel);
  if (bias) take(layer, "bias", state);
  const activation = activationOf(layer);
  return { kind: "convolution", shape: [o, i, 1, 1], stride: 1, padding: 0, bias, activation };
}

function addTransposed(layer: NcnnLayer, input: string, state: State): void {
  const weight = tensorOf(layer, "weight", state);
  const [, , kh, kw] = weight.shape;
  if (kh !== kw) refuse(layer, "is not square");
  const parts = transposedConvolution({
    ...{ name: layer.name, input, ...uniform(layer) },
    activation: activationOf(layer),
    weight,
    bias: ncnnNumber(layer, 5, 0) === 0 ? null : tensorOf(layer, "bias", state),
  });
  // Padding of the output, and a size of it.
  for (const key of [18, 19, 20, 21]) exactly(layer, key, 0, null);
  state.nodes.push(...parts.nodes);
  for (const [key, tensor] of parts.tensors) state.made.set(key, tensor);
  name(layer, layer.name, state);
}

function eltwise(layer: NcnnLayer, inputs: readonly string[]): GraphOperation {
  const operation = ncnnNumber(layer, 0, 0);
  if (operation === 0 && inputs.length === 2) return { kind: "product" };
  if (operation !== 1) refuse(layer, "does what is not known");
  const scales = layer.params.get(1) ?? inputs.map(() => 1);
  if (scales.length !== inputs.length) refuse(layer, "has not one factor for each input");
  return { kind: "sum", scales };
}

function binary(layer: NcnnLayer, inputs: readonly string[]): GraphOperation {
  if (inputs.length !== 2) refuse(layer, "does not take two maps");
  switch (ncnnNumber(layer, 0, 0)) {
    case 0:
      return { kind: "sum", scales: [1, 1] };
    case 1:
      return { kind: "sum", scales: [1, -1] };
    case 2:
      return { kind: "product" };
    default:
      return refuse(layer, "does what is not known");
  }
}

function pooling(layer: NcnnLayer): GraphOperation {
  const isMean = ncnnNumber(layer, 0, 0) === 1 && ncnnNumber(layer, 4, 0) === 1;
  return isMean ? { kind: "globalMean" } : refuse(layer, "is not a mean of whole maps");
}

/** Rows and columns, as `numpy` counts ends: from 4 to -4. Axes 1 and 2 are -2 and -1 too. */
function cropping(layer: NcnnLayer): GraphOperation {
  const [starts, ends, axes] = [9, 10, 11].map((key) => layer.params.get(key) ?? []);
  const [before = 0] = starts ?? [];
  const [end = 0] = ends ?? [];
  const fits =
    starts?.join() === `${before},${before}` &&
    ends?.join() === `${end},${end}` &&
    ["-2,-1", "1,2"].includes(axes?.join() ?? "");
  if (!fits || before < 0 || end >= 0) refuse(layer, "does not cut the borders");
  return { kind: "crop", before, after: -end };
}

function interpolation(layer: NcnnLayer): GraphOperation {
  const filter = { 1: "nearest", 2: "bilinear" } as const;
  const chosen = filter[ncnnNumber(layer, 0, 0) as 1 | 2];
  const factor = ncnnNumber(layer, 1, 0);
  if (chosen === undefined || !Number.isInteger(factor) || factor < 1) {
    refuse(layer, "enlarges in a way that is not known");
  }
  return exactly(layer, 2, factor, { kind: "upsample", factor, filter: chosen });
}
