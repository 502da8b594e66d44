// What an EfficientNet consists of: B0's table, how a width multiplier changes it, and what its
// tensors are called.

import { ShapeError } from "@fauxgrad/tensor";

/** One row of the paper's table 1: blocks of equal size, of which the first may halve the maps. */
export interface EfficientNetStage {
  /** Channels inside a block to channels that enter it; 1 leaves the expansion out. */
  readonly expansion: number;
  /** Side of the depthwise kernel. */
  readonly kernelSize: 3 | 5;
  /** Of the first block. */
  readonly stride: 1 | 2;
  /** Channels that leave the blocks. */
  readonly channels: number;
  readonly blocks: number;
}

function stage(
  expansion: number,
  kernelSize: 3 | 5,
  stride: 1 | 2,
  channels: number,
  blocks: number,
): EfficientNetStage {
  return { expansion, kernelSize, stride, channels, blocks };
}

/** EfficientNet-B0's seven stages: table 1 of the paper. */
export const efficientNetStages: readonly EfficientNetStage[] = [
  stage(1, 3, 1, 16, 1),
  stage(6, 3, 2, 24, 2),
  stage(6, 5, 2, 40, 2),
  stage(6, 3, 2, 80, 3),
  stage(6, 5, 1, 112, 3),
  stage(6, 5, 2, 192, 4),
  stage(6, 3, 1, 320, 1),
];

/** Channels of the stem and of the head. */
const STEM = 32;
const HEAD = 1280;
/** Channel counts are multiples of it, and so of the number of T-GD's groups. */
const DIVISOR = 8;

/** One block: where it stands, and its sizes. */
export interface BlockPlan {
  /** From 0, through all stages. */
  readonly index: number;
  /** Of its stage, from 0. */
  readonly stage: number;
  /** In its stage, from 0. */
  readonly repeat: number;
  readonly inChannels: number;
  /** Between expansion and projection. */
  readonly width: number;
  readonly outChannels: number;
  readonly kernelSize: 3 | 5;
  readonly stride: 1 | 2;
  /** Channels of squeeze and excitation: a quarter of the block's input. */
  readonly squeezed: number;
  /** Whether the input is added to the output. */
  readonly skips: boolean;
}

/** Channels of the stem and the head, and every block. */
export interface EfficientNetPlan {
  readonly stem: number;
  readonly blocks: readonly BlockPlan[];
  readonly head: number;
  /** How many of {@link efficientNetStages}' rows there are. */
  readonly stages: number;
  /** Pixels of the image to one of the last maps, on a side. */
  readonly outputStride: number;
}

/**
 * Channels after a width multiplier: the nearest multiple of 8, but not less than nine tenths.
 *
 * @see `round_filters` in Google's and lukemelas' EfficientNet, which it matches
 */
export function scaledChannels(channels: number, widthMultiplier: number): number {
  if (widthMultiplier === 1) return channels;
  const wanted = channels * widthMultiplier;
  const nearest = Math.max(DIVISOR, Math.floor((wanted + DIVISOR / 2) / DIVISOR) * DIVISOR);
  return nearest < 0.9 * wanted ? nearest + DIVISOR : nearest;
}

/**
 * All sizes of a network.
 *
 * @throws {ShapeError} if there is no stage, a stage without blocks, channels that groups of 8 do not
 *   divide, or the multiplier is not above 0
 */
export function planEfficientNet(
  stages: readonly EfficientNetStage[] = efficientNetStages,
  widthMultiplier = 1,
): EfficientNetPlan {
  checkStages(stages, widthMultiplier);
  const stem = scaledChannels(STEM, widthMultiplier);
  const blocks: BlockPlan[] = [];
  let inChannels = stem;
  for (const [row, { expansion, kernelSize, channels, ...rest }] of stages.entries()) {
    const outChannels = scaledChannels(channels, widthMultiplier);
    for (let repeat = 0; repeat < rest.blocks; repeat++) {
      const stride = repeat === 0 ? rest.stride : 1;
      blocks.push({
        index: blocks.length,
        stage: row,
        repeat,
        inChannels,
        width: inChannels * expansion,
        outChannels,
        kernelSize,
        stride,
        squeezed: Math.max(1, Math.floor(inChannels / 4)),
        skips: stride === 1 && inChannels === outChannels,
      });
      inChannels = outChannels;
    }
  }
  // The stem halves as well.
  const outputStride = stages.reduce((product, { stride }) => product * stride, 2);
  const head = scaledChannels(HEAD, widthMultiplier);
  return { stem, blocks, head, stages: stages.length, outputStride };
}

