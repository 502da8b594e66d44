import { adaptiveAvgPool2d, flatten, type Shape, scope, type Tensor } from "@fauxgrad/tensor";
import {
  BatchNorm2d,
  Conv2d,
  Dropout,
  GroupNorm,
  kaimingNormal,
  Linear,
  type Member,
  Module,
  uniform,
} from "@fauxgrad/tensor/nn";
import { type EfficientNetParts, MobileBlock, Unit } from "./efficientnet-block.ts";
import {
  type EfficientNetNames,
  type EfficientNetPlan,
  type EfficientNetStage,
  efficientNetStages,
  planEfficientNet,
  tgdNames,
  torchvisionNames,
} from "./efficientnet-table.ts";
import {
  type FeatureNetwork,
  type FeatureStep,
  runFrom,
  runUpTo,
} from "./layers/feature-network.ts";
import { foreignWeights, requireImages } from "./layers/require-images.ts";
import { StandardizedConv2d, samePadding } from "./layers/standardized-conv2d.ts";

/**
 * Which EfficientNet: T-GD's, whose weights are standardised and whose maps are normalised in groups,
 * or torchvision's, with batch normalisation.
 */
export type EfficientNetForm = "tgd" | "torchvision";

/** Rates of what is dropped while training. */
export interface DropRates {
  /** Of the pooled features, element by element. */
  readonly dropout?: number;
  /** Of the last block's residual branch; block `i` of `n` has `i / n` of it. */
  readonly dropConnect?: number;
}

/** Options of an {@link EfficientNet}. */
export interface EfficientNetOptions extends DropRates {
  /** Default: T-GD's. */
  readonly form?: EfficientNetForm;
  /** Outputs. Default 2, or 1000 of torchvision's. */
  readonly numClasses?: number;
  /** Of all channel counts; they stay multiples of 8. Default 1. */
  readonly widthMultiplier?: number;
  /** Default: B0's. */
  readonly stages?: readonly EfficientNetStage[];
  /**
   * T-GD's: groups of every group norm. Default 8, which gives the stem's 32 channels four to a group;
   * a narrower network needs fewer for that. One channel to a group would be instance normalisation,
   * behind which no map tells how strong it was.
   */
  readonly normGroups?: number;
  /** T-GD's: whether squeeze and excitation are standardised too, as the authors have it. */
  readonly standardizeSE?: boolean;
  /**
   * T-GD's: `frozen` as the authors', for even sizes; `same` as TensorFlow's, by each input's size.
   * They agree wherever maps have even sides: for images of multiples of 32. Default `frozen`.
   */
  readonly padding?: "frozen" | "same";
}

/** Any even size, of which the frozen padding is that of TensorFlow. */
const EVEN = 224;

function tgdParts({
  standardizeSE = true,
  padding = "frozen",
  normGroups = 8,
}: EfficientNetOptions): EfficientNetParts {
  const Gate = standardizeSE ? StandardizedConv2d : Conv2d;
  return {
    convolution(inChannels, outChannels, kernelSize, { stride = 1, groups = 1 } = {}) {
      const side = samePadding(EVEN, kernelSize, stride);
      return new StandardizedConv2d(inChannels, outChannels, kernelSize, {
        stride,
        groups,
        bias: false,
        padding: padding === "same" ? "same" : [...side, ...side],
      });
    },
    norm: (channels) => new GroupNorm(normGroups, channels),
    gate: (inChannels, outChannels) => new Gate(inChannels, outChannels, 1),
    classifier: (inFeatures, outFeatures) => new Linear(inFeatures, outFeatures),
  };
}

const fanOut = kaimingNormal({ mode: "fanOut", nonlinearity: "relu" });

/** torchvision's initialisation, but for biases, which start as PyTorch's defaults and not at 0. */
const torchvisionParts: EfficientNetParts = {
  convolution(inChannels, outChannels, kernelSize, { stride = 1, groups = 1 } = {}) {
    const padding = (kernelSize - 1) / 2;
    const options = { stride, groups, padding, bias: false, init: fanOut };
    return new Conv2d(inChannels, outChannels, kernelSize, options);
  },
  norm: (channels) => new BatchNorm2d(channels),
  gate: (inChannels, outChannels) => new Conv2d(inChannels, outChannels, 1, { init: fanOut }),
  classifier(inFeatures, outFeatures) {
    const bound = 1 / Math.sqrt(outFeatures);
    return new Linear(inFeatures, outFeatures, { init: uniform(-bound, bound) });
  },
};

/** What a form is made of, what it calls its layers, and what it is by default. */
function formOf(options: EfficientNetOptions, plan: EfficientNetPlan) {
  return options.form === "torchvision"
    ? { parts: torchvisionParts, names: torchvisionNames(plan), numClasses: 1000 }
    : { parts: tgdParts(options), names: tgdNames, numClasses: 2 };
}

