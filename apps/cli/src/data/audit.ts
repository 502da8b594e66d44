/*
 * An audit: what was found in a data set, without a word of how it is shown.
 */
import { withSharedReals } from "@fauxgrad/training";
import type { ImageError } from "../io/image-error.ts";
import { type DuplicateGroup, findDuplicates, type Likeness } from "./duplicates.ts";
import type { Examined } from "./examine-files.ts";
import { countSets, type SetCounts } from "./placed-files.ts";
import { measureProperties, type PropertyResult } from "./properties.ts";

/** What an audit found. */
export interface Audit {
  readonly folder: string;
  /** Images that were examined. */
  readonly images: number;
  readonly sets: readonly SetCounts[];
  readonly notices: readonly string[];
  /** Files that cannot be read or decoded; nothing counts them. */
  readonly problems: readonly { readonly file: string; readonly problem: string }[];
  readonly properties: readonly PropertyResult[];
  readonly duplicates: readonly DuplicateGroup[];
  /** Most different bits of similar pictures' hashes. */
  readonly distance: number;
}

/** Puts what was found of each image together. */
export function auditOf(
  examined: readonly Examined[],
  {
    problems,
    ...facts
  }: Pick<Audit, "folder" | "notices" | "distance"> & { readonly problems: readonly ImageError[] },
): Audit {
  const { distance } = facts;
  return {
    ...facts,
    images: examined.length,
    sets: countSets(withSharedReals(examined.map(({ image }) => image))),
    problems: problems.map(({ file, problem }) => ({ file, problem })),
    properties: measureProperties(examined),
    duplicates: findDuplicates(examined, { distance }),
  };
}

/** How many groups of each likeness there are, and where they reach. */
export interface DuplicateCounts {
  readonly likeness: Likeness;
  readonly groups: number;
  readonly images: number;
  readonly acrossSplits: number;
  readonly acrossClasses: number;
}

/** Counts of the three kinds of duplicates. */
export function duplicateCounts({ duplicates }: Audit): DuplicateCounts[] {
  return (["file", "pixels", "picture"] as const).map((likeness) => {
    const groups = duplicates.filter((group) => group.likeness === likeness);
    return {
      likeness,
      groups: groups.length,
      images: groups.reduce((sum, { images }) => sum + images.length, 0),
      acrossSplits: groups.filter(({ acrossSplits }) => acrossSplits).length,
      acrossClasses: groups.filter(({ acrossClasses }) => acrossClasses).length,
    };
  });
}

/**
 * What would make a score worthless: pictures in several splits, pixels under both labels, and
 * properties of the files that alone separate the classes (verdict strong or decisive, overall or
 * for one generator). A sentence each, with its remedy.
 */
export function leaks(audit: Audit): string[] {
  const { duplicates } = audit;
  const across = duplicates.filter(({ acrossSplits }) => acrossSplits).length;
  const contradictory = duplicates.filter(
    ({ likeness, acrossClasses }) => likeness !== "picture" && acrossClasses,
  ).length;
  const groups = (count: number) => (count === 1 ? "1 group" : `${count} groups`);
  return [
    ...(across > 0
      ? [
          `duplicates: ${groups(across)} of the same picture in more than one split. Split by ` +
            "photograph (data split --group-by), or remove all but one of each.",
        ]
      : []),
    ...(contradictory > 0
      ? [
          `labels: ${groups(contradictory)} of the same pixels called real and fake. Find out ` +
            "which is right, and remove the other.",
        ]
      : []),
    ...telling(audit, "file"),
  ];
}

/**
 * Plain numbers of the pictures that alone separate the classes. They need not be faults of the
 * data: a generator's own trace may be in them. A detector that does no better has learnt no more.
 */
export function baselines(audit: Audit): string[] {
  return telling(audit, "pixels");
}

function telling({ properties }: Audit, kind: "file" | "pixels"): string[] {
  return properties.flatMap((property) => {
    const { name, remedy } = property;
    const { auc, verdict, generator } = worstOf(property);
    if (property.kind !== kind || verdict === "even" || verdict === "slight") return [];
    const of = generator === null ? "" : ` (${generator})`;
    const could = `a detector could reach AUC ${auc.toFixed(2)} from it alone${of}`;
    return [`${name}: ${could}. ${remedy}`];
  });
}

/** The generator for which a property tells most, or all of them together. */
export function worstOf(property: PropertyResult): {
  readonly auc: number;
  readonly verdict: PropertyResult["verdict"];
  readonly generator: string | null;
} {
  const order = ["even", "slight", "strong", "decisive"] as const;
  let worst = { ...property, generator: null as string | null };
  for (const each of property.generators) {
    const [a, b] = [order.indexOf(each.verdict), order.indexOf(worst.verdict)];
    if (a > b || (a === b && each.auc > worst.auc)) worst = { ...worst, ...each };
  }
  const { auc, verdict, generator } = worst;
  return { auc, verdict, generator };
}
