// Reads `detectors.json`: everything is checked, and an error names the place.

import type { ModelOptions } from "@fauxgrad/models";
import { CheckpointError } from "@fauxgrad/models/checkpoint";
import { type NormalizationName, normalizations } from "@fauxgrad/models/transforms";
import {
  type DetectorList,
  type Familiarity,
  LIST_FILE,
  LIST_VERSION,
  type ListedCalibration,
  type ListedDetector,
  type NetworkFile,
  type StatisticRange,
  type TrainingFacts,
  type WeightsFile,
} from "./detector-list.ts";
import { type StatisticName, statisticNames } from "./image-statistics.ts";

/** A value of the file, and its place. */
class Place {
  readonly #path: string;
  readonly value: unknown;

  constructor(path: string, value: unknown) {
    this.#path = path;
    this.value = value;
  }

  wrong(wanted: string): CheckpointError {
    const found = JSON.stringify(this.value)?.slice(0, 80) ?? "missing";
    return new CheckpointError(
      `${LIST_FILE}: ${this.#path} is ${found}, not ${wanted}\n` +
        "Take the file that belongs to these weights, or pack them again.",
    );
  }

  at(name: string): Place {
    return new Place(`${this.#path}.${name}`, this.record()[name]);
  }

  record(): Readonly<Record<string, unknown>> {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.wrong("an object");
    }
    return value as Readonly<Record<string, unknown>>;
  }

  list(): Place[] {
    if (!Array.isArray(this.value) || this.value.length === 0) throw this.wrong("a filled list");
    return this.value.map((each, i) => new Place(`${this.#path}[${i}]`, each));
  }

  text(pattern = /./): string {
    const { value } = this;
    if (typeof value !== "string" || !pattern.test(value)) {
      throw this.wrong(pattern.source === "." ? "a text" : `a text like ${pattern.source}`);
    }
    return value;
  }

  number(isRight: (value: number) => boolean = Number.isFinite, wanted = "a number"): number {
    const { value } = this;
    if (typeof value !== "number" || !isRight(value)) throw this.wrong(wanted);
    return value;
  }

  positiveInteger(): number {
    const isRight = (value: number) => Number.isSafeInteger(value) && value > 0;
    return this.number(isRight, "a whole number from 1");
  }

  share(): number {
    return this.number((value) => value >= 0 && value <= 1, "a share from 0 to 1");
  }

  oneOf<Word extends string | number>(words: readonly Word[]): Word {
    const found = words.find((word) => word === this.value);
    if (found === undefined) throw this.wrong(`one of ${words.join(", ")}`);
    return found;
  }
}

/**
 * The list in a file's bytes.
 *
 * @throws {CheckpointError} if it is none, naming the place where it is not
 */
export function readDetectorList(bytes: Uint8Array): DetectorList {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new CheckpointError(
      `${LIST_FILE} is no JSON\nTake the file that belongs to these weights, or pack them again.`,
      { cause },
    );
  }
  const root = new Place("$", value);
  const detectors = root.at("detectors").list().map(readDetector);
  const names = detectors.map(({ name }) => name);
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0) throw root.at("detectors").list()[twice]!.at("name").wrong("a name of its own");
  return {
    version: root.at("version").oneOf([LIST_VERSION]),
    crop: root.at("crop").positiveInteger(),
    defaults: root
      .at("defaults")
      .list()
      .map((place) => place.oneOf(names)),
    detectors,
    familiarity: readFamiliarity(root.at("familiarity")),
  };
}

function readDetector(place: Place): ListedDetector {
  const base = {
    name: place.at("name").text(/^[a-z0-9][a-z0-9-]*$/),
    title: place.at("title").text(),
    card: place.at("card").text(),
    calibration: readCalibration(place.at("calibration")),
    threshold: place.at("threshold").share(),
    training: readFacts(place.at("training")),
  };
  const kind = place.at("kind").oneOf(["lgrad", "tgd", "plain", "spectrum"] as const);
  if (kind === "spectrum") {
    return { ...base, kind, coefficients: readFile(place.at("coefficients")) };
  }
  const classifier = readNetwork(place.at("classifier"));
  if (kind === "plain") return { ...base, kind, classifier };
  if (kind === "lgrad") {
    return { ...base, kind, classifier, transformation: readNetwork(place.at("transformation")) };
  }
  const names = Object.keys(normalizations) as NormalizationName[];
  const normalization = place.at("normalization").oneOf([...names, "none"] as const);
  return { ...base, kind, classifier, normalization };
}

function readNetwork(place: Place): NetworkFile {
  return {
    network: place.at("network").text(),
    settings: readSettings(place.at("settings")),
    ...readFile(place),
  };
}

function readFile(place: Place): WeightsFile {
  return {
    file: place.at("file").text(/^[\w.-]+$/),
    sha256: place.at("sha256").text(/^[0-9a-f]{64}$/),
    bytes: place.at("bytes").positiveInteger(),
  };
}

function readSettings(place: Place): ModelOptions {
  const settings = place.record();
  for (const name of Object.keys(settings)) {
    const each = place.at(name);
    if (["number", "boolean", "string"].includes(typeof each.value)) continue;
    throw each.wrong("a number, a switch or a word");
  }
  return settings as ModelOptions;
}

function readFacts(place: Place): TrainingFacts {
  const facts = place.record();
  for (const name of Object.keys(facts)) {
    const each = place.at(name);
    if (!["number", "string"].includes(typeof each.value)) throw each.wrong("a number or a text");
  }
  return facts as TrainingFacts;
}

function readCalibration(place: Place): ListedCalibration {
  return {
    method: place.at("method").oneOf(["platt", "temperature"] as const),
    scale: place.at("scale").number(),
    shift: place.at("shift").number(),
  };
}

function readFamiliarity(place: Place): Familiarity {
  const ranges = place.at("ranges");
  const entries = statisticNames.map((name): [StatisticName, StatisticRange] => [
    name,
    { low: readBound(ranges.at(name).at("low")), high: readBound(ranges.at(name).at("high")) },
  ]);
  return {
    ranges: Object.fromEntries(entries) as Record<StatisticName, StatisticRange>,
    tail: place.at("tail").share(),
    images: place.at("images").positiveInteger(),
    validationShare: place.at("validationShare").share(),
  };
}

function readBound(place: Place): number | null {
  return place.value === null ? null : place.number();
}
