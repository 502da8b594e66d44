/*
 * The numbers as tables of text: the same for the document, the terminal and the comparison.
 */
import type { DetectorKind } from "@fauxgrad/detectors";
import type { Interval } from "@fauxgrad/training";
import type { ResultClass } from "./result-images.ts";
import type { LevelNumbers, Separation, SeparationName } from "./result-numbers.ts";
import { type Condition, nameOf } from "./score-images.ts";

/** All numbers of a detector. */
export interface DetectorResults {
  readonly name: string;
  readonly title: string;
  readonly kind: DetectorKind;
  /** The classes that it was transferred to; none if it knows the source alone. */
  readonly targets: readonly string[];
  /** Names in the registry, in the order in which an image goes through them. */
  readonly networks: readonly string[];
  /** Bytes of its weights. */
  readonly bytes: number;
  readonly threshold: number;
  readonly images: LevelNumbers;
  readonly squares: LevelNumbers;
  /** Of images after JPEG, without controls; empty where it was not measured. */
  readonly jpeg: ReadonlyMap<Condition, LevelNumbers>;
}

/** Everything that was measured. */
export interface Results {
  readonly source: string;
  readonly classes: readonly ResultClass[];
  readonly detectors: readonly DetectorResults[];
}

/** A table that the document holds between two marks. */
export interface ResultBlock {
  /** `accuracy`: of the marks. */
  readonly name: string;
  /** The head first. */
  readonly rows: readonly (readonly string[])[];
}

/** All tables, in their order. */
export function resultBlocks(results: Results): ResultBlock[] {
  return [
    detectorBlock(results),
    separationBlock("accuracy", "accuracy", results),
    separationBlock("ap", "averagePrecision", results),
    separationBlock("auroc", "rocAuc", results),
    squaresBlock(results),
    ratesBlock(results),
    hardBlock(results),
    jpegBlock("jpeg-accuracy", "accuracy", results),
    jpegBlock("jpeg-auroc", "rocAuc", results),
    transferBlock(results),
  ];
}

const NONE = "-";

/** In percent, to one decimal. */
function percent(share: number): string {
  return Number.isNaN(share) ? NONE : (100 * share).toFixed(1);
}

/** `91.3 (84.6 to 96.2)` */
function withInterval({ value, low, high }: Interval): string {
  return `${percent(value)} (${percent(low)} to ${percent(high)})`;
}

/** `91.3 / 95.0 / 94.2` */
function threeValues({ accuracy, averagePrecision, rocAuc }: Separation): string {
  return [accuracy, averagePrecision, rocAuc].map(({ value }) => percent(value)).join(" / ");
}

function gansOf({ classes }: Results): string[] {
  return classes.filter(({ kind }) => kind === "gan").map(({ name }) => name);
}

/** Those that know the source alone. */
function sourceDetectors({ detectors }: Results): DetectorResults[] {
  return detectors.filter(({ targets }) => targets.length === 0);
}

function detectorBlock({ detectors }: Results): ResultBlock {
  const head = ["detector", "name", "networks", "weights, bytes", "threshold"];
  const rows = detectors.map(({ title, name, networks, bytes, threshold }) => [
    ...[title, name, networks.join(", ") || NONE, String(bytes), threshold.toFixed(4)],
  ]);
  return { name: "detectors", rows: [head, ...rows] };
}

function separationBlock(name: string, measure: SeparationName, results: Results): ResultBlock {
  const gans = gansOf(results);
  const rows = sourceDetectors(results).map(({ title, images }) => [
    title,
    ...gans.map((gan) => cell(images.gans.get(gan)?.[measure], withInterval)),
    cell(images.others?.[measure], withInterval),
  ]);
  return { name, rows: [["images", ...gans, `mean without ${results.source}`], ...rows] };
}

function squaresBlock(results: Results): ResultBlock {
  const gans = gansOf(results);
  const rows = sourceDetectors(results).map(({ title, squares }) => [
    title,
    ...gans.map((gan) => cell(squares.gans.get(gan), threeValues)),
    cell(squares.others ?? undefined, threeValues),
  ]);
  return {
    name: "squares",
    rows: [["squares", ...gans, `mean without ${results.source}`], ...rows],
  };
}

function ratesBlock({ classes, detectors }: Results): ResultBlock {
  const rows = detectors.map(({ title, images }) => [
    title,
    ...classes.map(({ name }) => cell(images.rates.get(name), withInterval)),
  ]);
  return { name: "called-fake", rows: [["images", ...classes.map(({ name }) => name)], ...rows] };
}

function hardBlock(results: Results): ResultBlock {
  const gans = gansOf(results);
  const rows = sourceDetectors(results).map(({ title, images }) => [
    title,
    ...gans.map((gan) => cell(images.hard.get(gan), threeValues)),
  ]);
  return { name: "hard-real", rows: [["images", ...gans], ...rows] };
}

/** The source, and the mean of the others, at each quality. */
function jpegBlock(name: string, measure: SeparationName, results: Results): ResultBlock {
  const measured = results.detectors.filter(({ jpeg }) => jpeg.size > 0);
  const conditions = [...(measured[0]?.jpeg.keys() ?? [])];
  const rows = measured.flatMap(({ title, images, jpeg }) => {
    const levels = [images, ...conditions.map((condition) => jpeg.get(condition))];
    const own = levels.map((level) => level?.gans.get(results.source)?.[measure].value);
    const others = levels.map((level) => level?.others?.[measure].value);
    const shown = (values: readonly (number | undefined)[]) =>
      values.map((value) => percent(value ?? Number.NaN));
    return [
      [`${title}, ${results.source}`, ...shown(own)],
      [`${title}, mean of the others`, ...shown(others)],
    ];
  });
  return { name, rows: [["images", nameOf("clean"), ...conditions.map(nameOf)], ...rows] };
}

/** T-GD's network before and after each transfer: AUROC of every class, the targets' marked. */
function transferBlock(results: Results): ResultBlock {
  const gans = gansOf(results);
  const transferred = results.detectors.filter(({ targets }) => targets.length > 0);
  const sources = transferred.length === 0 ? [] : sourceDetectors(results);
  const before = sources.filter(({ name }) => name === "tgd");
  const rows = [...before, ...transferred].map(({ title, targets, images }) => [
    title,
    ...gans.map((gan) => {
      const shown = cell(images.gans.get(gan)?.rocAuc, withInterval);
      return targets.includes(gan) ? `**${shown}**` : shown;
    }),
  ]);
  return { name: "transfer", rows: [["images, AUROC", ...gans], ...rows] };
}

function cell<Value>(value: Value | undefined, text: (value: Value) => string): string {
  return value === undefined ? NONE : text(value);
}
