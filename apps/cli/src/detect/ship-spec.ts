/*
 * What is to be shipped, as a person writes it: which trainings become which detectors.
 *
 *     {
 *       "defaults": ["lgrad", "tgd"],
 *       "known": ["real", "isr-gans", "realcugan"],
 *       "detectors": [
 *         { "name": "lgrad", "kind": "lgrad", "title": "LGrad", "fakes": ["isr-gans"],
 *           "transformation": "runs/discriminator", "run": "runs/lgrad",
 *           "commands": ["fauxgrad lgrad train-discriminator …", "fauxgrad lgrad train …"] }
 *       ]
 *     }
 *
 * `run` is a training's folder, or a file of weights; paths are those from the file's folder.
 * `transformation` is a discriminator's folder, or "nsfwjs" for the Inception-V3 of that package;
 * "nsfwjs:3" for its first three blocks.
 */
import path from "node:path";
import type { DetectorKind, ListedCalibration } from "@fauxgrad/detectors";
import { type JsonPlace, parseJson } from "../experiments/strict-json.ts";
import { readTextIfAny } from "../session/files.ts";
import { FileError } from "../terminal/errors.ts";

/** One detector to be shipped. */
export interface ShipEntry {
  readonly name: string;
  readonly kind: DetectorKind;
  readonly title: string;
  /** Of the training: its folder, or a file of weights. */
  readonly run: string;
  /** LGrad's transformation model, likewise, or {@link NSFWJS}; null for the other kinds. */
  readonly transformation: string | null;
  /** Classes of fake images by which the probabilities are calibrated. */
  readonly fakes: readonly string[];
  readonly calibration: ListedCalibration["method"];
  /** What was run, for the model card. */
  readonly commands: readonly string[];
  /** The model card's file name; several detectors may share one. */
  readonly card: string;
}

/** The transformation model whose weights an installed package holds. */
export const NSFWJS = "nsfwjs";

/** Whether the transformation is that package's. */
export function isNsfwjs(transformation: string): boolean {
  return transformation === NSFWJS || transformation.startsWith(`${NSFWJS}:`);
}

/** Everything that is to be shipped. */
export interface ShipSpec {
  readonly defaults: readonly string[];
  /** Classes whose images are what the detectors know; the first is that of real images. */
  readonly known: readonly string[];
  readonly detectors: readonly ShipEntry[];
}

const KINDS = ["lgrad", "tgd", "plain", "spectrum"] as const satisfies readonly DetectorKind[];

/** @throws {FileError} naming the place where the file is not right */
export async function readShipSpec(file: string): Promise<ShipSpec> {
  const text = await readTextIfAny(file);
  if (text === null) throw new FileError(`${file}: there is no such file\nWrite it first.`);
  const root = parseJson(file, text).object(["defaults", "known", "detectors"]);
  const folder = path.dirname(path.resolve(file));
  const detectors = root.detectors.array().map((place) => readEntry(place, folder));
  const names = detectors.map(({ name }) => name);
  const defaults = root.defaults.array().map((place) => place.oneOf(names));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw root.detectors.error(`has "${twice}" twice`, "Rename one.");
  return { defaults, known: textsOf(root.known), detectors };
}

function readEntry(place: JsonPlace, folder: string): ShipEntry {
  const fields = place.object(
    ["name", "kind", "title", "run", "fakes"],
    ["transformation", "calibration", "commands", "card"],
  );
  const name = fields.name.string();
  const kind = fields.kind.oneOf(KINDS);
  const { transformation } = fields;
  if ((kind === "lgrad") !== (transformation !== undefined)) {
    throw place.error(
      kind === "lgrad" ? "has no transformation" : "has a transformation",
      "LGrad has one, no other kind has.",
    );
  }
  return {
    ...{ name, kind },
    title: fields.title.string(),
    run: path.resolve(folder, fields.run.string()),
    transformation: transformation === undefined ? null : placeOf(transformation, folder),
    fakes: textsOf(fields.fakes),
    calibration: fields.calibration?.oneOf(["platt", "temperature"] as const) ?? "platt",
    commands: fields.commands === undefined ? [] : textsOf(fields.commands),
    card: fields.card?.string() ?? `${name}.md`,
  };
}

function placeOf(place: JsonPlace, folder: string): string {
  const text = place.string();
  return isNsfwjs(text) ? text : path.resolve(folder, text);
}

function textsOf(place: JsonPlace): string[] {
  return place.array().map((each) => each.string());
}
