import { adaptiveAvgPool2d, flatten, type Shape, scope, type Tensor } from "@fauxgrad/tensor";
import {
  BatchNorm2d,
  Conv2d,
  kaimingNormal,
  Linear,
  type Member,
  Module,
} from "@fauxgrad/tensor/nn";
import { convNorm } from "./layers/conv-norm.ts";
import {
  type FeatureNetwork,
  type FeatureStep,
  runFrom,
  runUpTo,
} from "./layers/feature-network.ts";
import { foreignWeights, requireImages } from "./layers/require-images.ts";

/** Channels behind the four convolutions, in multiples of the first one's. */
const FACTORS = [1, 2, 4, 8] as const;
/** Halved four times, the smallest images leave one place. */
const SMALLEST = 2 ** FACTORS.length;

const STRIDED = { stride: 2, padding: 1, bias: false } as const;
const init = kaimingNormal({ mode: "fanOut", nonlinearity: "relu" });

/** Options of a {@link SmallCnn}. */
export interface SmallCnnOptions {
  /** Outputs. Default 2: real, fake. */
  readonly numClasses?: number;
  /** Channels of the first convolution; the fourth has eight times as many. Default 24. */
  readonly width?: number;
}

/** A 3×3 convolution and its normalisation, by their names' number. */
interface Unit {
  readonly conv: Conv2d;
  readonly norm: BatchNorm2d;
}

/**
 * A plain network of four convolutions, as a baseline: `[N, H, W, 3]` to logits `[N, numClasses]`.
 * Four times a 3×3 convolution of stride 2, batch normalisation and ReLU; then the mean over all
 * places, and a linear layer. Without pools it stores a quarter of the maps that a network of stride
 * 1 does, and windows of 3 still see every pixel. Names: `conv1.weight`, `bn1.weight`, …,
 * `bn4.running_var`, `fc.weight`, `fc.bias`.
 */
export class SmallCnn extends Module implements FeatureNetwork {
  readonly fc: Linear;
  /** Channels of the first convolution. */
  readonly width: number;
  readonly #units: readonly Unit[];

  constructor({ numClasses = 2, width = 24 }: SmallCnnOptions = {}) {
    super();
    this.width = width;
    let channels = 3;
    this.#units = FACTORS.map((factor) => {
      const conv = new Conv2d(channels, factor * width, 3, { ...STRIDED, init });
      channels = factor * width;
      return { conv, norm: new BatchNorm2d(channels) };
    });
    this.fc = new Linear(channels, numClasses);
  }

  /** The network that weights belong to. @throws {ShapeError} if they are another network's */
  static fromState(shapes: ReadonlyMap<string, Shape>): SmallCnn {
    const [width, ...kernel] = shapes.get("conv1.weight") ?? [];
    const numClasses = shapes.get("fc.weight")?.[0];
    const isSmall = shapes.has("bn4.running_var") && kernel.join() === "3,3,3";
    if (!isSmall || width === undefined || numClasses === undefined) {
      return foreignWeights("small-cnn", shapes, "conv1.weight, …, bn4.running_var, fc.bias");
    }
    return new SmallCnn({ numClasses, width });
  }

  override *members(): Iterable<readonly [string, Member]> {
    for (const [i, { conv, norm }] of this.#units.entries()) {
      yield [`conv${i + 1}`, conv];
      yield [`bn${i + 1}`, norm];
    }
    yield ["fc", this.fc];
  }

  /** `conv1`, …, `conv4`: the maps behind the ReLU of each. */
  get featureLayers(): readonly string[] {
    return this.#steps().map(({ name }) => name);
  }

  /** @throws {ShapeError} unless the input is `[N, H, W, 3]` with sides of at least 16 */
  features(input: Tensor, layer?: string): Tensor {
    requireImages("small-cnn", input.shape, { smallest: SMALLEST });
    return runUpTo("small-cnn", this.#steps(), input, layer);
  }

  logits(features: Tensor, layer?: string): Tensor {
    return scope(() => {
      const maps = runFrom("small-cnn", this.#steps(), features, layer);
      return this.fc.forward(flatten(adaptiveAvgPool2d(maps, 1)));
    });
  }

  /** @throws {ShapeError} unless the input is `[N, H, W, 3]` with sides of at least 16 */
  forward(input: Tensor): Tensor {
    return scope(() => this.logits(this.features(input)));
  }

  #steps(): FeatureStep[] {
    return this.#units.map(({ conv, norm }, i) => ({
      name: `conv${i + 1}`,
      run: (input) => convNorm(conv, norm, input, true),
    }));
  }
}
