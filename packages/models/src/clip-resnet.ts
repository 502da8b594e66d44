// CLIP's visual tower: a ResNet with three convolutions for a stem, means instead of strides, and
// attention over the last maps instead of their mean. In OpenAI's archives it is `visual` beside the
// text tower, and so it is here.

import {
  add,
  avgPool2d,
  concat,
  type Gpu,
  mean,
  reshape,
  type Shape,
  scope,
  slice,
  type Tensor,
} from "@fauxgrad/tensor";
import {
  BatchNorm2d,
  Conv2d,
  type HostTensorLike,
  Linear,
  type LoadOptions,
  type LoadReport,
  type Member,
  Module,
  normal,
  Parameter,
  Sequential,
} from "@fauxgrad/tensor/nn";
import { multiHeadAttention } from "./layers/attention.ts";
import { convNorm } from "./layers/conv-norm.ts";
import { foreignWeights, requireImages } from "./layers/require-images.ts";

const EXPANSION = 4;
/** Pixels of the image to one of the last maps, along a side. */
const STRIDE = 32;
const HEAD_CHANNELS = 64;
const PREFIX = "visual.";

/** Options of a {@link ClipResNet}; the defaults are RN50's. */
export interface ClipResNetOptions {
  /** Blocks of the four stages. */
  readonly layers?: readonly [number, number, number, number];
  /** Channels behind the stem. */
  readonly width?: number;
  /** Side of the images, in pixels: the positions of the attention are learned. */
  readonly resolution?: number;
  /** Size of the embedding. */
  readonly outputSize?: number;
}

function convolution(inChannels: number, outChannels: number, kernelSize: number, stride = 1) {
  const padding = (kernelSize - 1) / 2;
  return new Conv2d(inChannels, outChannels, kernelSize, { stride, padding, bias: false });
}

/** The mean over windows of `size` instead of a stride; `input` itself for 1. */
function shrink(input: Tensor, size: number): Tensor {
  return size === 1 ? input : avgPool2d(input, { kernelSize: size, stride: size });
}

/** 1×1, 3×3, mean where a stage begins, 1×1; the identity is averaged before its projection. */
class Bottleneck extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Projection | null;
  readonly #stride: number;

  constructor(inChannels: number, planes: number, stride: number) {
    super();
    const outChannels = planes * EXPANSION;
    this.conv1 = convolution(inChannels, planes, 1);
    this.bn1 = new BatchNorm2d(planes);
    this.conv2 = convolution(planes, planes, 3);
    this.bn2 = new BatchNorm2d(planes);
    this.conv3 = convolution(planes, outChannels, 1);
    this.bn3 = new BatchNorm2d(outChannels);
    const changes = stride > 1 || inChannels !== outChannels;
    this.downsample = changes ? new Projection(inChannels, outChannels, stride) : null;
    this.#stride = stride;
  }

  forward(input: Tensor): Tensor {
    return scope(() => {
      const reduced = convNorm(this.conv1, this.bn1, input, true);
      const spatial = convNorm(this.conv2, this.bn2, reduced, true);
      reduced.dispose();
      const shrunk = shrink(spatial, this.#stride);
      const shortcut = this.downsample?.forward(input) ?? input;
      return convNorm(this.conv3, this.bn3, shrunk, true, shortcut);
    });
  }
}

/** The identity where a block changes size or channels: its convolution and norm are `0` and `1`. */
class Projection extends Module {
  readonly #conv: Conv2d;
  readonly #norm: BatchNorm2d;
  readonly #stride: number;

  constructor(inChannels: number, outChannels: number, stride: number) {
    super();
    this.#conv = convolution(inChannels, outChannels, 1);
    this.#norm = new BatchNorm2d(outChannels);
    this.#stride = stride;
  }

