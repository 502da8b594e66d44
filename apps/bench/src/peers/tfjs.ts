/** The part of TensorFlow.js that the comparison uses; it is not installed with the workspaces. */

/** A tensor of TensorFlow.js's. */
export interface Tensor {
  readonly shape: readonly number[];
  data(): Promise<Float32Array<ArrayBuffer>>;
  dispose(): void;
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** A tensor that gradients are taken by. */
export interface Variable extends Tensor {
  readonly name: string;
}

/** The WebGPU backend. */
export interface Backend {
  readonly device: GPUDevice;
  readonly queue: GPUQueue;
  /** Null when everything is submitted. */
  readonly commandEncoder: GPUCommandEncoder | null;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** Options of a convolution behind stride and padding. */
export type ConvRest = [layout: "NHWC", dilation: number, rounding: "floor"];

/** A convolution with bias and activation in one kernel. */
export interface FusedConv {
  readonly x: Tensor;
  readonly filter: Tensor;
  readonly strides: number;
  readonly pad: number;
  readonly bias: Tensor;
  readonly activation: "linear" | "relu" | "sigmoid";
  readonly dimRoundingMode: "floor";
}

/** Adam, SGD and the like. */
export interface TfOptimizer {
  computeGradients(
    loss: () => Tensor,
    variables: readonly Variable[],
  ): { readonly value: Tensor; readonly grads: Tensors };
  applyGradients(gradients: Tensors): void;
  dispose(): void;
}

/** The library. */
export interface TensorFlow {
  readonly version: Readonly<Record<string, string>>;
  readonly fused: {
    conv2d(options: FusedConv): Tensor;
    depthwiseConv2d(options: FusedConv): Tensor;
  };
  readonly train: { sgd(learningRate: number): TfOptimizer };
  readonly losses: {
    softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor;
  };
  setBackend(name: string): Promise<boolean>;
  backend(): Backend;
  engine(): { runKernel(name: string, inputs: Tensors, attributes: object): Tensor };
  tidy<T>(work: () => T): T;
  keep<T extends Tensor>(tensor: T): T;
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
  variable(values: Tensor, trainable: boolean, name: string): Variable;
  disposeVariables(): void;
  conv2d(x: Tensor, w: Tensor, stride: number, pad: number, ...rest: ConvRest): Tensor;
  depthwiseConv2d(x: Tensor, w: Tensor, stride: number, pad: number, ...rest: ConvRest): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  maxPool(x: Tensor, size: number, stride: number, pad: number, rounding: "floor"): Tensor;
  mean(x: Tensor, axes: readonly number[], keepDims: boolean): Tensor;
  sum(x: Tensor, axes: readonly number[]): Tensor;
  moments(x: Tensor, axes: readonly number[]): { readonly mean: Tensor; readonly variance: Tensor };
  batchNorm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    offset: Tensor,
    scale: Tensor,
    epsilon: number,
  ): Tensor;
  relu(x: Tensor): Tensor;
  sigmoid(x: Tensor): Tensor;
  add(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
  reshape(x: Tensor, shape: readonly number[]): Tensor;
}

/** Work that is encoded by each call, which keeps its results. */
export interface TfjsWork {
  compute(): Tensor[];
  release(): void;
}
