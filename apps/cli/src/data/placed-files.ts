import { type Layout, layoutPath, type Split } from "@fauxgrad/training";
import { columns, note, print } from "../terminal/output.ts";
import { plural } from "../terminal/units.ts";
import type { LabelledFile } from "./labelled-files.ts";
import type { ManifestEntry, PlacedFile } from "./lay-out.ts";

/**
 * Where each image goes.
 *
 * @param part in the path instead of the split, e.g. `100_shot`
 */
export function placeFiles(
  images: readonly (LabelledFile & { readonly group: string })[],
  layout: Layout,
  part?: string,
): PlacedFile[] {
  return images.map((image) => ({
    from: image.file,
    file: layoutPath(layout, image, part ?? image.split),
    source: image.path,
    split: image.split,
    label: image.label,
    generator: image.group,
    category: image.category,
  }));
}

/** Images of a split and a generator. */
export interface SetCounts {
  readonly split: Split | null;
  readonly generator: string;
  readonly real: number;
  readonly fake: number;
}

const SPLITS: readonly (string | null)[] = ["train", "val", "test", null];

/** Counts by split and generator, splits in their order. */
export function countSets(
  images: readonly {
    readonly split: Split | null;
    readonly label: 0 | 1;
    readonly group: string;
  }[],
): SetCounts[] {
  const sets = new Map<string, { split: Split | null; generator: string; counts: number[] }>();
  for (const { split, label, group } of images) {
    const key = `${split}\0${group}`;
    const set = sets.get(key) ?? { split, generator: group, counts: [0, 0] };
    set.counts[label]! += 1;
    sets.set(key, set);
  }
  const order = (split: string | null) => SPLITS.indexOf(split);
  return [...sets.values()]
    .sort(
      (a, b) =>
        order(a.split) - order(b.split) ||
        (a.generator < b.generator ? -1 : a.generator > b.generator ? 1 : 0),
    )
    .map(({ split, generator, counts: [real = 0, fake = 0] }) => {
      return { split, generator, real, fake };
    });
}

/** {@link countSets} as rows, the head first. */
export function countRows(sets: readonly SetCounts[]): string[][] {
  const head = ["split", "generator", "real", "fake"];
  return [
    head,
    ...sets.map(({ split, generator, real, fake }) => {
      return [split ?? "-", generator || "-", String(real), String(fake)];
    }),
  ];
}

/** The table of counts, numbers to the right. */
export function printCounts(sets: readonly SetCounts[]): void {
  const rows = countRows(sets);
  const widths = rows[0]!.map((_, x) => Math.max(...rows.map((row) => row[x]!.length)));
  const aligned = rows.map((row) =>
    row.map((cell, x) => (x < 2 ? cell : cell.padStart(widths[x]!))),
  );
  for (const line of columns(aligned)) print(line);
}

/** Says when files of two splits have the same bytes: then the one has seen the other's images. */
export function noteSharedContent(entries: readonly ManifestEntry[]): void {
  const splits = new Map<string, Set<string | null>>();
  for (const { sha256, split } of entries) {
    splits.set(sha256, (splits.get(sha256) ?? new Set()).add(split));
  }
  const shared = [...splits.values()].filter(({ size }) => size > 1).length;
  if (shared === 0) return;
  note(
    `${plural(shared, "picture")} ${shared === 1 ? "is" : "are"} in more than one split, under other ` +
      "names. fauxgrad data audit lists them; --group-by keeps names together.",
  );
}
