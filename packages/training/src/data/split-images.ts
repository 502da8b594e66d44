/*
 * Which image goes into which split: a function of names and a seed, never of the order in which a
 * folder was listed. Images of one photograph or person stay together.
 */
import { randomFor } from "../random/index.ts";
import { byCodeUnits } from "./folder-tree.ts";
import type { TreeImage } from "./labelled-tree.ts";
import type { Split } from "./layouts.ts";

/** What keeps images together: the name without its extension, the folder, nothing, or a pattern. */
export type Grouping = "stem" | "folder" | "file" | RegExp;

/** How {@link splitImages} divides. */
export interface SplitOptions {
  readonly seed: number;
  readonly grouping?: Grouping;
  /** Shares, of any sum; or images of each class and generator, the rest unused. */
  readonly by: { readonly ratios: Shares } | { readonly counts: Shares };
}

/** A number for each split. */
export type Shares = Readonly<Record<Split, number>>;

// The test split first: it stays as it is when more images are asked for in training.
const ORDER: readonly Split[] = ["test", "val", "train"];

/** Images that stay together. */
interface Unit {
  readonly key: string;
  readonly rank: number;
  readonly images: TreeImage[];
  /** Which classes and generators it has images of. */
  cells: string;
}

/**
 * The key of an image: images with one key stay in one split.
 *
 * @throws {RangeError} if a pattern does not match
 */
export function groupingKey({ path, below }: TreeImage, grouping: Grouping): string {
  const name = path.slice(path.lastIndexOf("/") + 1).normalize("NFC");
  if (grouping === "file") return path.normalize("NFC");
  if (grouping === "stem") return name.replace(/(?!^)\.[^.]*$/, "");
  if (grouping === "folder") {
    const folder = below.slice(0, Math.max(0, below.lastIndexOf("/")));
    if (folder !== "") return folder.normalize("NFC");
    throw new RangeError(
      `splitImages: ${path} lies directly in its class folder\n` +
        "To group by folders, give each photograph or person a folder below the class.",
    );
  }
  const match = grouping.exec(path.normalize("NFC"));
  if (match !== null) return match[1] ?? match[0];
  throw new RangeError(
    `splitImages: ${path} does not match ${grouping}\n` +
      "Pass a pattern that finds the photograph or person in every path.",
  );
}

/**
 * A place in [0, 1) for a key, the same on every machine and whatever else is in the data set.
 *
 * @param purpose `split`, `sample`: one does not follow the other
 */
export function keyRank(seed: number, purpose: string, key: string): number {
  return randomFor(seed, purpose, key).uniform();
}

/**
 * The split of each path; null where counts leave it unused.
 *
 * By ratios: the keys of each kind (those that have, say, a real image and one of each generator)
 * are put into the order of their ranks, which is cut at the shares, counted in images. An image
 * that is added moves only those next to a cut. Kinds of few keys are cut together.
 *
 * By counts: keys in the order of their ranks fill the test split, then validation, then training,
 * as long as all their images are wanted there.
 *
 * @throws {RangeError} if shares are none, a class has too few images for the counts, or a pattern
 * does not match
 */
export function splitImages(
  images: readonly TreeImage[],
  { seed, grouping = "stem", by }: SplitOptions,
): Map<string, Split | null> {
  const shares = "ratios" in by ? by.ratios : by.counts;
  const values = ORDER.map((split) => shares[split]);
  if (values.some((value) => !(value >= 0)) || !values.some((value) => value > 0)) {
    throw new RangeError(
      `splitImages: the shares are ${ORDER.map((split) => `${split} ${shares[split]}`).join(", ")}\n` +
        "Pass numbers from 0, of which one is above it.",
    );
  }
  const units = unitsOf(images, seed, grouping);
  const result = new Map<string, Split | null>();
  const put = (unit: Unit, split: Split | null) => {
    for (const { path } of unit.images) result.set(path, split);
  };
  if ("ratios" in by) byRatios(units, shares, put);
  else byCounts(units, shares, put);
  return result;
}

function unitsOf(images: readonly TreeImage[], seed: number, grouping: Grouping): Unit[] {
  const units = new Map<string, Unit>();
  for (const image of images) {
    const key = groupingKey(image, grouping);
    let unit = units.get(key);
    if (unit === undefined) {
      unit = { key, rank: keyRank(seed, "split", key), images: [], cells: "" };
      units.set(key, unit);
    }
    unit.images.push(image);
  }
  for (const unit of units.values()) {
    unit.cells = [...new Set(unit.images.map(cellOf))].sort(byCodeUnits).join("\n");
  }
  return [...units.values()].sort((a, b) => a.rank - b.rank || byCodeUnits(a.key, b.key));
}

/** A class of a generator. */
function cellOf({ label, group }: TreeImage): string {
  return `${label} ${group ?? ""}`;
}

