// The sizes of a discriminator: written down, or read off the shapes of its weights.

import { formatShape, type Shape, ShapeError, UsageError } from "@fauxgrad/tensor";

/** Sizes that a discriminator can be made from. */
export interface DiscriminatorOptions {
  /** Side of the square input: a power of two from 8 to 1024. Default 256. */
  readonly resolution?: number;
  /** Channels of the input. Default 3. */
  readonly imageChannels?: number;
  /** Size of the label of a conditional network. Default 0. */
  readonly labelSize?: number;
  /** `channels(r) = min(⌊fmapsBase / r⌋, fmapsMax)` at resolution r. */
  readonly fmapsBase?: number;
  readonly fmapsMax?: number;
  /** Whether the deviation of the minibatch is a channel of the 4×4 maps. Default true. */
  readonly stddevChannel?: boolean;
}

/** The sizes of a discriminator of any of the three families. */
export interface Architecture {
  readonly resolution: number;
  readonly imageChannels: number;
  /** Channels of the maps of side `resolution`, `resolution / 2`, …, 4. */
  readonly channels: readonly number[];
  /** Width of the hidden dense layer. */
  readonly hidden: number;
  /** Width of the output. */
  readonly scores: number;
  readonly stddevChannel: boolean;
}

/** What differs between the families. */
export interface Family {
  readonly name: string;
  readonly fmapsBase: number;
  readonly scores: (labelSize: number) => number;
}

const SMALLEST = 8;
const LARGEST = 1024;

/** Times the maps are halved: `log2(resolution) − 2`. */
export function downsamplings({ channels }: Architecture): number {
  return channels.length - 1;
}

/** Channels of the maps after `i` halvings. */
export function channelsAt({ channels, hidden }: Architecture, i: number): number {
  return channels[i] ?? hidden;
}

/**
 * The sizes that genforce's constructors give.
 *
 * @throws {UsageError} if the resolution is no power of two from 8 to 1024, or a size is below 1
 */
export function architectureFromOptions(
  { name, fmapsBase: base, scores }: Family,
  options: DiscriminatorOptions,
): Architecture {
  const { resolution = 256, imageChannels = 3, labelSize = 0 } = options;
  const { fmapsBase = base, fmapsMax = 512, stddevChannel = true } = options;
  if (!isResolution(resolution)) {
    throw new UsageError(
      `${name}: resolution ${resolution} is not a power of two from ${SMALLEST} to ${LARGEST}\n` +
        "Choose 8, 16, 32, 64, 128, 256, 512 or 1024.",
    );
  }
  const least = { imageChannels: 1, labelSize: 0, fmapsBase: resolution, fmapsMax: 1 };
  const given = { imageChannels, labelSize, fmapsBase, fmapsMax };
  for (const [option, minimum] of Object.entries(least)) {
    const value = given[option as keyof typeof given];
    if (Number.isInteger(value) && value >= minimum) continue;
    throw new UsageError(
      `${name}: ${option} is ${value}\nPass a whole number of at least ${minimum}.`,
    );
  }
  const width = (side: number) => Math.min(Math.floor(fmapsBase / side), fmapsMax);
  const channels: number[] = [];
  for (let side = resolution; side >= 4; side /= 2) channels.push(width(side));
  return {
    resolution,
    imageChannels,
    channels,
    hidden: width(2),
    scores: scores(labelSize),
    stddevChannel,
  };
}

function isResolution(value: number): boolean {
  return value >= SMALLEST && value <= LARGEST && Number.isInteger(Math.log2(value));
}

/**
 * The sizes of the network that weights belong to, in genforce's names: the resolution follows from
 * the number of layers (`layer{2K + 1}` is the first dense one), the widths from their shapes.
 *
 * @param shapes PyTorch's shapes by name
 * @throws {ShapeError} if the names are not those of a discriminator
 */
export function architectureFromShapes(
  name: string,
  shapes: ReadonlyMap<string, Shape>,
): Architecture {
  const sizes = (layer: string): Shape => {
    const shape = shapes.get(`${layer}.weight`);
    if (shape !== undefined) return shape;
    const names = [...shapes.keys()].slice(0, 4).join(", ");
    throw new ShapeError(
      `${name}: the weights have no "${layer}.weight"\n` +
        `  found  ${names || "nothing"}${shapes.size > 4 ? `, … (${shapes.size} in all)` : ""}\n` +
        `Pass the state dict of a ${name} discriminator, with genforce's names.`,
    );
  };
  let blocks = 0;
  while (sizes(`layer${2 * blocks + 1}`).length === 4) blocks++;
  const size = (layer: string, axis: number): number => {
    const found = sizes(layer)[axis];
    if (found !== undefined) return found;
    throw new ShapeError(
      `${name}: "${layer}.weight" ${formatShape(sizes(layer))} has too few axes\n` +
        `Pass the state dict of a ${name} discriminator, with genforce's names.`,
    );
  };
  const channels = Array.from({ length: blocks + 1 }, (_, i) => size(`layer${2 * i}`, 0));
  return {
    resolution: 4 * 2 ** blocks,
    imageChannels: size("input0", 1),
    channels,
    hidden: size(`layer${2 * blocks + 1}`, 0),
    scores: size(`layer${2 * blocks + 2}`, 0),
    stddevChannel: size(`layer${2 * blocks}`, 1) === size(`layer${2 * blocks}`, 0) + 1,
  };
}
