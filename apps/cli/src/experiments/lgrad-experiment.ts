/*
 * The files that describe LGrad's tables: `experiments/lgrad/*.json`.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { paperRows, type TrainingPreset } from "@fauxgrad/lgrad";
import { type ModelName, modelNames } from "@fauxgrad/models";
import { perturbationModes as allModes, type PerturbOptions } from "../detection/perturb-images.ts";
import { fileError } from "../session/files.ts";
import { type JsonPlace, parseJson } from "./strict-json.ts";

/** A transformation model. */
export interface ExperimentModel {
  readonly network: ModelName;
  /** Names under which its weights are known; the first that is there is taken. Empty if random. */
  readonly weights: readonly string[];
  /** Seed of random weights; null if it has weights. */
  readonly randomInit: number | null;
  /** Side of its input; null for the preset's. */
  readonly size: number | null;
  readonly filter: "bilinear" | "bicubic";
  readonly set: Readonly<Record<string, string>>;
}

/** How classifiers are trained. */
export interface ExperimentTraining {
  readonly preset: TrainingPreset;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly size: number;
  readonly crop: number;
  /** Of the classifier before its first step; empty for random ones. */
  readonly weights: readonly string[];
}

/** Which images are judged. */
export interface ExperimentTest {
  /** Below the data's folder. */
  readonly folder: string;
  /** Folders in it: the columns of the table. */
  readonly columns: readonly string[];
}

/** A row of the table. */
export interface ExperimentRow {
  readonly id: string;
  readonly label: string;
  /** `table3/stylegan-bedroom-1`; null if the paper has none. */
  readonly paper: string | null;
  /** Null for a classifier of the images themselves. */
  readonly model: string | null;
  readonly classes: readonly string[];
  /** Training images, half of them real; null for all. */
  readonly images: number | null;
  readonly perturb: PerturbOptions | null;
}

/** A table to be made. */
export interface LGradExperiment {
  /** Of its folder of results. */
  readonly name: string;
  readonly title: string;
  /** What the paper leaves open, and what was chosen. */
  readonly notes: readonly string[];
  /** Below the root of the data: what holds train, val and test. */
  readonly folder: string;
  readonly models: ReadonlyMap<string, ExperimentModel>;
  readonly training: ExperimentTraining;
  readonly test: ExperimentTest;
  readonly rows: readonly ExperimentRow[];
}

const FORMAT = "fauxgrad-lgrad-experiment-1";
const NAME = /^[a-z0-9][a-z0-9.-]*$/;
const perturbationModes = allModes.filter((mode) => mode !== "none");

/**
 * Reads a file.
 *
 * @throws {FileError} with the file and the place in it, if anything is not as it should be
 */
export async function readLGradExperiment(file: string): Promise<LGradExperiment> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw fileError("read the experiment", file, cause);
  });
  return parseLGradExperiment(file, text);
}

/** {@link readLGradExperiment} of a text. */
export function parseLGradExperiment(file: string, text: string): LGradExperiment {
  const required = ["format", "title", "models", "training", "test", "rows"] as const;
  const top = parseJson(file, text).object(required, ["notes", "folder"]);
  top.format.oneOf([FORMAT]);
  const models = new Map(top.models.entries().map(([key, place]) => [key, readModel(key, place)]));
  const test = top.test.object(["folder", "columns"]);
  return {
    name: path.basename(file).replace(/\.json$/i, ""),
    title: top.title.string(),
    notes: top.notes?.array().map((note) => note.string()) ?? [],
    folder: top.folder === undefined ? "." : folderOf(top.folder),
    models,
    training: readTraining(top.training),
    test: { folder: folderOf(test.folder), columns: namesOf(test.columns) },
    rows: readRows(top.rows, models),
  };
}

