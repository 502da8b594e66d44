import {
  adaptiveAvgPool2d,
  flatten,
  formatShape,
  maxPool2d,
  type Shape,
  ShapeError,
  scope,
  type Tensor,
} from "@fauxgrad/tensor";
import {
  BatchNorm2d,
  Conv2d,
  type Initializer,
  kaimingNormal,
  Linear,
  Module,
  Sequential,
} from "@fauxgrad/tensor/nn";
import { addRelu, convNorm } from "./layers/conv-norm.ts";

/** Bottleneck blocks in the four stages: table 1 of the paper. */
export const resnetBlocks = {
  resnet50: [3, 4, 6, 3],
  resnet101: [3, 4, 23, 3],
  resnet152: [3, 8, 36, 3],
} as const satisfies Record<string, readonly [number, number, number, number]>;

/** Depths that are known. */
export type ResNetName = keyof typeof resnetBlocks;

/** Channels inside the blocks of the four stages; what leaves them has four times as many. */
const PLANES = [64, 128, 256, 512] as const;
const EXPANSION = 4;

/** Options of a {@link ResNet}. */
export interface ResNetOptions {
  /** Outputs. Default 1000. */
  readonly numClasses?: number;
  /** First weights of the last layer; default: PyTorch's. */
  readonly headInit?: Initializer;
}

/** Stride and dilation of a block's 3×3 convolution. */
interface BlockGeometry {
  readonly stride: number;
  readonly dilation: number;
}

/** A stage: its first block, and the others. */
type StageGeometry = readonly [first: BlockGeometry, others: BlockGeometry];

/** How many pixels of the image there are to one of the last maps. */
export type OutputStride = 32 | 8;

function stage(stride: number, firstDilation = 1, dilation = firstDilation): StageGeometry {
  return [
    { stride, dilation: firstDilation },
    { stride: 1, dilation },
  ];
}

/**
 * Halved by the first block of stages 2 to 4. At output stride 8, stages 3 and 4 dilate instead, and
 * their first blocks as much as the stage before.
 */
const STAGES: Readonly<Record<OutputStride, readonly StageGeometry[]>> = {
  32: [stage(1), stage(2), stage(2), stage(2)],
  8: [stage(1), stage(2), stage(1, 1, 2), stage(1, 2, 4)],
};

/** torchvision's: `N(0, 2 / fanOut)`. */
const init = kaimingNormal({ mode: "fanOut", nonlinearity: "relu" });

function convolution(
  inChannels: number,
  outChannels: number,
  kernelSize: number,
  { stride, dilation }: BlockGeometry = { stride: 1, dilation: 1 },
): Conv2d {
  const padding = dilation * ((kernelSize - 1) / 2);
  return new Conv2d(inChannels, outChannels, kernelSize, {
    stride,
    dilation,
    padding,
    bias: false,
    init,
  });
}

/** 1×1 to `planes` channels, 3×3, 1×1 to `4 · planes`; the stride is the 3×3 one's ("v1.5"). */
export class Bottleneck extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Projection | null;

  constructor(inChannels: number, planes: number, geometry: BlockGeometry) {
    super();
    const outChannels = planes * EXPANSION;
    this.conv1 = convolution(inChannels, planes, 1);
    this.bn1 = new BatchNorm2d(planes);
    this.conv2 = convolution(planes, planes, 3, geometry);
    this.bn2 = new BatchNorm2d(planes);
    this.conv3 = convolution(planes, outChannels, 1);
    this.bn3 = new BatchNorm2d(outChannels);
    const { stride } = geometry;
    const changes = stride !== 1 || inChannels !== outChannels;
    this.downsample = changes ? new Projection(inChannels, outChannels, stride) : null;
  }

  forward(input: Tensor): Tensor {
    return scope(() => {
      const reduced = convNorm(this.conv1, this.bn1, input, true);
      const spatial = convNorm(this.conv2, this.bn2, reduced, true);
      reduced.dispose();
      const expanded = convNorm(this.conv3, this.bn3, spatial, false);
      spatial.dispose();
      return addRelu(expanded, this.downsample?.forward(input) ?? input);
    });
  }
}

/** The identity where a block changes size or channels: named `0` and `1`. */
class Projection extends Sequential<readonly [Conv2d, BatchNorm2d]> {
  readonly #conv: Conv2d;
  readonly #norm: BatchNorm2d;

  constructor(inChannels: number, outChannels: number, stride: number) {
    const conv = convolution(inChannels, outChannels, 1, { stride, dilation: 1 });
    const norm = new BatchNorm2d(outChannels);
    super(conv, norm);
    this.#conv = conv;
    this.#norm = norm;
  }

