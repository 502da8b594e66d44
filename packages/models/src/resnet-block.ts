import { scope, type Tensor } from "@fauxgrad/tensor";
import {
  BatchNorm2d,
  Conv2d,
  constant,
  GroupNorm,
  type Initializer,
  kaimingNormal,
  Module,
  Sequential,
} from "@fauxgrad/tensor/nn";
import { convNorm, type Norm } from "./layers/conv-norm.ts";
import { StandardizedConv2d } from "./layers/standardized-conv2d.ts";

/** Channels that leave a block to the planes of its stage. */
export const EXPANSION = 4;

/**
 * Which form: torchvision's, with batch normalisation, or T-GD's, whose weights are standardised and
 * whose maps are normalised in 8 groups, by layers that are called `bn` all the same.
 */
export type ResNetForm = "torchvision" | "tgd";

/** T-GD's groups of every group norm. */
const NORM_GROUPS = 8;

/** What the forms are made of. */
const PARTS = {
  torchvision: {
    Convolution: Conv2d,
    norm: (channels: number, init: Initializer): Norm => new BatchNorm2d(channels, { init }),
  },
  tgd: {
    Convolution: StandardizedConv2d,
    norm: (channels: number, init: Initializer): Norm =>
      new GroupNorm(NORM_GROUPS, channels, { init }),
  },
} as const;

/** Stride and dilation of a block's 3×3 convolution. */
export interface BlockGeometry {
  readonly stride: number;
  readonly dilation: number;
}

/** torchvision's: `N(0, 2 / fanOut)`. */
const init = kaimingNormal({ mode: "fanOut", nonlinearity: "relu" });

/** The convolutions and normalisations of one form. */
export class Units {
  readonly #form: ResNetForm;
  readonly #lastWeight: Initializer;

  /**
   * @param zeroInitResidual whether the last normalisation of every block begins with a weight of 0,
   *   so that the block is its shortcut at first; torchvision's `zero_init_residual`
   */
  constructor(form: ResNetForm, zeroInitResidual = false) {
    this.#form = form;
    this.#lastWeight = constant(zeroInitResidual ? 0 : 1);
  }

  /** Of odd `kernelSize`, padded so that stride 1 keeps the size. */
  convolution(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    { stride = 1, dilation = 1, groups = 1 }: Partial<BlockGeometry & { groups: number }> = {},
  ): Conv2d {
    const { Convolution } = PARTS[this.#form];
    const padding = dilation * ((kernelSize - 1) / 2);
    const options = { stride, dilation, groups, padding, bias: false, init };
    return new Convolution(inChannels, outChannels, kernelSize, options);
  }

  norm(channels: number): Norm {
    return PARTS[this.#form].norm(channels, constant(1));
  }

  /** The one that ends a block's residual branch. */
  lastNorm(channels: number): Norm {
    return PARTS[this.#form].norm(channels, this.#lastWeight);
  }
}

/** Sizes of a bottleneck. */
export interface BottleneckSizes {
  readonly inChannels: number;
  /** Of the stage. */
  readonly planes: number;
  /** Channels inside, of which the 3×3 convolution has `groups`. */
  readonly width: number;
  readonly groups: number;
}

/** 1×1 to `width` channels, 3×3, 1×1 to `4 · planes`; the stride is the 3×3 one's ("v1.5"). */
export class Bottleneck extends Module {
  readonly conv1: Conv2d;
  readonly bn1: Norm;
  readonly conv2: Conv2d;
  readonly bn2: Norm;
  readonly conv3: Conv2d;
  readonly bn3: Norm;
  readonly downsample: Projection | null;

  constructor(
    units: Units,
    { inChannels, planes, width, groups }: BottleneckSizes,
    geometry: BlockGeometry,
  ) {
    super();
    const outChannels = planes * EXPANSION;
    this.conv1 = units.convolution(inChannels, width, 1);
    this.bn1 = units.norm(width);
    this.conv2 = units.convolution(width, width, 3, { ...geometry, groups });
    this.bn2 = units.norm(width);
    this.conv3 = units.convolution(width, outChannels, 1);
    this.bn3 = units.lastNorm(outChannels);
    const { stride } = geometry;
    const changes = stride !== 1 || inChannels !== outChannels;
    this.downsample = changes ? new Projection(units, inChannels, outChannels, stride) : null;
  }

  forward(input: Tensor): Tensor {
    return scope(() => {
      const reduced = convNorm(this.conv1, this.bn1, input, true);
      const spatial = convNorm(this.conv2, this.bn2, reduced, true);
      reduced.dispose();
      const shortcut = this.downsample?.forward(input) ?? input;
      return convNorm(this.conv3, this.bn3, spatial, true, shortcut);
    });
  }
}

/** The identity where a block changes size or channels: named `0` and `1`. */
class Projection extends Sequential<readonly [Conv2d, Norm]> {
  readonly #conv: Conv2d;
  readonly #norm: Norm;

  constructor(units: Units, inChannels: number, outChannels: number, stride: number) {
    const conv = units.convolution(inChannels, outChannels, 1, { stride });
    const norm = units.norm(outChannels);
    super(conv, norm);
    this.#conv = conv;
    this.#norm = norm;
  }

  override forward(input: Tensor): Tensor {
    return convNorm(this.#conv, this.#norm, input, false);
  }
}