function readModel(key: string, place: JsonPlace): ExperimentModel {
  if (!NAME.test(key)) throw place.error("has a name that is no folder's", NAME_REMEDY);
  const optional = ["weights", "randomInit", "size", "resize", "set"] as const;
  const fields = place.object(["network"], optional);
  const network = fields.network.oneOf(modelNames);
  const weights = fields.weights?.array().map((name) => name.string()) ?? [];
  const randomInit = fields.randomInit?.integer(0) ?? null;
  if ((weights.length === 0) === (randomInit === null)) {
    throw place.error("needs weights or randomInit, one of the two", "Correct it.");
  }
  return {
    network,
    weights,
    randomInit,
    size: fields.size?.integer(1) ?? null,
    filter: fields.resize?.oneOf(["bilinear", "bicubic"]) ?? "bilinear",
    set: Object.fromEntries(fields.set?.entries().map(([k, v]) => [k, v.string()]) ?? []),
  };
}

function readTraining(place: JsonPlace): ExperimentTraining {
  const required = ["preset", "epochs", "batchSize", "learningRate", "seed", "weights"] as const;
  const fields = place.object(required, ["size", "crop"]);
  return {
    preset: fields.preset.oneOf(["official", "paper"]),
    epochs: fields.epochs.integer(1),
    batchSize: fields.batchSize.integer(1),
    learningRate: fields.learningRate.positive(),
    seed: fields.seed.integer(0),
    size: fields.size?.integer(33) ?? 256,
    crop: fields.crop?.integer(33) ?? 224,
    weights: fields.weights.array().map((name) => name.string()),
  };
}

function readRows(place: JsonPlace, models: ReadonlyMap<string, ExperimentModel>): ExperimentRow[] {
  const seen = new Set<string>();
  const rows = place.array().map((each) => {
    const row = readRow(each, models);
    if (seen.has(row.id)) throw each.error(`is a second row called ${row.id}`, "Rename one.");
    seen.add(row.id);
    return row;
  });
  if (rows.length === 0) throw place.error("is empty", "Add a row.");
  return rows;
}

function readRow(place: JsonPlace, models: ReadonlyMap<string, ExperimentModel>): ExperimentRow {
  const optional = ["paper", "images", "perturb"] as const;
  const fields = place.object(["id", "label", "model", "classes"], optional);
  const id = fields.id.string();
  if (!NAME.test(id)) throw fields.id.error(`is ${JSON.stringify(id)}`, NAME_REMEDY);
  const model = fields.model.value === null ? null : fields.model.oneOf([...models.keys()]);
  const perturb = fields.perturb === undefined ? null : readPerturb(fields.perturb);
  if (perturb !== null && model === null) {
    throw place.error("perturbs images that have no transformation model", "Name a model.");
  }
  const paper = fields.paper?.oneOf(paperRows.map((row) => row.id)) ?? null;
  const images = fields.images?.integer(2) ?? null;
  const classes = namesOf(fields.classes);
  return { id, label: fields.label.string(), paper, model, classes, images, perturb };
}

function readPerturb(place: JsonPlace): PerturbOptions {
  const fields = place.object(["mode", "parameters", "seed"]);
  return {
    mode: fields.mode.oneOf(perturbationModes),
    parameters: fields.parameters.oneOf(["intended", "frank-script"]),
    seed: fields.seed.integer(0),
  };
}

const NAME_REMEDY = "Write small letters, digits, dots and hyphens.";

/** Names of folders. */
function namesOf(place: JsonPlace): string[] {
  const names = place.array().map((name) => folderOf(name));
  if (names.length === 0) throw place.error("is empty", "Name at least one folder.");
  if (new Set(names).size < names.length) throw place.error("names one twice", "Remove it.");
  return names;
}

function folderOf(place: JsonPlace): string {
  const name = place.string();
  const isBelow = !path.isAbsolute(name) && !name.split(/[/\\]/).includes("..");
  if (!isBelow || name.includes(",")) {
    throw place.error(`is ${JSON.stringify(name)}`, "Name a folder below the data's, no comma.");
  }
  return name;
}