function checkStages(stages: readonly EfficientNetStage[], widthMultiplier: number): void {
  if (!(widthMultiplier > 0 && Number.isFinite(widthMultiplier))) {
    throw new ShapeError(
      `efficientnet: widthMultiplier is ${widthMultiplier}\nPass a number above 0: 1 for B0.`,
    );
  }
  const unfit = (wanted: string) => {
    const rows = stages.map(({ channels, blocks }) => `${blocks} blocks of ${channels}`);
    throw new ShapeError(
      `efficientnet: ${wanted}\n  stages  ${rows.join(", ") || "none"}\n` +
        "Pass rows as in efficientNetStages.",
    );
  };
  if (stages.length === 0) unfit("there must be a stage");
  const isCount = (count: number) => Number.isInteger(count) && count > 0;
  if (!stages.every(({ blocks }) => isCount(blocks))) unfit("every stage must have a block");
  if (!stages.every(({ channels }) => isCount(channels / DIVISOR))) {
    unfit(`channels must be multiples of ${DIVISOR}`);
  }
  if (!stages.every(({ expansion }) => isCount(expansion))) {
    unfit("expansions must be whole numbers above 0");
  }
}

/** Names of a convolution and of the normalisation after it. */
export type UnitNames = readonly [convolution: string, norm: string];

/** What the layers of a block are called, within the block. */
export interface BlockNames {
  readonly expand: UnitNames;
  readonly depthwise: UnitNames;
  readonly reduce: string;
  readonly excite: string;
  readonly project: UnitNames;
}

/** What the layers of a network are called. */
export interface EfficientNetNames {
  readonly stem: UnitNames;
  readonly head: UnitNames;
  readonly fc: string;
  /** The block's own name, and those of its layers. */
  block(plan: BlockPlan): readonly [name: string, layers: BlockNames];
}

const tgdLayers: BlockNames = {
  expand: ["_expand_conv", "_gn0"],
  depthwise: ["_depthwise_conv", "_gn1"],
  reduce: "_se_reduce",
  excite: "_se_expand",
  project: ["_project_conv", "_gn2"],
};

/**
 * T-GD's names. Those of lukemelas/EfficientNet-PyTorch, which it was made from, are the same but for
 * the normalisations: `_bn0`, `_bn1`, `_bn2`.
 */
export const tgdNames: EfficientNetNames = {
  stem: ["_conv_stem", "_gn0"],
  head: ["_conv_head", "_gn1"],
  fc: "_fc",
  block: ({ index }) => [`_blocks.${index}`, tgdLayers],
};

/** torchvision's names: a block without expansion counts its layers from one less. */
export function torchvisionNames({ stages }: Pick<EfficientNetPlan, "stages">): EfficientNetNames {
  return {
    stem: ["features.0.0", "features.0.1"],
    head: [`features.${stages + 1}.0`, `features.${stages + 1}.1`],
    fc: "classifier.1",
    block({ stage, repeat, width, inChannels }) {
      const first = width === inChannels ? 0 : 1;
      const unit = (place: number): UnitNames => [`block.${place}.0`, `block.${place}.1`];
      const layers: BlockNames = {
        expand: unit(0),
        depthwise: unit(first),
        reduce: `block.${first + 1}.fc1`,
        excite: `block.${first + 1}.fc2`,
        project: unit(first + 2),
      };
      return [`features.${stage + 1}.${repeat}`, layers];
    },
  };
}

/** The convolutions of a network, in order, squeeze and excitation among them. */
export function convolutionNames(plan: EfficientNetPlan, names: EfficientNetNames): string[] {
  const blocks = plan.blocks.flatMap((block) => {
    const [name, { expand, depthwise, reduce, excite, project }] = names.block(block);
    const expands = block.width !== block.inChannels;
    const layers = [...(expands ? [expand[0]] : []), depthwise[0], reduce, excite, project[0]];
    return layers.map((layer) => `${name}.${layer}`);
  });
  return [names.stem[0], ...blocks, names.head[0]];
}
