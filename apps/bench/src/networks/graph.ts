/*
 * A network as plain data: our own models, ONNX, TensorFlow.js and jax-js are each built from it, or
 * compared with what was.
 */

/** What follows a sum. */
export type Activation = "none" | "relu" | "silu" | "sigmoid";

/** A convolution, then batch normalisation or a bias, then an activation. */
export interface ConvNode {
  readonly kind: "conv";
  readonly input: string;
  readonly output: string;
  /** Name of the weight `[O, I / groups, K, K]` in the state dict. */
  readonly weight: string;
  readonly bias: string | null;
  /** Prefix of the normalisation's four vectors. */
  readonly norm: string | null;
  readonly activation: Activation;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly groups: number;
  /** Side of the output. */
  readonly size: number;
}

/** The greatest of 3×3, at every second pixel, padded by 1. */
export interface MaxPoolNode {
  readonly kind: "maxPool";
  readonly input: string;
  readonly output: string;
}

/** Means over the pixels: `[N, 1, 1, C]`. */
export interface GlobalAverageNode {
  readonly kind: "globalAverage";
  readonly input: string;
  readonly output: string;
}

/** `a + b` of one shape, or `a · b` with `b` `[N, 1, 1, C]`. */
export interface BinaryNode {
  readonly kind: "add" | "mul";
  readonly a: string;
  readonly b: string;
  readonly activation: Activation;
  readonly output: string;
}

/** `[N, 1, 1, I]` to `[N, O]`; the weight is `[O, I]`. */
export interface LinearNode {
  readonly kind: "linear";
  readonly input: string;
  readonly output: string;
  readonly weight: string;
  readonly bias: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

/** One operation. */
export type NetworkNode = ConvNode | MaxPoolNode | GlobalAverageNode | BinaryNode | LinearNode;

/** A network: `input` is the images, the last node's output the logits. */
export interface NetworkGraph {
  readonly nodes: readonly NetworkNode[];
  /** Name of the images among the values. */
  readonly input: "input";
  readonly output: string;
}

/** Options of {@link GraphBuilder.conv}. */
export interface ConvShape {
  readonly weight: string;
  readonly bias?: string;
  readonly norm?: string;
  readonly activation?: Activation;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly depthwise?: boolean;
}

interface Value {
  readonly channels: number;
  readonly size: number;
}

/** Adds nodes one by one, and knows the sizes of what they compute. */
export class GraphBuilder {
  readonly #nodes: NetworkNode[] = [];
  readonly #values = new Map<string, Value>();

  constructor(size: number) {
    this.#values.set("input", { channels: 3, size });
  }

  conv(input: string, shape: ConvShape): string {
    const { weight, bias = null, norm = null, activation = "none", kernel, stride = 1 } = shape;
    const { channels, size } = this.#value(input);
    const padding = (kernel - 1) / 2;
    const out = Math.floor((size + 2 * padding - kernel) / stride) + 1;
    return this.#add({ channels: shape.outChannels, size: out }, (output) => ({
      kind: "conv",
      input,
      output,
      weight,
      bias,
      norm,
      activation,
      inChannels: channels,
      outChannels: shape.outChannels,
      kernel,
      stride,
      padding,
      groups: shape.depthwise === true ? channels : 1,
      size: out,
    }));
  }

  maxPool(input: string): string {
    const { channels, size } = this.#value(input);
    const value = { channels, size: Math.floor((size - 1) / 2) + 1 };
    return this.#add(value, (output) => ({ kind: "maxPool", input, output }));
  }

  globalAverage(input: string): string {
    const value = { ...this.#value(input), size: 1 };
    return this.#add(value, (output) => ({ kind: "globalAverage", input, output }));
  }

  binary(kind: "add" | "mul", a: string, b: string, activation: Activation = "none"): string {
    return this.#add(this.#value(a), (output) => ({ kind, a, b, activation, output }));
  }

  linear(input: string, name: string, outFeatures: number): NetworkGraph {
    const inFeatures = this.#value(input).channels;
    const output = this.#add({ channels: outFeatures, size: 1 }, (value) => ({
      kind: "linear",
      input,
      output: value,
      weight: `${name}.weight`,
      bias: `${name}.bias`,
      inFeatures,
      outFeatures,
    }));
    return { nodes: this.#nodes, input: "input", output };
  }

  channels(value: string): number {
    return this.#value(value).channels;
  }

  #value(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`the graph has no value ${name}`);
    return value;
  }

  #add(value: Value, node: (output: string) => NetworkNode): string {
    const output = `v${this.#nodes.length}`;
    this.#nodes.push(node(output));
    this.#values.set(output, value);
    return output;
  }
}
