/** The part of jax-js that the comparison uses; it is not installed with the workspaces. */

/** An array; every use consumes a reference, and `ref` makes another one. */
export interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: readonly number[];
  reshape(shape: readonly number[]): JaxArray;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  data(): Promise<Float32Array<ArrayBuffer>>;
  blockUntilReady(): Promise<JaxArray>;
  dispose(): void;
}

/** Arrays by name: jax-js's functions take and return such trees. */
export type JaxTree = Readonly<Record<string, JaxArray>>;

/** A traced function. */
export type Traced = (arrays: JaxTree) => JaxTree;

/** Options of reductions. */
export interface KeepDims {
  readonly keepdims: boolean;
}

/** The library. */
export interface Jax {
  init(...devices: string[]): Promise<readonly string[]>;
  defaultDevice(name: string): void;
  getWebGPUDevice(): GPUDevice;
  jit(f: Traced): Traced & { dispose(): void };
  grad(f: (arrays: JaxTree) => JaxArray): (arrays: JaxTree) => JaxTree;
  valueAndGrad(
    f: (trained: JaxTree, fixed: JaxTree) => JaxArray,
  ): (trained: JaxTree, fixed: JaxTree) => [JaxArray, JaxTree];
  blockUntilReady<T>(tree: T): Promise<T>;
  readonly numpy: {
    array(data: Float32Array): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    pad(a: JaxArray, widths: readonly (readonly [number, number])[]): JaxArray;
    max(a: JaxArray): JaxArray;
    mean(a: JaxArray, axes: readonly number[], options?: KeepDims): JaxArray;
    sum(a: JaxArray): JaxArray;
    square(a: JaxArray): JaxArray;
    sqrt(a: JaxArray): JaxArray;
    reciprocal(a: JaxArray): JaxArray;
  };
  readonly lax: {
    convGeneralDilated(
      x: JaxArray,
      weight: JaxArray,
      strides: readonly number[],
      padding: readonly (readonly [number, number])[],
      options: { readonly featureGroupCount: number },
    ): JaxArray;
    reduceWindow(
      x: JaxArray,
      f: (window: JaxArray) => JaxArray,
      sizes: readonly number[],
      strides: readonly number[],
    ): JaxArray;
  };
  readonly nn: {
    relu(x: JaxArray): JaxArray;
    silu(x: JaxArray): JaxArray;
    sigmoid(x: JaxArray): JaxArray;
    logSoftmax(x: JaxArray): JaxArray;
  };
}

/** Compiled work: its operands stay, its results are the caller's. */
export interface JaxWork {
  compute(): JaxTree;
  /** The results in our layouts and order. */
  read(results: JaxTree): Promise<Float32Array<ArrayBuffer>>;
  release(): void;
}

/** A convolution of images `[N, C, H, W]` with a weight `[O, I / groups, K, K]`. */
export function convolve(
  jax: Jax,
  x: JaxArray,
  weight: JaxArray,
  { stride, padding, groups }: { stride: number; padding: number; groups: number },
): JaxArray {
  const pad = [padding, padding] as const;
  const options = { featureGroupCount: groups };
  return jax.lax.convGeneralDilated(x, weight, [stride, stride], [pad, pad], options);
}

/** References to all: what a call consumes. */
export function refs(tree: JaxTree): JaxTree {
  return Object.fromEntries(Object.entries(tree).map(([name, array]) => [name, array.ref]));
}