  override forward(input: Tensor): Tensor {
    return convNorm(this.#conv, this.#norm, input, false);
  }
}

/** The convolutions of a {@link ResNet}, without its head. */
export class ResNetBackbone extends Module {
  readonly conv1 = new Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false, init });
  readonly bn1 = new BatchNorm2d(64);
  readonly layer1: Sequential<Bottleneck[]>;
  readonly layer2: Sequential<Bottleneck[]>;
  readonly layer3: Sequential<Bottleneck[]>;
  readonly layer4: Sequential<Bottleneck[]>;

  constructor(name: ResNetName, outputStride: OutputStride = 32) {
    super();
    let inChannels = 64;
    const stages = resnetBlocks[name].map((count, i) => {
      const planes = PLANES[i] ?? 0;
      const [first, others] = STAGES[outputStride][i] ?? stage(1);
      const blocks = Array.from({ length: count }, (_, k) => {
        const block = new Bottleneck(inChannels, planes, k === 0 ? first : others);
        inChannels = planes * EXPANSION;
        return block;
      });
      return new Sequential(...blocks);
    });
    [this.layer1, this.layer2, this.layer3, this.layer4] = stages as [
      Sequential<Bottleneck[]>,
      Sequential<Bottleneck[]>,
      Sequential<Bottleneck[]>,
      Sequential<Bottleneck[]>,
    ];
  }

  /**
   * The maps of the last stage: `[N, H/32, W/32, 2048]`, or an eighth a side.
   *
   * @throws {ShapeError} unless the input is `[N, H, W, 3]`
   */
  features(input: Tensor): Tensor {
    if (input.shape.length !== 4 || input.shape[3] !== 3) {
      throw new ShapeError(
        `resnet: input must be images of 3 channels\n  input     ${formatShape(input.shape)}\n` +
          "  expected  [N, H, W, 3]\nPass R G B in the last axis.",
      );
    }
    return scope(() => {
      const stem = convNorm(this.conv1, this.bn1, input, true);
      let maps = maxPool2d(stem, { kernelSize: 3, stride: 2, padding: 1 });
      stem.dispose();
      for (const stage of [this.layer1, this.layer2, this.layer3, this.layer4]) {
        const next = stage.forward(maps);
        maps.dispose();
        maps = next;
      }
      return maps;
    });
  }
}

/** The depth that weights belong to, told by the blocks that they have; null for no known one. */
export function depthOf(shapes: ReadonlyMap<string, Shape>, prefix = ""): ResNetName | null {
  const has = (stage: number, block: number) =>
    shapes.has(`${prefix}layer${stage}.${block}.conv3.weight`);
  const depth = Object.entries(resnetBlocks).find(([, blocks]) =>
    blocks.every((count, i) => has(i + 1, count - 1) && !has(i + 1, count)),
  );
  return depth === undefined ? null : (depth[0] as ResNetName);
}

/**
 * ResNet with bottleneck blocks: `[N, H, W, 3]` to logits `[N, numClasses]`; any size from 33 pixels.
 *
 * @see He et al., "Deep Residual Learning for Image Recognition", 2016; names and strides of
 *   torchvision.models.resnet50, which it matches
 */
export class ResNet extends ResNetBackbone {
  readonly fc: Linear;

  constructor(name: ResNetName = "resnet50", { numClasses = 1000, headInit }: ResNetOptions = {}) {
    super(name);
    const inFeatures = (PLANES.at(-1) ?? 0) * EXPANSION;
    this.fc = new Linear(inFeatures, numClasses, headInit === undefined ? {} : { init: headInit });
  }

  /** The network that weights belong to: depth and classes follow from their names and shapes. */
  static fromState(shapes: ReadonlyMap<string, Shape>): ResNet {
    const numClasses = shapes.get("fc.weight")?.[0];
    const depth = depthOf(shapes);
    if (depth === null || numClasses === undefined) {
      const names = [...shapes.keys()].slice(0, 4).join(", ");
      throw new ShapeError(
        "resnet: the weights are not those of a ResNet with bottleneck blocks\n" +
          `  found   ${names || "nothing"}${shapes.size > 4 ? `, … (${shapes.size} in all)` : ""}\n` +
          `  known   ${Object.keys(resnetBlocks).join(", ")}\n` +
          "Pass a state dict with torchvision's names (conv1.weight, …, fc.bias).",
      );
    }
    return new ResNet(depth, { numClasses });
  }

  forward(input: Tensor): Tensor {
    return scope(() => this.fc.forward(flatten(adaptiveAvgPool2d(this.features(input), 1))));
  }
}
