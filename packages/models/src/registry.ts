// Every network by its name: what it is, what it takes, and how it is made. Commands and detectors
// look networks up here, so that a network that is added here is added everywhere.

import { type Gpu, type Shape, UsageError } from "@fauxgrad/tensor";
import type { HostTensorLike, Layer } from "@fauxgrad/tensor/nn";
import { type HostTensor, matchStateDict, toFloat32 } from "./checkpoint/index.ts";
import { ClipResNet } from "./clip-resnet.ts";
import { Discriminator } from "./discriminators/discriminator.ts";
import { IdinvertEncoder } from "./idinvert-encoder.ts";
import { isConstant } from "./layers/blur.ts";
import { type ModelName, modelNames } from "./model-names.ts";
import { modelTable } from "./registry-table.ts";
import type { Normalization } from "./transforms/index.ts";
import { VisionTransformer } from "./vision-transformer.ts";

/** What a network takes: images R G B, normalised as `(v / 255 − mean) / std`. */
export interface InputContract {
  /** Side of the images as the network was trained, in pixels. */
  readonly size: number;
  /** Smallest side it takes; null if it takes `size` and nothing else. */
  readonly smallest: number | null;
  readonly channels: number;
  /** Of the values after normalisation, in words: `[−1, 1]`. */
  readonly range: string;
  readonly normalization: Normalization;
}

/** An option of a network: what `--set key=value` takes. */
export interface OptionDescription {
  readonly key: string;
  /** A whole number, a switch, or one of several words. */
  readonly kind: "integer" | "boolean" | readonly string[];
  /** Of an integer: the smallest and the largest, where the network has such. */
  readonly range?: readonly [smallest: number, largest: number];
  readonly default: number | boolean | string;
  /** Whether weights decide it, so that it is for networks without weights. */
  readonly inferred: boolean;
  readonly text: string;
}

/** Options by name; strings are converted. */
export type ModelOptions = Readonly<Record<string, number | boolean | string>>;

/** What is to be known about a network. */
export interface ModelDescription {
  readonly name: ModelName;
  readonly title: string;
  /** Where it was published. */
  readonly paper: string;
  readonly input: InputContract;
  /** What LGrad sums. */
  readonly summedOutput: string;
  /** Learned values, with the default options. */
  readonly parameters: number;
  readonly options: readonly OptionDescription[];
  /** Names and PyTorch shapes of the state dict. */
  expectedKeys(options?: ModelOptions): Map<string, Shape>;
}

/** A network, still a description or on a device, in evaluation mode with frozen weights. */
export interface CreatedModel {
  readonly name: ModelName;
  readonly network: Layer;
  readonly input: InputContract;
}

/** How a network is made. */
export interface CreateModelOptions {
  /** PyTorch's shapes by a checkpoint's names: the sizes are inferred from them. */
  readonly state?: ReadonlyMap<string, Shape>;
  readonly options?: ModelOptions;
}

/** Whether there is a network of that name. */
export function isModelName(name: string): name is ModelName {
  return Object.hasOwn(modelTable, name);
}

/** @throws {UsageError} listing the names, if there is none like this */
function requireModelName(name: string): ModelName {
  if (isModelName(name)) return name;
  throw new UsageError(
    `models: there is no network called ${JSON.stringify(name)}\n` +
      `  known  ${modelNames.join(", ")}\nChoose one of these.`,
  );
}

/**
 * What is to be known about a network; needs no device.
 *
 * @throws {UsageError} if there is none of that name
 */
export function describeModel(name: string): ModelDescription {
  const known = requireModelName(name);
  const { title, paper, summedOutput, options } = modelTable[known];
  const { network, input } = createModel(known);
  return {
    name: known,
    title,
    paper,
    input,
    summedOutput,
    options,
    parameters: network.numParameters(),
    expectedKeys: (given = {}) => createModel(known, { options: given }).network.expectedState(),
  };
}

/**
 * Makes a network: put it on a device with `network.to(gpu, { seed })` or `network.load(…)`.
 *
 * @throws {UsageError} if there is none of that name, or an option is unknown or out of range
 * @throws {ShapeError} if the state is not that of such a network
 */