  override *members(): Iterable<readonly [string, Member]> {
    yield ["0", this.#conv];
    yield ["1", this.#norm];
  }

  forward(input: Tensor): Tensor {
    return scope(() => convNorm(this.#conv, this.#norm, shrink(input, this.#stride), false));
  }
}

/** Attention whose only query is the mean of the maps' pixels: `[N, H, W, C]` to `[N, outputs]`. */
class AttentionPool extends Module {
  readonly positionalEmbedding: Parameter;
  readonly kProj: Linear;
  readonly qProj: Linear;
  readonly vProj: Linear;
  readonly cProj: Linear;
  readonly #heads: number;

  constructor(side: number, channels: number, outputSize: number) {
    super();
    const init = normal(0, channels ** -0.5);
    this.positionalEmbedding = new Parameter([side * side + 1, channels], { init });
    this.kProj = new Linear(channels, channels, { init });
    this.qProj = new Linear(channels, channels, { init });
    this.vProj = new Linear(channels, channels, { init });
    this.cProj = new Linear(channels, outputSize, { init });
    this.#heads = channels / HEAD_CHANNELS;
  }

  forward(maps: Tensor): Tensor {
    const [n = 1, height = 1, width = 1, channels = 1] = maps.shape;
    return scope(() => {
      const pixels = reshape(maps, [n, height * width, channels]);
      const whole = mean(pixels, [1], { keepDims: true });
      const tokens = add(concat([whole, pixels], 1), this.positionalEmbedding.tensor);
      const query = this.qProj.forward(slice(tokens, [0, 0, 0], [n, 1, channels]));
      const key = this.kProj.forward(tokens);
      const value = this.vProj.forward(tokens);
      const pooled = multiHeadAttention(query, key, value, this.#heads);
      return this.cProj.forward(reshape(pooled, [n, channels]));
    });
  }
}

/** Stem, stages and attention, in OpenAI's names. */
class VisualTower extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly layer: readonly Sequential<Bottleneck[]>[];
  readonly attnpool: AttentionPool;

  constructor({ layers, width, resolution, outputSize }: Required<ClipResNetOptions>) {
    super();
    this.conv1 = convolution(3, width / 2, 3, 2);
    this.bn1 = new BatchNorm2d(width / 2);
    this.conv2 = convolution(width / 2, width / 2, 3);
    this.bn2 = new BatchNorm2d(width / 2);
    this.conv3 = convolution(width / 2, width, 3);
    this.bn3 = new BatchNorm2d(width);
    let inChannels = width;
    this.layer = layers.map((count, i) => {
      const planes = width * 2 ** i;
      const blocks = Array.from({ length: count }, (_, k) => {
        const block = new Bottleneck(inChannels, planes, k === 0 && i > 0 ? 2 : 1);
        inChannels = planes * EXPANSION;
        return block;
      });
      return new Sequential(...blocks);
    });
    this.attnpool = new AttentionPool(resolution / STRIDE, inChannels, outputSize);
  }

  /** The stages are `layer1` to `layer4`. */
  override *members(): Iterable<readonly [string, Member]> {
    for (const [name, member] of super.members()) {
      const stage = /^layer\.(\d)$/.exec(name)?.[1];
      yield [stage === undefined ? name : `layer${Number(stage) + 1}`, member];
    }
  }

  forward(input: Tensor): Tensor {
    return scope(() => {
      const first = convNorm(this.conv1, this.bn1, input, true);
      const second = convNorm(this.conv2, this.bn2, first, true);
      first.dispose();
      const third = convNorm(this.conv3, this.bn3, second, true);
      second.dispose();
      let maps = shrink(third, 2);
      third.dispose();
      for (const stage of this.layer) {
        const next = stage.forward(maps);
        maps.dispose();
        maps = next;
      }
      return this.attnpool.forward(maps);
    });
  }
}

/** Whether a name of OpenAI's archive is not the visual tower's: the text tower, constants. */
export function isTextTower(name: string): boolean {
  return !name.startsWith(PREFIX);
}

/**
 * The visual tower of a CLIP with a ResNet: `[N, R, R, 3]` to embeddings `[N, outputSize]`, which
 * are not normalised. R is 224 for RN50. Everything but `visual.*` in a checkpoint is passed over.
 *
 * @see Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
 *   2021; names of openai/CLIP, whose RN50 is the default
 */
export class ClipResNet extends Module {
  readonly visual: VisualTower;
  /** Side of the images, in pixels. */
  readonly resolution: number;

  constructor(options: ClipResNetOptions = {}) {
    super();
    const { layers = [3, 4, 6, 3], width = 64, resolution = 224, outputSize = 1024 } = options;
    this.visual = new VisualTower({ layers, width, resolution, outputSize });
    this.resolution = resolution;
  }

  /** The network that weights belong to. @throws {ShapeError} if they are no such tower's */
  static fromState(shapes: ReadonlyMap<string, Shape>): ClipResNet {
    const [width] = shapes.get(`${PREFIX}conv3.weight`) ?? [];
    const [tokens] = shapes.get(`${PREFIX}attnpool.positional_embedding`) ?? [];
    const [outputSize] = shapes.get(`${PREFIX}attnpool.c_proj.weight`) ?? [];
    if (width === undefined || tokens === undefined || outputSize === undefined) {
      return foreignWeights("clip", shapes, "visual.conv1.weight, …, visual.attnpool.c_proj.bias");
    }
    const blocks = (stage: number) => {
      let count = 0;
      while (shapes.has(`${PREFIX}layer${stage}.${count}.conv1.weight`)) count++;
      return count;
    };
    const layers = [blocks(1), blocks(2), blocks(3), blocks(4)] as const;
    const resolution = STRIDE * Math.round(Math.sqrt(tokens - 1));
    return new ClipResNet({ layers, width, resolution, outputSize });
  }

  /** As {@link Module.load}, without the text tower. */
  override load(
    gpu: Gpu,
    tensors: ReadonlyMap<string, HostTensorLike>,
    options: LoadOptions = {},
  ): LoadReport {
    const used = [...tensors].filter(([name]) => !isTextTower(name));
    return super.load(gpu, new Map(used), options);
  }

  /** @throws {ShapeError} unless the input is `[N, R, R, 3]` */
  forward(input: Tensor): Tensor {
    requireImages("clip", input.shape, { size: this.resolution });
    return this.visual.forward(input);
  }
}
