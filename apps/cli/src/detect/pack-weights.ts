// From the folder of a training to the files that are shipped.

import {
  type ListedDetector,
  type NetworkFile,
  sha256Of,
  type TrainingFacts,
  toPalettes,
  type WeightsFile,
} from "@fauxgrad/detectors";
import {
  type Checkpoint,
  fromFloat32,
  type HostTensor,
  readCheckpoint,
  toFloat32,
  writeSafetensors,
} from "@fauxgrad/models/checkpoint";
import { modelTensors } from "@fauxgrad/training";
import { readWholeFile } from "../session/files.ts";
import { findNetwork } from "../session/network.ts";
import { FileError } from "../terminal/errors.ts";
import { modelFileOf, readModel } from "../tgd/model-file.ts";
import { readRunOptions } from "../training/run-options.ts";
import { isNsfwjs, type ShipEntry } from "./ship-spec.ts";

/** A detector's files, and what is known about its training. */
export interface PackedDetector {
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Of each file. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly networks: ListedNetworks;
  readonly facts: TrainingFacts;
}

/** The part of a listed detector that tells its networks. */
export type ListedNetworks = ListedDetector extends infer Each
  ? Each extends ListedDetector
    ? Omit<Each, "name" | "title" | "card" | "calibration" | "threshold" | "training">
    : never
  : never;

type Facts = Record<string, string | number>;

/**
 * Reads a training's best weights and makes the files of them: float16 but for what has one
 * dimension, scales, biases and running variances, which are few and may be large or tiny.
 *
 * @throws {FileError} if a folder holds no finished training
 */
export async function packDetector(entry: ShipEntry): Promise<PackedDetector> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const hashes = new Map<string, string>();
  const add = async (
    file: string,
    tensors: ReadonlyMap<string, HostTensor>,
  ): Promise<WeightsFile> => {
    const bytes = new Uint8Array(writeSafetensors(tensors, new Map([["detector", entry.name]])));
    const sha256 = await sha256Of(bytes);
    files.set(file, bytes);
    hashes.set(file, sha256);
    return { file, sha256, bytes: bytes.length };
  };
  const { networks, facts } = await packKind(entry, add);
  return { files, hashes, networks, facts };
}

type AddFile = (file: string, tensors: ReadonlyMap<string, HostTensor>) => Promise<WeightsFile>;
type Packed = Pick<PackedDetector, "networks" | "facts">;

function packKind(entry: ShipEntry, add: AddFile): Promise<Packed> {
  switch (entry.kind) {
    case "lgrad":
      return packLgrad(entry, add);
    case "tgd":
      return packTgd(entry, add);
    case "plain":
      return packPlain(entry, add);
    case "spectrum":
      return packSpectrum(entry, add);
    default:
      return entry.kind satisfies never;
  }
}

async function packLgrad(entry: ShipEntry, add: AddFile): Promise<Packed> {
  const { network, tensors, facts: told } = await transformationOf(entry);
  const weights = await add(`${entry.name}-transformation.safetensors`, tensors);
  const { classifier, facts } = await packClassifier(entry, add);
  const transformation: NetworkFile = { network, settings: {}, ...weights };
  return {
    networks: { kind: "lgrad", transformation, classifier },
    facts: { transformation: network, ...prefixed("transformation", told), ...facts },
  };
}

/** What a shipped transformation model is. */
interface Transformation {
  readonly network: string;
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly facts: Facts;
}

async function transformationOf({ transformation }: ShipEntry): Promise<Transformation> {
  if (transformation === null) throw new Error("transformationOf: there is none");
  if (isNsfwjs(transformation)) {
    const network = "inception_v3_nsfwjs";
    const [, blocks] = transformation.split(":");
    const { source } = await findNetwork(network, blocks === undefined ? {} : { set: { blocks } });
    if (!("weights" in source)) throw new Error("transformationOf: the package holds weights");
    // Quantised by their authors: the same bits, in a quarter of the bytes.
    const tensors = toPalettes(new Map(source.weights));
    const cut = blocks === undefined ? {} : { blocks };
    return { network, tensors, facts: { weights: "npm package nsfwjs", ...cut } };
  }
  const found = await readBest(transformation);
  const network = metadataText(found, "model");
  if (network === null) {
    throw new FileError(
      `${transformation} is no discriminator that was trained here: its file names no model\n` +
        "Pass the folder of fauxgrad lgrad train-discriminator.",
    );
  }
  return { network, tensors: halved(found.tensors), facts: toldFacts(found) };
}

