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
import { type Conv2d, type Initializer, Linear, Module, Sequential } from "@fauxgrad/tensor/nn";
import { convNorm, type Norm } from "./layers/conv-norm.ts";
import {
  type FeatureNetwork,
  type FeatureStep,
  runFrom,
  runUpTo,
} from "./layers/feature-network.ts";
import {
  type BlockGeometry,
  Bottleneck,
  EXPANSION,
  type ResNetForm,
  Units,
} from "./resnet-block.ts";

/**
 * Bottleneck blocks in the four stages: table 1 of the paper. ResNeXt's "32x4d" is
 * {@link cardinality}.
 */
export const resnetBlocks = {
  resnet50: [3, 4, 6, 3],
  resnet101: [3, 4, 23, 3],
  resnet152: [3, 8, 36, 3],
  resnext50_32x4d: [3, 4, 6, 3],
} as const satisfies Record<string, readonly [number, number, number, number]>;

/** Networks that are known. */
export type ResNetName = keyof typeof resnetBlocks;

/** Groups of the 3×3 convolutions, and channels of each in the first stage. */
function cardinality(name: ResNetName): { readonly groups: number; readonly groupWidth: number } {
  return name === "resnext50_32x4d"
    ? { groups: 32, groupWidth: 4 }
    : { groups: 1, groupWidth: PLANES[0] };
}

/** Channels in the four stages; what leaves the blocks has four times as many. */
const PLANES = [64, 128, 256, 512] as const;
/** Channel counts of a network of another width are multiples of it: T-GD's groups divide them. */
const DIVISOR = 8;

/**
 * The network's channels in a stage at a width.
 *
 * @throws {ShapeError} unless all channel counts are multiples of 8
 */
function planesOf(name: ResNetName, stage: number, widthMultiplier: number): number {
  const planes = (PLANES[stage] ?? 0) * widthMultiplier;
  const { groups, groupWidth } = cardinality(name);
  const fits = planes > 0 && Number.isInteger(planes / DIVISOR);
  if (fits && Number.isInteger(groupWidth * widthMultiplier)) return planes;
  throw new ShapeError(
    `resnet: widthMultiplier is ${widthMultiplier}, of ${name}\n` +
      `  channels  ${PLANES.map((count) => count * widthMultiplier).join(", ")}\n` +
      `  in groups ${groups} of ${groupWidth * widthMultiplier}\n` +
      `Choose one that makes multiples of ${DIVISOR} of them, such as 1 or 0.5.`,
  );
}

/** Options of a {@link ResNet}. */
export interface ResNetOptions {
  /** Default: torchvision's. */
  readonly form?: ResNetForm;
  /** Outputs. Default 1000, or 2 of T-GD's. */
  readonly numClasses?: number;
  /** Of all channel counts. Default 1: the published networks. */
  readonly widthMultiplier?: number;
  /**
   * Whether every block is its shortcut at first: torchvision's `zero_init_residual`. A network
   * without pretrained weights learns from fewer steps so. Default false.
   */
  readonly zeroInitResidual?: boolean;
  /** First weights of the last layer; default: PyTorch's. */
  readonly headInit?: Initializer;
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

type Stage = Sequential<Bottleneck[]>;

/** Options of a {@link ResNetBackbone}. */
export interface BackboneOptions
  extends Pick<ResNetOptions, "form" | "widthMultiplier" | "zeroInitResidual"> {
  /** Default 32. */
  readonly outputStride?: OutputStride;
}

/** The convolutions of a {@link ResNet}, without its head. */
export class ResNetBackbone extends Module {
  readonly conv1: Conv2d;
  readonly bn1: Norm;
  readonly layer1: Stage;
  readonly layer2: Stage;
  readonly layer3: Stage;
  readonly layer4: Stage;

  constructor(
    name: ResNetName,
    {
      outputStride = 32,
      form = "torchvision",
      widthMultiplier = 1,
      zeroInitResidual = false,
    }: BackboneOptions = {},
  ) {
    super();
    const units = new Units(form, zeroInitResidual);
    const { groups, groupWidth } = cardinality(name);
    const stem = planesOf(name, 0, widthMultiplier);
    this.conv1 = units.convolution(3, stem, 7, { stride: 2 });
    this.bn1 = units.norm(stem);
    let inChannels = stem;
    const stages = resnetBlocks[name].map((count, i) => {
      const planes = planesOf(name, i, widthMultiplier);
      const width = (planes / PLANES[0]) * groupWidth * groups;
      const [first, others] = STAGES[outputStride][i] ?? stage(1);
      const blocks = Array.from({ length: count }, (_, k) => {
        const sizes = { inChannels, planes, width, groups };
        const block = new Bottleneck(units, sizes, k === 0 ? first : others);
        inChannels = planes * EXPANSION;
        return block;
      });
      return new Sequential(...blocks);
    });
    [this.layer1, this.layer2, this.layer3, this.layer4] = stages as [Stage, Stage, Stage, Stage];
  }

