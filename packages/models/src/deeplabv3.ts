import {
  adaptiveAvgPool2d,
  broadcastTo,
  concat,
  type Gpu,
  interpolateBilinear,
  type Shape,
  scope,
  type Tensor,
} from "@fauxgrad/tensor";
import {
  BatchNorm2d,
  Conv2d,
  type Conv2dOptions,
  Dropout,
  type HostTensorLike,
  type LoadOptions,
  type LoadReport,
  type Member,
  Module,
} from "@fauxgrad/tensor/nn";
import { convNorm } from "./layers/conv-norm.ts";
import { foreignWeights, requireImages } from "./layers/require-images.ts";
import { ResNetBackbone, type ResNetName, sizeOf } from "./resnet.ts";

/** Dilations of the pyramid's 3×3 convolutions: section 4.1 of the paper, at output stride 8. */
const RATES = [12, 24, 36] as const;
/** Channels of the last maps, and of the head. */
const FEATURES = 2048;
const CHANNELS = 256;

/** Options of a {@link DeepLabV3}. */
export interface DeepLabV3Options {
  /** Classes, the background's among them. Default 21: Pascal VOC's. */
  readonly numClasses?: number;
}

/** Convolution, normalisation and ReLU under numbers as names, as in a `Sequential` of PyTorch. */
class Unit extends Module {
  readonly #conv: Conv2d;
  readonly #norm: BatchNorm2d;
  readonly #first: number;

  /** @param first the convolution's number */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    { first = 0, ...options }: Conv2dOptions & { readonly first?: number } = {},
  ) {
    super();
    this.#conv = new Conv2d(inChannels, outChannels, kernelSize, { ...options, bias: false });
    this.#norm = new BatchNorm2d(outChannels);
    this.#first = first;
  }

  override *members(): Iterable<readonly [string, Member]> {
    yield [`${this.#first}`, this.#conv];
    yield [`${this.#first + 1}`, this.#norm];
  }

  forward(input: Tensor): Tensor {
    return convNorm(this.#conv, this.#norm, input, true);
  }
}

/** Atrous spatial pyramid pooling: five views of the maps, near and far, side by side. */
class Pyramid extends Module {
  readonly convs: readonly Unit[];
  readonly project: Unit;
  readonly #dropout = new Dropout();

  constructor() {
    super();
    const dilated = RATES.map(
      (dilation) => new Unit(FEATURES, CHANNELS, 3, { dilation, padding: dilation }),
    );
    // The last one sees the mean of the maps: number 0 is the pool's, which has no weights.
    const pooled = new Unit(FEATURES, CHANNELS, 1, { first: 1 });
    this.convs = [new Unit(FEATURES, CHANNELS, 1), ...dilated, pooled];
    this.project = new Unit(this.convs.length * CHANNELS, CHANNELS, 1);
  }

  override *members(): Iterable<readonly [string, Member]> {
    for (const [i, unit] of this.convs.entries()) yield [`convs.${i}`, unit];
    yield ["project", this.project];
    // Without state: its name does not matter.
    yield ["dropout", this.#dropout];
  }

  forward(maps: Tensor): Tensor {
    return scope(() => {
      const views = this.convs.map((unit, i) => {
        if (i < this.convs.length - 1) return unit.forward(maps);
        const whole = unit.forward(adaptiveAvgPool2d(maps, 1));
        // Bilinear interpolation of one pixel.
        return broadcastTo(whole, [...maps.shape.slice(0, 3), CHANNELS]);
      });
      const joined = concat(views, 3);
      for (const view of views) view.dispose();
      return this.#dropout.forward(this.project.forward(joined));
    });
  }
}

/** Pyramid, one more convolution, and the classes. */
class Head extends Module {
  readonly #pyramid = new Pyramid();
  readonly #unit = new Unit(CHANNELS, CHANNELS, 3, { padding: 1, first: 1 });
  readonly #classes: Conv2d;

  constructor(numClasses: number) {
    super();
    this.#classes = new Conv2d(CHANNELS, numClasses, 1);
  }

  override *members(): Iterable<readonly [string, Member]> {
    yield ["0", this.#pyramid];
    yield* this.#unit.members();
    yield ["4", this.#classes];
  }

  forward(maps: Tensor): Tensor {
    return scope(() => this.#classes.forward(this.#unit.forward(this.#pyramid.forward(maps))));
  }
}

/** Whether a name is the auxiliary head's, which only training uses. */
export function isAuxiliaryHead(name: string): boolean {
  return name.startsWith("aux_classifier.");
}

/**
 * DeepLabV3 on a ResNet of output stride 8: `[N, H, W, 3]` to a map of logits
 * `[N, H, W, numClasses]`, torchvision's `out`. The auxiliary head is not part of it: its weights in
 * a checkpoint (`aux_classifier.*`) are passed over.
 *
 * @see Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017; names of
 *   torchvision.models.segmentation.deeplabv3_resnet50, which it matches
 */
export class DeepLabV3 extends Module {
  readonly backbone: ResNetBackbone;
  readonly classifier: Head;

  constructor(name: ResNetName = "resnet50", { numClasses = 21 }: DeepLabV3Options = {}) {
    super();
    this.backbone = new ResNetBackbone(name, { outputStride: 8 });
    this.classifier = new Head(numClasses);
  }

  /** The network that weights belong to. @throws {ShapeError} if they are no DeepLabV3's */
  static fromState(shapes: ReadonlyMap<string, Shape>): DeepLabV3 {
    const size = sizeOf(shapes, "backbone.");
    const numClasses = shapes.get("classifier.4.weight")?.[0];
    if (size?.widthMultiplier !== 1 || numClasses === undefined) {
      return foreignWeights("deeplabv3", shapes, "backbone.conv1.weight, …, classifier.4.bias");
    }
    return new DeepLabV3(size.name, { numClasses });
  }

  /** As {@link Module.load}, without the auxiliary head. */
  override load(
    gpu: Gpu,
    tensors: ReadonlyMap<string, HostTensorLike>,
    options: LoadOptions = {},
  ): LoadReport {
    const used = [...tensors].filter(([name]) => !isAuxiliaryHead(name));
    return super.load(gpu, new Map(used), options);
  }

  /** @throws {ShapeError} unless the input is `[N, H, W, 3]` */
  forward(input: Tensor): Tensor {
    requireImages("deeplabv3", input.shape);
    const [, height = 1, width = 1] = input.shape;
    return scope(() => {
      const maps = this.backbone.features(input);
      const logits = this.classifier.forward(maps);
      maps.dispose();
      return interpolateBilinear(logits, [height, width]);
    });
  }
}