export function createModel(
  name: string,
  { state, options = {} }: CreateModelOptions = {},
): CreatedModel {
  const known = requireModelName(name);
  const { create, rename, inputOf, options: descriptions, input } = modelTable[known];
  const given = readOptions(known, descriptions, options, state !== undefined);
  const network = create(state === undefined ? null : renamedShapes(state, rename), given);
  network.eval().requiresGrad_(false);
  const size = sizeOf(network) ?? input.size;
  const special = state === undefined ? {} : (inputOf?.(state) ?? {});
  return { name: known, network, input: { ...input, ...special, size } };
}

function renamedShapes(
  state: ReadonlyMap<string, Shape>,
  rename: (typeof modelTable)[ModelName]["rename"],
): ReadonlyMap<string, Shape> {
  if (rename === undefined) return state;
  const shaped = new Map([...state].map(([name, shape]) => [name, { shape }]));
  return new Map([...rename(shaped)].map(([name, { shape }]) => [name, shape]));
}

/** The only side of images that a network takes; null if it takes several. */
function sizeOf(network: Layer): number | null {
  if (network instanceof Discriminator) return network.architecture.resolution;
  const isFixed =
    network instanceof ClipResNet ||
    network instanceof IdinvertEncoder ||
    network instanceof VisionTransformer;
  return isFixed ? network.resolution : null;
}

/**
 * Makes a network and puts a checkpoint's tensors on the device: in its own names or in those that
 * other projects use, in any float type, without the constants that it makes itself.
 *
 * @throws {CheckpointError} listing everything that is missing, unexpected or mis-shaped
 */
export function loadModel(
  gpu: Gpu,
  name: string,
  tensors: ReadonlyMap<string, HostTensor>,
  options: ModelOptions = {},
): CreatedModel {
  const known = requireModelName(name);
  const { rename, isUnused = false } = modelTable[known];
  const state = new Map([...tensors].map(([key, { shape }]) => [key, shape]));
  const model = createModel(known, { state, options });
  const named = rename?.(tensors) ?? tensors;
  const matched = matchStateDict(model.network.expectedState(), named, {
    ignoreUnexpected: isUnused,
    optional: isConstant,
  });
  const floats = new Map<string, HostTensorLike>();
  for (const [key, tensor] of matched) {
    const { dtype, shape } = tensor;
    const data = toFloat32(tensor);
    floats.set(key, dtype === "int64" ? tensor : { dtype: "float32", shape, data });
  }
  model.network.load(gpu, floats);
  return model;
}

function readOptions(
  name: ModelName,
  descriptions: readonly OptionDescription[],
  options: ModelOptions,
  hasState: boolean,
): ModelOptions {
  const read: Record<string, number | boolean | string> = {};
  for (const [key, value] of Object.entries(options)) {
    const description = descriptions.find((candidate) => candidate.key === key);
    if (description === undefined) {
      throw new UsageError(
        `${name}: there is no option ${JSON.stringify(key)}\n` +
          `  known  ${descriptions.map((known) => known.key).join(", ") || "none"}\n` +
          "Choose one of these.",
      );
    }
    if (hasState && description.inferred) {
      throw new UsageError(
        `${name}: ${key} follows from the weights\n  given  ${value}\nLeave ${key} out.`,
      );
    }
    read[key] = readOption(name, description, value);
  }
  return read;
}

function readOption(
  name: ModelName,
  { key, kind, range }: OptionDescription,
  value: number | boolean | string,
): number | boolean | string {
  const refuse = (advice: string): never => {
    throw new UsageError(`${name}: ${key} is ${JSON.stringify(value)}\n${advice}`);
  };
  if (kind === "integer") {
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number)) {
      return refuse("Pass a whole number.");
    }
    if (range === undefined || (number >= range[0] && number <= range[1])) return number;
    return refuse(`Pass a whole number from ${range[0]} to ${range[1]}.`);
  }
  if (kind === "boolean") {
    if (value === true || value === "true") return true;
    return value === false || value === "false" ? false : refuse("Pass true or false.");
  }
  return kind.includes(`${value}`) ? `${value}` : refuse(`Choose ${kind.join(" or ")}.`);
}