/**
 * EfficientNet: `[N, H, W, 3]` to logits `[N, numClasses]`. B0 in the form that T-GD trains, with
 * weight standardisation and group normalisation, or in torchvision's; smaller ones by options.
 *
 * Parameters are in the order of T-GD's specification: stem, blocks, head, `_fc`.
 *
 * @see Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019;
 *   Jeon et al., "T-GD", 2020; torchvision.models.efficientnet_b0, which the second form matches
 */
export class EfficientNet extends Module implements FeatureNetwork {
  readonly form: EfficientNetForm;
  /** All sizes. */
  readonly plan: EfficientNetPlan;
  readonly blocks: readonly MobileBlock[];
  readonly dropout: Dropout;
  readonly fc: Linear;
  readonly #names: EfficientNetNames;
  readonly #stem: Unit;
  readonly #head: Unit;
  readonly #steps: readonly FeatureStep[];
  readonly #smallest: number;

  constructor(options: EfficientNetOptions = {}) {
    super();
    const { form = "tgd", stages = efficientNetStages, widthMultiplier = 1 } = options;
    const plan = planEfficientNet(stages, widthMultiplier);
    const { parts, names, numClasses } = formOf(options, plan);
    this.form = form;
    this.plan = plan;
    this.#names = names;
    const { stem, blocks, head } = plan;
    const stemConvolution = parts.convolution(3, stem, 3, { stride: 2 });
    this.#stem = new Unit(names.stem, stemConvolution, parts.norm(stem));
    this.blocks = blocks.map((block) => new MobileBlock(block, parts, names.block(block)[1]));
    const last = blocks.at(-1)?.outChannels ?? stem;
    this.#head = new Unit(names.head, parts.convolution(last, head, 1), parts.norm(head));
    this.dropout = new Dropout();
    this.fc = parts.classifier(head, options.numClasses ?? numClasses);
    // A frozen padding of an odd side of 1 leaves no place for the kernel.
    this.#smallest = form === "tgd" && options.padding !== "same" ? plan.outputStride : 1;
    this.#steps = [
      { name: "stem", run: (input) => this.#stem.forward(input, "silu") },
      ...this.blocks.map((block, i) => ({
        name: `blocks.${i}`,
        run: (maps: Tensor) => block.forward(maps),
      })),
      { name: "head", run: (maps) => this.#head.forward(maps, "silu") },
    ];
    this.setDropRates(options);
  }

  /**
   * The network that weights belong to: the number of classes follows from them, the rest from the
   * options.
   *
   * @throws {ShapeError} if they are no EfficientNet's of that form
   */
  static fromState(
    shapes: ReadonlyMap<string, Shape>,
    options: Omit<EfficientNetOptions, "numClasses"> = {},
  ): EfficientNet {
    const [fc, stem] =
      options.form === "torchvision"
        ? ["classifier.1", "features.0.0.weight"]
        : ["_fc", "_conv_stem.weight"];
    const numClasses = shapes.get(`${fc}.weight`)?.[0];
    if (numClasses === undefined || !shapes.has(stem)) {
      return foreignWeights("efficientnet", shapes, `${stem}, …, ${fc}.bias`);
    }
    return new EfficientNet({ ...options, numClasses });
  }

  /** `stem`, `blocks.0`, …, `head`. */
  get featureLayers(): readonly string[] {
    return this.#steps.map(({ name }) => name);
  }

  override *members(): Iterable<readonly [string, Member]> {
    yield* this.#stem.members();
    for (const block of this.blocks) yield [this.#names.block(block.plan)[0], block];
    yield* this.#head.members();
    // Without state; its seed follows from the name.
    yield ["dropout", this.dropout];
    yield [this.#names.fc, this.fc];
  }

  /**
   * Changes what is dropped while training; by default 0.2 and 0.2. Block `i` of `n` drops its residual
   * branch with `dropConnect · i / n`, if it has a skip.
   */
  setDropRates({ dropout = 0.2, dropConnect = 0.2 }: DropRates = {}): void {
    this.dropout.p = dropout;
    for (const { dropPath, plan } of this.blocks) {
      if (dropPath !== null) dropPath.p = (dropConnect * plan.index) / this.blocks.length;
    }
  }

  /**
   * The maps of a layer after its normalisation and activation; by default the head's,
   * `[N, H/32, W/32, 1280]`.
   *
   * @throws {ShapeError} unless the input is `[N, H, W, 3]`, of 32 pixels a side or more where the
   *   padding is frozen
   */
  features(input: Tensor, layer?: string): Tensor {
    requireImages("efficientnet", input.shape, { smallest: this.#smallest });
    return runUpTo("efficientnet", this.#steps, input, layer);
  }

  logits(features: Tensor, layer?: string): Tensor {
    return scope(() => {
      const maps = runFrom("efficientnet", this.#steps, features, layer);
      const pooled = flatten(adaptiveAvgPool2d(maps, 1));
      if (maps !== features) maps.dispose();
      return this.fc.forward(this.dropout.forward(pooled));
    });
  }

  forward(input: Tensor): Tensor {
    return scope(() => this.logits(this.features(input)));
  }
}
