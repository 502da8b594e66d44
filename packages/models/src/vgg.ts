import { adaptiveAvgPool2d, flatten, type Shape, scope, type Tensor } from "@fauxgrad/tensor";
import {
  ChunkedLinear,
  Conv2d,
  Dropout,
  Identity,
  kaimingNormal,
  type Layer,
  MaxPool2d,
  Module,
  normal,
  Sequential,
} from "@fauxgrad/tensor/nn";
import { foreignWeights, requireImages } from "./layers/require-images.ts";

/** Channels of the convolutions, in multiples of the first one's, between max-pools: config. D. */
const STAGES = [
  [1, 1],
  [2, 2],
  [4, 4, 4],
  [8, 8, 8],
  [8, 8, 8],
] as const;
/** Side of the maps that the classifier sees. */
const SIDE = 7;
/** Halved five times, images this small leave maps of that side. */
const SMALLEST = 32 * SIDE;

const RELU = { slope: 0 } as const;
const init = kaimingNormal({ mode: "fanOut", nonlinearity: "relu" });

/** Options of a {@link Vgg16}. */
export interface Vgg16Options {
  /** Outputs. Default 1000. */
  readonly numClasses?: number;
  /** Channels of the first convolution; the others have up to eight times as many. Default 64. */
  readonly width?: number;
  /** Features of the hidden dense layers. Default 4096. */
  readonly hidden?: number;
}

/** ReLU is part of the convolution before it; what stands in its place keeps PyTorch's numbers. */
function convolutions(width: number): Sequential {
  const layers: Layer[] = [];
  let channels = 3;
  for (const stage of STAGES) {
    for (const factor of stage) {
      const options = { padding: 1, init, activation: RELU } as const;
      layers.push(new Conv2d(channels, factor * width, 3, options), new Identity());
      channels = factor * width;
    }
    layers.push(new MaxPool2d(2, { stride: 2 }));
  }
  return new Sequential(...layers);
}

/**
 * VGG16 without batch normalisation: `[N, H, W, 3]` of at least 224 pixels a side to logits
 * `[N, numClasses]`. Maps larger than 7×7 are averaged over windows, which overlap at 256 pixels.
 * The first dense layer's weight of 392 MiB lies in chunks where the device needs that.
 *
 * @see Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
 *   2015; names of torchvision.models.vgg16, which it matches
 */
export class Vgg16 extends Module {
  readonly features: Sequential;
  readonly classifier: Sequential;

  constructor({ numClasses = 1000, width = 64, hidden = 4096 }: Vgg16Options = {}) {
    super();
    this.features = convolutions(width);
    const channels = 8 * width;
    const dense = { init: normal(0, 0.01) } as const;
    const first = { ...dense, activation: RELU, flattened: [channels, SIDE, SIDE] } as const;
    this.classifier = new Sequential(
      new ChunkedLinear(channels * SIDE * SIDE, hidden, first),
      new Identity(),
      new Dropout(),
      new ChunkedLinear(hidden, hidden, { ...dense, activation: RELU }),
      new Identity(),
      new Dropout(),
      new ChunkedLinear(hidden, numClasses, dense),
    );
  }

  /** The network that weights belong to. @throws {ShapeError} if they are no VGG16's */
  static fromState(shapes: ReadonlyMap<string, Shape>): Vgg16 {
    const width = shapes.get("features.0.weight")?.[0];
    const hidden = shapes.get("classifier.3.weight")?.[0];
    const numClasses = shapes.get("classifier.6.weight")?.[0];
    const isOther = !shapes.has("features.28.weight") || shapes.has("features.1.weight");
    if (isOther || width === undefined || hidden === undefined || numClasses === undefined) {
      return foreignWeights("vgg16", shapes, "features.0.weight, …, classifier.6.bias");
    }
    return new Vgg16({ numClasses, width, hidden });
  }

  /** @throws {ShapeError} unless the input is `[N, H, W, 3]` with sides of at least 224 */
  forward(input: Tensor): Tensor {
    requireImages("vgg16", input.shape, { smallest: SMALLEST });
    return scope(() => {
      const maps = this.features.forward(input);
      const pooled = adaptiveAvgPool2d(maps, SIDE);
      maps.dispose();
      return this.classifier.forward(flatten(pooled));
    });
  }
}
