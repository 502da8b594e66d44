/*
 * An audit for a terminal and for a program.
 */
import { columns } from "../terminal/output.ts";
import { plural } from "../terminal/units.ts";
import { type Audit, baselines, duplicateCounts, leaks, worstOf } from "./audit.ts";
import type { DuplicateGroup, Likeness } from "./duplicates.ts";
import { countRows } from "./placed-files.ts";

/** As tables head them. */
export const LIKENESS_TITLES: Readonly<Record<Likeness, string>> = {
  file: "the same file",
  pixels: "the same pixels",
  picture: "the same picture",
};

const MOST_GROUPS = 10;
const MOST_IMAGES = 6;

/** The audit as lines. */
export function auditLines(audit: Audit): string[] {
  const found = leaks(audit);
  const plain = baselines(audit);
  const groups = audit.duplicates.filter(({ acrossSplits, likeness, acrossClasses }) => {
    return acrossSplits || (likeness !== "picture" && acrossClasses);
  });
  return [
    ...table(countRows(audit.sets), 2),
    "",
    "What each property alone tells of the label (AUC; 0.5 is chance)",
    ...table(propertyRows(audit), 0),
    "",
    "Duplicates",
    ...table(duplicateRows(audit), 1),
    ...groups.slice(0, MOST_GROUPS).flatMap(groupLines),
    ...(groups.length > MOST_GROUPS
      ? [`  and ${plural(groups.length - MOST_GROUPS, "group")} more; --json lists all`]
      : []),
    "",
    ...(found.length === 0 ? ["No leak found."] : ["Leaks", ...found.map((line) => `  ${line}`)]),
    ...(plain.length === 0
      ? []
      : ["Baselines to beat, of the pictures themselves", ...plain.map((line) => `  ${line}`)]),
  ];
}

/** Properties, the head first. */
export function propertyRows({ properties }: Audit): string[][] {
  const several = properties.some(({ generators }) => generators.length > 0);
  const head = ["property", "real", "fake", "AUC", "verdict", ...(several ? ["worst"] : [])];
  return [
    head,
    ...properties.map((property) => {
      const { name, real, fake, auc, verdict } = property;
      const worst = worstOf(property);
      const where =
        worst.generator === null || worst.verdict === "even"
          ? ""
          : `${area(worst.auc)} ${worst.verdict}, ${worst.generator}`;
      const words = Number.isNaN(auc) ? "-" : verdict;
      return [name, real, fake, area(auc), words, ...(several ? [where] : [])];
    }),
  ];
}

function area(auc: number): string {
  return Number.isNaN(auc) ? "-" : auc.toFixed(3);
}

/** Counts of duplicates, the head first. */
export function duplicateRows(audit: Audit): string[][] {
  return [
    ["alike", "groups", "images", "across splits", "across classes"],
    ...duplicateCounts(audit).map(({ likeness, groups, images, acrossSplits, acrossClasses }) => {
      const counts = [groups, images, acrossSplits, acrossClasses].map(String);
      return [LIKENESS_TITLES[likeness], ...counts];
    }),
  ];
}

function groupLines({ likeness, images }: DuplicateGroup): string[] {
  const shown = images.slice(0, MOST_IMAGES).map(({ image }) => `    ${image.path}`);
  const more = images.length - MOST_IMAGES;
  return [
    `  ${LIKENESS_TITLES[likeness]}`,
    ...shown,
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}

/** @param text columns of text; those after are aligned to the right, 0 for none */
function table(rows: readonly string[][], text: number): string[] {
  const widths = rows[0]!.map((_, x) => Math.max(...rows.map((row) => row[x]!.length)));
  return columns(
    rows.map((row) =>
      row.map((cell, x) => (text === 0 || x < text ? cell : cell.padStart(widths[x]!))),
    ),
  );
}

/** The audit as one JSON value: paths instead of images, NaN as null. */
export function auditJson(audit: Audit): unknown {
  return {
    ...audit,
    duplicates: audit.duplicates.map((group) => ({
      ...group,
      images: group.images.map(({ image }) => image.path),
    })),
    duplicateCounts: duplicateCounts(audit),
    leaks: leaks(audit),
    baselines: baselines(audit),
  };
}