type Put = (unit: Unit, split: Split | null) => void;

function byRatios(units: readonly Unit[], ratios: Shares, put: Put): void {
  const sum = ORDER.reduce((total, split) => total + ratios[split], 0);
  const least = Math.min(...ORDER.map((split) => ratios[split] / sum).filter((x) => x > 0));
  const kinds = groupBy(units, ({ cells }) => cells);
  // A kind must have two keys for the smallest share, or a cut through it is mostly rounding.
  const large = [...kinds.values()].filter((kind) => kind.length * least >= 2);
  const small = units.filter((unit) => (kinds.get(unit.cells)?.length ?? 0) * least < 2);
  for (const kind of [...large, small]) cut(kind, ratios, sum, put);
}

/** Each unit goes where its middle image falls. */
function cut(units: readonly Unit[], ratios: Shares, sum: number, put: Put): void {
  const images = units.reduce((total, unit) => total + unit.images.length, 0);
  let before = 0;
  for (const unit of units) {
    const middle = ((before + unit.images.length / 2) / images) * sum;
    before += unit.images.length;
    let bound = 0;
    const split = ORDER.find((name) => {
      bound += ratios[name];
      return middle < bound;
    });
    put(unit, split ?? "train");
  }
}

function byCounts(units: readonly Unit[], counts: Shares, put: Put): void {
  const available = new Map<string, number>();
  for (const unit of units) {
    for (const image of unit.images) {
      available.set(cellOf(image), (available.get(cellOf(image)) ?? 0) + 1);
    }
  }
  const wanted = ORDER.reduce((total, split) => total + counts[split], 0);
  for (const [cell, count] of [...available].sort(([a], [b]) => byCodeUnits(a, b))) {
    if (count < wanted) throw tooFew("splitImages", cell, count, wanted);
  }
  const filled = new Map<string, number>();
  for (const unit of units) {
    const needs = new Map<string, number>();
    for (const image of unit.images) {
      needs.set(cellOf(image), (needs.get(cellOf(image)) ?? 0) + 1);
    }
    const split = ORDER.find((name) =>
      [...needs].every(
        ([cell, count]) => (filled.get(`${name} ${cell}`) ?? 0) + count <= counts[name],
      ),
    );
    put(unit, split ?? null);
    if (split === undefined) continue;
    for (const [cell, count] of needs) {
      filled.set(`${split} ${cell}`, (filled.get(`${split} ${cell}`) ?? 0) + count);
    }
  }
}

function tooFew(operation: string, cell: string, count: number, wanted: number): RangeError {
  const [label = "", ...group] = cell.split(" ");
  const name = group.join(" ");
  const kind = `${label === "0" ? "real" : "fake"} images${name === "" ? "" : ` of ${name}`}`;
  return new RangeError(
    `${operation}: there are ${count} ${kind}, and ${wanted} are asked for\n` +
      "Ask for fewer, or add images.",
  );
}

/**
 * The first `shots` images of each class and generator, in an order that the seed and the keys give:
 * a smaller subset is a part of every larger one, and twins of one name are taken together.
 *
 * @throws {RangeError} if a class has fewer
 */
export function fewShots<Image extends TreeImage>(
  images: readonly Image[],
  {
    seed,
    shots,
    grouping = "stem",
  }: { readonly seed: number; readonly shots: number; readonly grouping?: Grouping },
): Image[] {
  const cells = groupBy(images, cellOf);
  return [...cells].flatMap(([cell, members]) => {
    if (members.length < shots) throw tooFew("fewShots", cell, members.length, shots);
    return byRank(members, seed, grouping).slice(0, shots);
  });
}

/**
 * As many real as fake images for each split and generator: the larger class loses those that come
 * last in the seed's order.
 */
export function balanceClasses<Image extends TreeImage>(
  images: readonly Image[],
  { seed, grouping = "stem" }: { readonly seed: number; readonly grouping?: Grouping },
): Image[] {
  const sets = groupBy(images, ({ split, group }) => `${split}\0${group}`);
  return [...sets.values()].flatMap((members) => {
    const [real, fake] = ([0, 1] as const).map((label) =>
      byRank(
        members.filter((image) => image.label === label),
        seed,
        grouping,
      ),
    ) as [Image[], Image[]];
    const count = Math.min(real.length, fake.length);
    return [...real.slice(0, count), ...fake.slice(0, count)];
  });
}

function byRank<Image extends TreeImage>(
  images: readonly Image[],
  seed: number,
  grouping: Grouping,
): Image[] {
  const ranked = images.map((image) => {
    return { image, rank: keyRank(seed, "sample", groupingKey(image, grouping)) };
  });
  ranked.sort((a, b) => a.rank - b.rank || byCodeUnits(a.image.path, b.image.path));
  return ranked.map(({ image }) => image);
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