async function packPlain(entry: ShipEntry, add: AddFile): Promise<Packed> {
  const { classifier, facts } = await packClassifier(entry, add);
  return { networks: { kind: "plain", classifier }, facts };
}

async function packClassifier({ name, run }: ShipEntry, add: AddFile) {
  const found = await readBest(run);
  const options = await readRunOptions(run);
  const weights = await add(`${name}.safetensors`, halved(modelTensors(found.tensors)));
  const network = options?.network ?? "resnet50";
  const classifier: NetworkFile = { network, settings: {}, ...weights };
  const facts: Facts = { classifier: network, ...toldFacts(found) };
  if (options !== null) {
    const { optimizer, learningRate, batchSize, epochs, size, crop, seed } = options.recipe;
    Object.assign(facts, { optimizer, learningRate, batchSize, epochs, seed });
    Object.assign(facts, { side: size, trainingCrop: crop });
    if (options.classes !== null) facts["classes"] = options.classes.join(", ");
  }
  return { classifier, facts };
}

async function packTgd({ name, run }: ShipEntry, add: AddFile): Promise<Packed> {
  const { file, tensors, recipe } = await readModel({ weights: run });
  const found = readCheckpoint(await readWholeFile(file, "the weights"));
  const weights = await add(`${name}.safetensors`, halved(modelTensors(tensors)));
  const { network, augmentation, optimizer, learningRate, batchSize, duration } = recipe;
  const { stage, method, seed } = recipe;
  return {
    networks: {
      kind: "tgd",
      classifier: { network: network.name, settings: network.options, ...weights },
      normalization: augmentation.normalization,
    },
    facts: {
      ...toldFacts(found),
      ...{ stage, method, optimizer: optimizer.kind, learningRate: learningRate.base },
      ...{ batchSize, length: `${duration.count} ${duration.unit}`, seed },
    },
  };
}

async function packSpectrum({ name, run }: ShipEntry, add: AddFile): Promise<Packed> {
  const found = readCheckpoint(await readWholeFile(run, "the coefficients"));
  const coefficients = await add(`${name}.safetensors`, found.tensors);
  return { networks: { kind: "spectrum", coefficients }, facts: {} };
}

async function readBest(run: string): Promise<Checkpoint> {
  const file = await modelFileOf(run);
  return readCheckpoint(await readWholeFile(file, "the weights"));
}

/** Of matrices and kernels half the bytes; counters and what has one dimension as it is. */
export function halved(tensors: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  return new Map(
    [...tensors].map(([name, tensor]): [string, HostTensor] => {
      if (tensor.dtype !== "float32" || tensor.shape.length < 2) return [name, tensor];
      return [name, fromFloat32(toFloat32(tensor), tensor.shape, "float16")];
    }),
  );
}

function metadataText({ metadata }: Checkpoint, name: string): string | null {
  const value = (metadata as ReadonlyMap<string, unknown>).get(name);
  return typeof value === "string" ? value : null;
}

/** The epoch that was kept, and the numbers that the training wrote into its file. */
function toldFacts(found: Checkpoint): Facts {
  const facts: Facts = {};
  for (const [name, value] of found.metadata as ReadonlyMap<string, unknown>) {
    const number = typeof value === "string" && value !== "" ? Number(value) : Number.NaN;
    if (Number.isFinite(number)) facts[name === "epoch" ? "keptEpoch" : `kept ${name}`] = number;
  }
  return facts;
}

function prefixed(prefix: string, facts: Facts): Facts {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [`${prefix} ${name}`, value]),
  );
}
