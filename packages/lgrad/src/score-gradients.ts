/*
 * LGrad's second half: a classifier with one logit on gradient images that exist already.
 */
import type { RgbImage } from "@fauxgrad/models/transforms";
import {
  adaptiveAvgPool2d,
  flatten,
  type Gpu,
  noGrad,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "@fauxgrad/tensor";
import {
  type ActivationMap,
  classActivationMap,
  RepeatedStep,
  sigmoid32,
} from "@fauxgrad/training";
import type { LGradClassifier } from "./classifier.ts";
import { type ClassifierBatch, classifierBatch } from "./classifier-input.ts";

/** What a classifier says about one gradient image. */
export interface GradientScore {
  /** Above 0: fake. */
  readonly logit: number;
  /** Of being fake: the logit's sigmoid in float32, as the original computes it. */
  readonly probability: number;
}

/** A score, and where in the gradient image it comes from. */
export interface ExplainedScore extends GradientScore {
  /**
   * Class activation map of the class fake: `mean(map) + bias = logit`, up to rounding.
   *
   * @see Zhou et al., "Learning Deep Features for Discriminative Localization", 2016
   */
  readonly map: ActivationMap;
}

/** Where red and blue are: `bgr` exchanges them, as ports that encode without the flip do. */
export type ChannelOrder = "rgb" | "bgr";

/** Logits of batches of one size, again and again: images `[N, H, W, 3]` to `[N, 1]`. */
export type RepeatedScore = RepeatedStep<Tensor, Tensor>;

/**
 * Scores gradient images as they are, without resizing: `/255`, ImageNet's normalisation, the
 * network. Each score is what it would be alone; images of several sizes run one size at a time.
 *
 * @param classifier in evaluation mode, with one output
 * @param repeated   made for the classifier; of batches that follow each other, those of one size
 *   are replayed
 * @throws {ShapeError} if the classifier has more outputs
 */
export async function scoreGradients(
  gpu: Gpu,
  classifier: LGradClassifier,
  gradients: readonly RgbImage[],
  channelOrder: ChannelOrder = "rgb",
  repeated: RepeatedScore | null = null,
): Promise<GradientScore[]> {
  requireOneLogit(classifier);
  const step = repeated ?? new RepeatedStep<Tensor, Tensor>(gpu, [classifier]);
  try {
    return await bySize(gradients, async (images) => {
      const { pixels, shape } = batchOf(images, channelOrder);
      const work = {
        inputs: () => zeros(gpu, shape),
        write: (input: Tensor) => gpu.write(input.data, pixels),
        encode: (input: Tensor) => noGrad(() => classifier.forward(input)),
      };
      const logits = await step.run(shape.join(), work, (output) => output.read());
      return Array.from(logits, scoreOf);
    });
  } finally {
    if (repeated === null) step.release();
  }
}

/**
 * Scores gradient images as {@link scoreGradients} does, each with its activation map.
 *
 * @throws {ShapeError} if the classifier has more than one output
 */
export async function explainGradients(
  gpu: Gpu,
  classifier: LGradClassifier,
  gradients: readonly RgbImage[],
  channelOrder: ChannelOrder = "rgb",
): Promise<ExplainedScore[]> {
  requireOneLogit(classifier);
  const { data: row } = await classifier.fc.weight.read();
  const weight = Float64Array.from(row, Number);
  return bySize(gradients, async (images) => {
    const { features, logits } = scope(() =>
      noGrad(() => {
        const maps = classifier.features(inputOf(gpu, images, channelOrder));
        // The network's own head, on maps that are read as well.
        const head = classifier.fc.forward(flatten(adaptiveAvgPool2d(maps, 1)));
        return { features: readMaps(maps), logits: head.read() };
      }),
    );
    const { data, width, height, channels } = await features;
    const size = width * height * channels;
    return Array.from(await logits, (logit, i) => ({
      ...scoreOf(logit),
      map: classActivationMap(
        { width, height, channels, data: data.subarray(i * size, (i + 1) * size) },
        weight,
      ),
    }));
  });
}

async function readMaps(maps: Tensor) {
  const [, height = 0, width = 0, channels = 0] = maps.shape;
  return { height, width, channels, data: await maps.read() };
}

function scoreOf(logit: number): GradientScore {
  return { logit, probability: sigmoid32([logit])[0]! };
}

function batchOf(images: readonly RgbImage[], order: ChannelOrder): ClassifierBatch {
  return classifierBatch(order === "bgr" ? images.map(exchangeRedAndBlue) : images);
}

/** `[N, H, W, 3]`, normalised. */
function inputOf(gpu: Gpu, images: readonly RgbImage[], order: ChannelOrder): Tensor {
  const { pixels, shape } = batchOf(images, order);
  return tensor(gpu, pixels, shape);
}

/** The picture with red as blue and blue as red. */
export function exchangeRedAndBlue({ width, height, data }: RgbImage): RgbImage {
  const exchanged = data.slice();
  for (let i = 0; i < data.length; i += 3) {
    exchanged[i] = data[i + 2]!;
    exchanged[i + 2] = data[i]!;
  }
  return { width, height, data: exchanged };
}

/** Results in the images' order, computed for all images of one size together. */
async function bySize<Result>(
  images: readonly RgbImage[],
  compute: (images: readonly RgbImage[]) => Promise<Result[]>,
): Promise<Result[]> {
  const groups = new Map<string, number[]>();
  for (const [i, { width, height }] of images.entries()) {
    const key = `${width} x ${height}`;
    groups.set(key, [...(groups.get(key) ?? []), i]);
  }
  const results = new Map<number, Result>();
  for (const members of groups.values()) {
    const computed = await compute(members.map((i) => images[i]!));
    for (const [at, i] of members.entries()) results.set(i, computed[at]!);
  }
  return images.map((_, i) => results.get(i)!);
}

function requireOneLogit(classifier: LGradClassifier): void {
  const [outputs] = classifier.fc.weight.shape;
  if (outputs === 1) return;
  throw new ShapeError(
    `scoreGradients: the classifier has ${outputs} outputs, LGrad's has 1\n` +
      "Pass a network with numClasses 1, and weights that were trained for it.",
  );
}