  /** What makes the maps: the stem, and each block. */
  protected steps(): FeatureStep[] {
    const stages = [this.layer1, this.layer2, this.layer3, this.layer4];
    const blocks = stages.flatMap(({ layers }, i) =>
      layers.map((block, k) => ({
        name: `layer${i + 1}.${k}`,
        run: (maps: Tensor) => block.forward(maps),
      })),
    );
    return [{ name: "stem", run: (input) => this.#stem(input) }, ...blocks];
  }

  /**
   * The maps of a layer, after its activation: `stem` (behind the pool), `layer1.0`, …; by default
   * the last stage's, `[N, H/32, W/32, 2048]`, or an eighth a side.
   *
   * @throws {ShapeError} unless the input is `[N, H, W, 3]`
   * @throws {UsageError} if there is no such layer
   */
  features(input: Tensor, layer?: string): Tensor {
    if (input.shape.length !== 4 || input.shape[3] !== 3) {
      throw new ShapeError(
        `resnet: input must be images of 3 channels\n  input     ${formatShape(input.shape)}\n` +
          "  expected  [N, H, W, 3]\nPass R G B in the last axis.",
      );
    }
    return runUpTo("resnet", this.steps(), input, layer);
  }

  #stem(input: Tensor): Tensor {
    return scope(() => {
      const maps = convNorm(this.conv1, this.bn1, input, true);
      return maxPool2d(maps, { kernelSize: 3, stride: 2, padding: 1 });
    });
  }
}

/** The width of the network that weights belong to; 1 where they do not tell. */
function widthOf(shapes: ReadonlyMap<string, Shape>, prefix: string): number {
  const [stem = PLANES[0]] = shapes.get(`${prefix}conv1.weight`) ?? [];
  return stem / PLANES[0];
}

/** A network by its depth and width. */
export interface ResNetSize {
  readonly name: ResNetName;
  readonly widthMultiplier: number;
}

/** The network that weights belong to, told by its blocks and their width; null for no known one. */
export function sizeOf(shapes: ReadonlyMap<string, Shape>, prefix = ""): ResNetSize | null {
  const [width, perGroup] = shapes.get(`${prefix}layer1.0.conv2.weight`) ?? [];
  const widthMultiplier = widthOf(shapes, prefix);
  const has = (stage: number, block: number) =>
    shapes.has(`${prefix}layer${stage}.${block}.conv3.weight`);
  const names = Object.keys(resnetBlocks) as ResNetName[];
  const found = names.find((name) => {
    const { groups, groupWidth } = cardinality(name);
    const inGroup = groupWidth * widthMultiplier;
    const fits = width === groups * inGroup && perGroup === inGroup;
    return (
      fits && resnetBlocks[name].every((count, i) => has(i + 1, count - 1) && !has(i + 1, count))
    );
  });
  return found === undefined ? null : { name: found, widthMultiplier };
}

/**
 * ResNet with bottleneck blocks: `[N, H, W, 3]` to logits `[N, numClasses]`; any size from 33 pixels.
 * ResNeXt-50 has more channels in its blocks, and 3×3 convolutions in groups.
 *
 * @see He et al., "Deep Residual Learning for Image Recognition", 2016; Xie et al., "Aggregated
 *   Residual Transformations for Deep Neural Networks", 2017; names and strides of
 *   torchvision.models.resnet50 and resnext50_32x4d, which it matches
 */
export class ResNet extends ResNetBackbone implements FeatureNetwork {
  readonly fc: Linear;

  constructor(name: ResNetName = "resnet50", options: ResNetOptions = {}) {
    const { form = "torchvision", numClasses = form === "tgd" ? 2 : 1000, headInit } = options;
    const { widthMultiplier = 1, zeroInitResidual = false } = options;
    super(name, { form, widthMultiplier, zeroInitResidual });
    const inFeatures = planesOf(name, PLANES.length - 1, widthMultiplier) * EXPANSION;
    this.fc = new Linear(inFeatures, numClasses, headInit === undefined ? {} : { init: headInit });
  }

  /**
   * The network that weights belong to: depth, width and classes follow from their names and shapes.
   *
   * @throws {ShapeError} if they are no such network's
   */
  static fromState(
    shapes: ReadonlyMap<string, Shape>,
    options: Pick<ResNetOptions, "form"> = {},
  ): ResNet {
    const numClasses = shapes.get("fc.weight")?.[0];
    const size = sizeOf(shapes);
    if (size === null || numClasses === undefined) {
      const names = [...shapes.keys()].slice(0, 4).join(", ");
      throw new ShapeError(
        "resnet: the weights are not those of a ResNet with bottleneck blocks\n" +
          `  found   ${names || "nothing"}${shapes.size > 4 ? `, … (${shapes.size} in all)` : ""}\n` +
          `  known   ${Object.keys(resnetBlocks).join(", ")}\n` +
          "Pass a state dict with torchvision's names (conv1.weight, …, fc.bias).",
      );
    }
    const { name, widthMultiplier } = size;
    return new ResNet(name, { ...options, widthMultiplier, numClasses });
  }

  /** `stem`, `layer1.0`, …, `layer4.2`. */
  get featureLayers(): readonly string[] {
    return this.steps().map(({ name }) => name);
  }

  logits(features: Tensor, layer?: string): Tensor {
    return scope(() => {
      const maps = runFrom("resnet", this.steps(), features, layer);
      return this.fc.forward(flatten(adaptiveAvgPool2d(maps, 1)));
    });
  }

  forward(input: Tensor): Tensor {
    return scope(() => this.logits(this.features(input)));
  }
}
