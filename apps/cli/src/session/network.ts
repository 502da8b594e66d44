/*
 * A network by its name, with weights: from a file, from a seed, or from the npm package that ships
 * them.
 */
import {
  GradientTransformer,
  type GradientTransformerOptions,
  type WeightSource,
} from "@fauxgrad/lgrad";
import {
  type CreatedModel,
  createModel,
  describeModel,
  isModelName,
  loadModel,
  type ModelName,
  type ModelOptions,
  modelNames,
} from "@fauxgrad/models";
import { type Checkpoint, CheckpointError, readCheckpoint } from "@fauxgrad/models/checkpoint";
import { type Gpu, UsageError } from "@fauxgrad/tensor";
import { Option } from "commander";
import { CommandLineError } from "../terminal/errors.ts";
import { nearest } from "../terminal/nearest.ts";
import { parseSeed, parseSetting } from "../terminal/parse.ts";
import { readWholeFile } from "./files.ts";
import { readNsfwjsWeights } from "./nsfwjs.ts";

/** Where a network's weights come from, and what it is made with. */
export interface NetworkOptions {
  readonly weights?: string;
  readonly section?: string;
  readonly randomInit?: number;
  readonly minibatchStddev?: "per-sample" | "batch";
  readonly set?: Readonly<Record<string, string>>;
}

/** The options of every command that runs a network. */
export function networkOptions(): Option[] {
  return [
    new Option("--weights <file>", "its weights: .pth, .pt or .safetensors"),
    new Option("--section <name>", "which of several networks in the file of weights"),
    new Option("--random-init <seed>", "random weights instead, as before training")
      .argParser(parseSeed)
      .conflicts("weights"),
    new Option("--set <key=value>", "an option of the network; may be given several times")
      .argParser(parseSetting)
      .default({}, "none"),
  ];
}

/** A network by name, with weights that are still on the host. */
export interface FoundNetwork {
  readonly name: ModelName;
  readonly source: WeightSource;
  /** `random weights (seed 1)` */
  readonly origin: string;
  readonly settings: ModelOptions;
}

/** @throws {CommandLineError} if there is no network of that name, with the nearest that there is */
export function requireName(name: string): ModelName {
  if (isModelName(name)) return name;
  const guess = nearest(name, modelNames);
  throw new CommandLineError(
    `there is no network "${name}"\n  known  ${modelNames.join(", ")}\n` +
      (guess === null ? "Choose one of these." : `Did you mean ${guess}?`),
  );
}

/**
 * Complains about a network, or about options of it, before anything is opened.
 *
 * @throws {CommandLineError} if there is no such network, it has no weights, or no such option
 */
export function checkNetwork(model: string, options: NetworkOptions): ModelName {
  const name = requireName(model);
  const { weights, randomInit } = options;
  if (weights === undefined && randomInit === undefined && name !== SHIPPED) {
    throw new CommandLineError(
      `${name} has no weights\nPass --weights FILE, or --random-init SEED for random ones.`,
    );
  }
  if (weights === undefined && options.section !== undefined) {
    throw new CommandLineError("--section is for --weights\nPass --weights FILE as well.");
  }
  // Weights decide some of the options; whether the rest is right shows without them.
  if (weights === undefined) asUsage(() => createModel(name, { options: modelOptions(options) }));
  return name;
}

/** The network whose weights an installed package holds. */
const SHIPPED: ModelName = "inception_v3_nsfwjs";

/**
 * Finds a network's weights.
 *
 * @throws {CommandLineError} if there is no such network, or an option is not one of its
 * @throws {FileError} if the file of weights cannot be read
 * @throws {CheckpointError} if it is no checkpoint
 */
export async function findNetwork(model: string, options: NetworkOptions): Promise<FoundNetwork> {
  const name = checkNetwork(model, options);
  const { weights: file, randomInit } = options;
  const settings = modelOptions(options);
  if (file !== undefined) {
    const bytes = await readWholeFile(file, "the weights");
    const { tensors } = readWeights(bytes, name, options.section);
    return { name, settings, source: { weights: tensors }, origin: `weights of ${file}` };
  }
  if (randomInit !== undefined) {
    const origin = `random weights (seed ${randomInit})`;
    return { name, settings, source: { seed: randomInit }, origin };
  }
  // Its one option decides which of the weights are wanted; they tell it again.
  const { network } = createModel(name, { options: settings });
  const wanted = network.expectedState();
  const weights = new Map([...readNsfwjsWeights()].filter(([key]) => wanted.has(key)));
  const origin = "weights of the npm package nsfwjs";
  return { name, settings: {}, source: { weights }, origin };
}

/**
 * Puts a network on the device.
 *
 * @throws {CheckpointError} listing everything in which the weights do not fit
 */
export function loadNetwork(gpu: Gpu, { name, source, settings }: FoundNetwork): CreatedModel {
  return asUsage(() => {
    if ("weights" in source) return loadModel(gpu, name, source.weights, settings);
    const created = createModel(name, { options: settings });
    created.network.to(gpu, { seed: source.seed });
    return created;
  });
}

/**
 * Puts a network on the device, for gradients of images.
 *
 * @param options side and filter of the images
 * @throws {CheckpointError} listing everything in which the weights do not fit
 * @throws {CommandLineError} if the network does not take that size
 */
export function loadTransformer(
  gpu: Gpu,
  { name, source, settings }: FoundNetwork,
  options: Pick<GradientTransformerOptions, "size" | "filter"> = {},
): GradientTransformer {
  return asUsage(() =>
    GradientTransformer.create(gpu, name, source, { ...options, model: settings }),
  );
}

/**
 * The weights in a file. genforce's files hold a generator and a discriminator; where the network is
 * a discriminator, it is clear which one is meant.
 */
function readWeights(
  bytes: Uint8Array<ArrayBuffer>,
  name: ModelName,
  section: string | undefined,
): Checkpoint {
  if (section !== undefined) return readCheckpoint(bytes, { section });
  try {
    return readCheckpoint(bytes);
  } catch (error) {
    if (!(error instanceof CheckpointError) || !isDiscriminator(name)) throw error;
    try {
      return readCheckpoint(bytes, { section: "discriminator" });
    } catch {
      throw error;
    }
  }
}

function isDiscriminator(name: ModelName): boolean {
  return describeModel(name).options.some(({ key }) => key === "minibatchStddev");
}

function modelOptions({ minibatchStddev, set = {} }: NetworkOptions): ModelOptions {
  return minibatchStddev === undefined ? set : { ...set, minibatchStddev };
}

/** A wrong option was written on the command line. */
function asUsage<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof UsageError) throw new CommandLineError(cause.message, { cause });
    throw cause;
  }
}
