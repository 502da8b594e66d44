/*
 * StyleGAN's discriminator and its input gradient, LGrad's transformation, as work to compare: the
 * layers as plain data, as Karras et al. (2019) and genforce have them.
 */
import type { Images } from "../jobs.ts";
import { makeOperand } from "../operands.ts";
import { random, unit, type Weight } from "./weights.ts";

/** The gradient of the summed scores by the images, of frozen weights. */
export interface DiscriminatorJob {
  readonly op: "discriminator";
  readonly network: "stylegan";
  readonly batch: number;
  /** Of the square images: a power of two from 8 on. */
  readonly size: number;
}

/** A layer with a weight `[O, I, K, K]`, or `[O, I]` of a dense one, and a bias. */
export interface DiscriminatorLayer {
  /**
   * `down`: a blur by `[1, 2, 1] ⊗ [1, 2, 1] / 16`, a convolution of 3×3 and a mean of 2×2. `dense`
   * reads maps channel by channel.
   */
  readonly kind: "conv" | "down" | "dense";
  /** Prefix in the state dict. */
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  /** Factor of the weight: the equalised learning rate's. */
  readonly scale: number;
  /** Whether the deviation of each image alone, a constant, is its last channel. */
  readonly deviation: boolean;
  /** Of the leaky ReLU; 1 without one. */
  readonly slope: number;
  /** Side of the output. */
  readonly size: number;
}

/** Variance below the root of the minibatch's deviation; of one image there is no other. */
export const DEVIATION_EPSILON = 1e-8;

const SLOPE = 0.2;
const LEAST = 4;

function widthAt(side: number): number {
  return Math.min(16_384 / side, 512);
}

/** The layers in the order in which they run. */
export function discriminatorLayers(resolution: number): DiscriminatorLayer[] {
  const layers: DiscriminatorLayer[] = [];
  const add = (layer: Omit<DiscriminatorLayer, "scale" | "deviation" | "slope">, more = {}) => {
    const fanIn = layer.inChannels * layer.kernel ** 2;
    const usual = { scale: Math.SQRT2 / Math.sqrt(fanIn), deviation: false, slope: SLOPE };
    layers.push({ ...layer, ...usual, ...more });
  };
  let at = 0;
  const next = () => `layer${at++}`;
  let size = resolution;
  let width = widthAt(size);
  add({ kind: "conv", name: "input0", inChannels: 3, outChannels: width, kernel: 1, size });
  for (; size > LEAST; size /= 2, width = widthAt(size)) {
    const shared = { inChannels: width, kernel: 3 };
    add({ ...shared, kind: "conv", name: next(), outChannels: width, size });
    const outChannels = widthAt(size / 2);
    add({ ...shared, kind: "down", name: next(), outChannels, size: size / 2 });
  }
  const last = { inChannels: width + 1, outChannels: width, kernel: 3, size };
  add({ kind: "conv", name: next(), ...last }, { deviation: true });
  const dense = { kind: "dense", kernel: 1, size: 1 } as const;
  const hidden = widthAt(2);
  add({ ...dense, name: next(), inChannels: width * LEAST ** 2, outChannels: hidden });
  const scores = { ...dense, name: next(), inChannels: hidden, outChannels: 1 };
  add(scores, { scale: 1 / Math.sqrt(hidden), slope: 1 });
  return layers;
}

/** Weights of unit variance and biases of these shapes, the same in every process. */
export function discriminatorState(
  shapes: Iterable<readonly [string, readonly number[]]>,
): Map<string, Weight> {
  const state = new Map<string, Weight>();
  for (const [name, shape] of shapes) {
    if (name.endsWith(".weight")) state.set(name, random(name, shape, unit));
    else if (name.endsWith(".bias")) state.set(name, random(name, shape, 0.1));
  }
  return state;
}

/** The weights of the layers that run. */
export function discriminatorWeights(resolution: number): Map<string, Weight> {
  const shapes = discriminatorLayers(resolution).flatMap((layer) => {
    const { kind, name, inChannels, outChannels, kernel } = layer;
    const taps = kind === "dense" ? [] : [kernel, kernel];
    return [
      [`${name}.weight`, [outChannels, inChannels, ...taps]],
      [`${name}.bias`, [outChannels]],
    ] as const;
  });
  return discriminatorState(shapes);
}

/** `[N, R, R, 3]` */
export function discriminatorImages({ batch, size }: DiscriminatorJob) {
  const shape: Images = [batch, size, size, 3];
  return { shape, data: makeOperand("images", batch * size * size * 3) };
}

/** Terms of the longest sum of each layer. */
export function discriminatorSums(resolution: number): number[] {
  return discriminatorLayers(resolution).map(({ inChannels, kernel }) => inChannels * kernel ** 2);
}

/**
 * Work of the forward pass and of the gradient, which costs as much. A convolution and the mean
 * behind it are one of 4×4 taps and stride 2.
 */
export function discriminatorFlops({ batch, size: resolution }: DiscriminatorJob): number {
  return discriminatorLayers(resolution).reduce((sum, layer) => {
    const { kind, inChannels, outChannels, kernel, size } = layer;
    const taps = kind === "down" ? (kernel + 1) ** 2 : kernel ** 2;
    return sum + 2 * 2 * batch * size ** 2 * outChannels * inChannels * taps;
  }, 0);
}
