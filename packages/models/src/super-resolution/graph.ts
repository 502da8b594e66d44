// What the networks of both file formats are turned into: a list of operations on maps, each of
// which names the maps that it takes. Names of tensors and shapes of weights are PyTorch's.

/** What is done to each value behind a convolution. */
export type GraphActivation =
  | { readonly kind: "leakyRelu"; readonly slope: number }
  | { readonly kind: "sigmoid" };

/** One operation on maps `[N, H, W, C]`. */
export type GraphOperation =
  | {
      /** With the tensors `NAME.weight`, `[O, I, KH, KW]`, and `NAME.bias`, `[O]`. */
      readonly kind: "convolution";
      readonly shape: readonly [outputs: number, inputs: number, kh: number, kw: number];
      readonly stride: number;
      /** Rows and columns of zeros on each side. */
      readonly padding: number;
      readonly bias: boolean;
      readonly activation: GraphActivation | null;
    }
  /** `x > 0 ? x : slope · x` with the tensor `NAME.weight`, `[C]`: a slope for each channel. */
  | { readonly kind: "prelu"; readonly channels: number }
  | { readonly kind: "activation"; readonly activation: GraphActivation }
  /** Channels one behind the other. */
  | { readonly kind: "concat" }
  /** `Σ_i scales[i] · inputs[i]` */
  | { readonly kind: "sum"; readonly scales: readonly number[] }
  /** Two maps, of which the second may be one value for each channel, `[N, 1, 1, C]`. */
  | { readonly kind: "product" }
  /** The mean of each channel, `[N, 1, 1, C]`. */
  | { readonly kind: "globalMean" }
  /** Without rows and columns at the borders. */
  | { readonly kind: "crop"; readonly before: number; readonly after: number }
  | { readonly kind: "upsample"; readonly factor: number; readonly filter: "nearest" | "bilinear" }
  /**
   * Channels to a block of `factor × factor` pixels. Input channel `c·factor² + block` of pixel
   * `block` of output channel `c` where channels come first (PyTorch's pixel_shuffle), or
   * `block·C + c` (TensorFlow's depth_to_space).
   */
  | { readonly kind: "pixelShuffle"; readonly factor: number; readonly channelsFirst: boolean };

/** One operation with its place in a network. */
export interface GraphNode {
  /** Also of the map that it makes. */
  readonly name: string;
  readonly inputs: readonly string[];
  readonly operation: GraphOperation;
}

/** A network as a list of operations. */
export interface Graph {
  /** Name of the images. */
  readonly input: string;
  /** Name of the map that is the result. */
  readonly output: string;
  /** Each behind those that it takes maps of. */
  readonly nodes: readonly GraphNode[];
}
