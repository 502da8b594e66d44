/*
 * How many images a training step can hold at once. In T-GD's networks nothing couples the images of
 * a batch but the mean of the loss (group norm sees each alone, masks go by the image's place), so
 * that the parts' gradients add up to the batch's. The baselines have batch normalisation, which
 * sees each part alone.
 */
import {
  EfficientNet,
  type EfficientNetPlan,
  ForensicTransfer,
  planEfficientNet,
  resnetBlocks,
  SmallCnn,
} from "@fauxgrad/models";
import { type MemoryLimits, type PartPlan, planParts, type StepMemory } from "@fauxgrad/training";
import { describeNetwork } from "./networks.ts";
import type { TgdRecipe } from "./recipe.ts";

/** How a batch is cut. */
export interface TgdPartPlan extends PartPlan {
  /** For people; null where a batch is one part. */
  readonly notice: string | null;
}

const FLOAT = 4;

/** Elements that one image makes: of all convolutions together, and of the largest one. */
export interface Activations {
  readonly convolutions: number;
  readonly largest: number;
}

const half = (length: number) => Math.ceil(length / 2);

/** Of T-GD's EfficientNet, from its plan. Default: B0's. */
export function efficientNetActivations(
  side: number,
  { stem, blocks, head }: EfficientNetPlan = planEfficientNet(),
): Activations {
  let length = half(side);
  const maps = [length ** 2 * stem];
  for (const { inChannels, width, outChannels, stride } of blocks) {
    if (width !== inChannels) maps.push(length ** 2 * width);
    length = stride === 2 ? half(length) : length;
    maps.push(length ** 2 * width, length ** 2 * outChannels);
  }
  maps.push(length ** 2 * head);
  return ofMaps(maps);
}

/** Of ResNeXt-50 32×4d. */
export function resnextActivations(side: number): Activations {
  let length = half(side);
  const maps = [length ** 2 * 64];
  length = half(length);
  resnetBlocks.resnext50_32x4d.forEach((blocks, stage) => {
    const width = 128 * 2 ** stage;
    for (let block = 0; block < blocks; block += 1) {
      const before = length;
      if (stage > 0 && block === 0) length = half(length);
      maps.push(before ** 2 * width, length ** 2 * width, length ** 2 * 2 * width);
      if (block === 0) maps.push(length ** 2 * 2 * width);
    }
  });
  return ofMaps(maps);
}

/** Of ForensicTransfer: encoder, and the decoder with the enlarged maps before its convolutions. */
function forensicActivations(side: number): Activations {
  const channels = [8, 16, 32, 64, 128];
  const encoder = channels.map((count, i) => (side / 2 ** i) ** 2 * count);
  const decoder = encoder.slice(0, -1).flatMap((elements) => [2 * elements, elements]);
  return ofMaps([...encoder, ...decoder, side ** 2 * 3]);
}

/** Of the small network. */
function smallCnnActivations(side: number, width: number): Activations {
  const maps = [1, 2, 4, 8].map((factor) => Math.ceil(side / (2 * factor)) ** 2 * width * factor);
  return ofMaps(maps);
}

function ofMaps(maps: readonly number[]): Activations {
  const convolutions = maps.reduce((sum, elements) => sum + elements, 0);
  return { convolutions, largest: Math.max(...maps) };
}

/** What an image needs in a network, and how many arrays of its activations' size are held. */
interface ImageMemory {
  readonly activations: Activations;
  /** For the backward pass, on average. */
  readonly copies: number;
}

function imageMemory(network: ReturnType<typeof describeNetwork>, side: number): ImageMemory {
  if (network instanceof ForensicTransfer) {
    return { copies: 4, activations: forensicActivations(side) };
  }
  if (network instanceof SmallCnn) {
    return { copies: 4, activations: smallCnnActivations(side, network.width) };
  }
  return network instanceof EfficientNet
    ? { copies: 4.5, activations: efficientNetActivations(side, network.plan) }
    : { copies: 4, activations: resnextActivations(side) };
}

/** Whether the parts of a batch do not add up to it. */
function isBatchNormalised(recipe: TgdRecipe): boolean {
  return [...describeNetwork(recipe).expectedState().keys()].some((name) =>
    name.endsWith("running_mean"),
  );
}

/** Student, gradient, momentum, standardised weights and their gradients. */
const STUDENT_COPIES = 5;
/** Adam's second moment. */
const ADAM_COPIES = 1;
/** Teacher and its standardised weights. */
const TEACHER_COPIES = 2;

/**
 * What a step of a recipe needs, its network's width and stages considered.
 *
 * @throws {UsageError} if an option of the network is unknown or out of range
 */
export function stepMemory(recipe: TgdRecipe): StepMemory {
  const network = describeNetwork(recipe);
  const { copies, activations } = imageMemory(network, recipe.augmentation.size);
  const { convolutions, largest } = activations;
  const { regularization, optimizer } = recipe;
  const weightCopies =
    STUDENT_COPIES +
    (optimizer.kind === "adam" ? ADAM_COPIES : 0) +
    (regularization === null ? 0 : TEACHER_COPIES) +
    (regularization?.startingPoint === "fixed" ? 1 : 0);
  return {
    fixed: network.numParameters() * FLOAT * weightCopies,
    image: convolutions * FLOAT * copies,
    largest: largest * FLOAT,
  };
}

/**
 * Images at once: all of a batch if the device holds them, else the fewest equal parts that do.
 *
 * @param wanted images at once where the user decides; it is not made smaller
 * @throws {DeviceError} if a single image is too large
 * @throws {UsageError} if an option of the network is unknown or out of range
 */
export function planTgdParts(
  recipe: TgdRecipe,
  limits: MemoryLimits,
  wanted?: number,
): TgdPartPlan {
  const { batchSize, augmentation } = recipe;
  const request = { batchSize, side: augmentation.size, wanted };
  const plan = planParts(request, stepMemory(recipe), limits);
  const { parts, microBatch } = plan;
  if (parts === 1) return { ...plan, notice: null };
  const cut = `A batch of ${batchSize} is cut into ${parts} parts of at most ${microBatch} images`;
  const notice = isBatchNormalised(recipe)
    ? `${cut}. Batch normalisation sees each part alone: its moments are over ${microBatch} ` +
      `images, and the running ones are updated ${parts} times a step.`
    : `${cut}, whose gradients add up to those of the whole batch.`;
  return { ...plan, notice };
}
