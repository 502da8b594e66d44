/*
 * The files that describe T-GD's tables: `experiments/tgd/*.json`. A training names what it begins
 * from, so that chains of transfers need nothing else; a cell names the trainings that it shows.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import {
  type RecipeNetworkName,
  type RecipePreset,
  recipeNetworkNames,
  recipePresets,
  type TransferMethod,
  tgdPaperRows,
  transferMethods,
} from "@fauxgrad/tgd";
import { fileError } from "../session/files.ts";
import { type JsonPlace, parseJson } from "./strict-json.ts";

/** Images of one generator. */
export interface TgdData {
  /** Below the root: holds train, val and test. */
  readonly folder: string;
  /** Below the root: the few images of a transfer, the two classes; null where there are none. */
  readonly few: string | null;
}

/** A pretraining, or a transfer. */
export interface TgdTraining {
  /** Key in the experiment's data. */
  readonly data: string;
  readonly preset: RecipePreset;
  /** Of a pretraining; a transfer has its source's. */
  readonly network: RecipeNetworkName | null;
  /** Key of the training that a transfer begins from; null for a pretraining. */
  readonly from: string | null;
  /** Of a transfer. */
  readonly method: TransferMethod | null;
  /** Fields of the recipe by dotted names. */
  readonly changes: Readonly<Record<string, unknown>>;
}

/** A row of the table. */
export interface TgdRow {
  readonly id: string;
  readonly label: string;
  /** `table1/tgd-b0/PGGAN/transfer`; null if the paper has none. */
  readonly paper: string | null;
  /** The trainings whose models a column shows; of several, the mean. */
  readonly cells: ReadonlyMap<string, readonly string[]>;
}

/** A table to be made. */
export interface TgdExperiment {
  /** Of its folder of results. */
  readonly name: string;
  readonly title: string;
  /** What the paper leaves open, and what was chosen. */
  readonly notes: readonly string[];
  readonly data: ReadonlyMap<string, TgdData>;
  readonly trainings: ReadonlyMap<string, TgdTraining>;
  /** Keys of the data that are tested. */
  readonly columns: readonly string[];
  readonly rows: readonly TgdRow[];
}

const FORMAT = "fauxgrad-tgd-experiment-1";
const NAME = /^[a-z0-9][a-z0-9.-]*$/;
const NAME_REMEDY = "Write small letters, digits, dots and hyphens.";

/**
 * Reads a file.
 *
 * @throws {FileError} with the file and the place in it, if anything is not as it should be
 */
export async function readTgdExperiment(file: string): Promise<TgdExperiment> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw fileError("read the experiment", file, cause);
  });
  return parseTgdExperiment(file, text);
}

/** {@link readTgdExperiment} of a text. */
export function parseTgdExperiment(file: string, text: string): TgdExperiment {
  const required = ["format", "title", "data", "trainings", "columns", "rows"] as const;
  const top = parseJson(file, text).object(required, ["notes"]);
  top.format.oneOf([FORMAT]);
  const data = new Map(top.data.entries().map(([key, place]) => [key, readData(place)]));
  const dataKeys = [...data.keys()];
  const trainings = new Map<string, TgdTraining>();
  for (const [key, place] of top.trainings.entries()) {
    if (!NAME.test(key)) throw place.error("has a name that is no folder's", NAME_REMEDY);
    // Only what stands before: so there are no circles.
    trainings.set(key, readTraining(place, dataKeys, [...trainings.keys()]));
  }
  const columns = top.columns.array().map((place) => place.oneOf(dataKeys));
  return {
    name: path.basename(file).replace(/\.json$/i, ""),
    title: top.title.string(),
    notes: top.notes?.array().map((note) => note.string()) ?? [],
    ...{ data, trainings, columns },
    rows: readRows(top.rows, columns, [...trainings.keys()]),
  };
}

function readData(place: JsonPlace): TgdData {
  const fields = place.object(["folder"], ["few"]);
  return {
    folder: folderOf(fields.folder),
    few: fields.few === undefined ? null : folderOf(fields.few),
  };
}

function readTraining(
  place: JsonPlace,
  data: readonly string[],
  before: readonly string[],
): TgdTraining {
  const fields = place.object(["data", "preset"], ["network", "from", "method", "changes"]);
  const isTransfer = fields.from !== undefined;
  if (isTransfer === (fields.network !== undefined)) {
    throw place.error("needs network or from, one of the two", "Correct it.");
  }
  if (!isTransfer && fields.method !== undefined) {
    throw fields.method.error("belongs to a transfer", "Remove it.");
  }
  return {
    data: fields.data.oneOf(data),
    preset: fields.preset.oneOf(recipePresets),
    network: fields.network?.oneOf(recipeNetworkNames) ?? null,
    from: fields.from?.oneOf(before) ?? null,
    method: isTransfer ? (fields.method?.oneOf(transferMethods) ?? "tgd") : null,
    changes: Object.fromEntries(
      fields.changes?.entries().map(([name, { value }]) => [name, value]) ?? [],
    ),
  };
}

function readRows(
  place: JsonPlace,
  columns: readonly string[],
  trainings: readonly string[],
): TgdRow[] {
  const seen = new Set<string>();
  const rows = place.array().map((each) => {
    const fields = each.object(["id", "label", "cells"], ["paper"]);
    const id = fields.id.string();
    if (!NAME.test(id)) throw fields.id.error(`is ${JSON.stringify(id)}`, NAME_REMEDY);
    if (seen.has(id)) throw each.error(`is a second row called ${id}`, "Rename one.");
    seen.add(id);
    const cells = fields.cells.entries().map(([name, cell]): [string, string[]] => {
      if (!columns.includes(name)) {
        throw cell.error("is no column", `The columns are ${columns.join(", ")}.`);
      }
      const shown = Array.isArray(cell.value) ? cell.array() : [cell];
      return [name, shown.map((key) => key.oneOf(trainings))];
    });
    if (cells.length === 0) throw fields.cells.error("is empty", "Name a column.");
    return {
      ...{ id, label: fields.label.string(), cells: new Map(cells) },
      paper: fields.paper?.oneOf(tgdPaperRows.map((row) => row.id)) ?? null,
    };
  });
  if (rows.length === 0) throw place.error("is empty", "Add a row.");
  return rows;
}

function folderOf(place: JsonPlace): string {
  const name = place.string();
  if (!path.isAbsolute(name) && !name.split(/[/\\]/).includes("..")) return name;
  throw place.error(`is ${JSON.stringify(name)}`, "Name a folder below the data's.");
}
