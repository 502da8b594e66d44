/*
 * Images that are there more than once: the same file, the same pixels, the same picture.
 */
import { type NearDuplicateOptions, nearDuplicates } from "@fauxgrad/training";
import type { Examined } from "./examine-files.ts";

/** How the images of a group are alike. */
export type Likeness = "file" | "pixels" | "picture";

/** Images that are alike. */
export interface DuplicateGroup {
  readonly likeness: Likeness;
  /** Whether the images lie in different splits: what is tested was trained on. */
  readonly acrossSplits: boolean;
  /** Whether some are real and some fake. */
  readonly acrossClasses: boolean;
  readonly images: readonly Examined[];
}

/**
 * Groups of images that are alike. Files of one content are one image for the pixels, those of the
 * same pixels one for the picture: a group is told once, by the strongest likeness. Groups across
 * splits come first.
 */
export function findDuplicates(
  images: readonly Examined[],
  options: NearDuplicateOptions = {},
): DuplicateGroup[] {
  const files = groupsBy(images, ({ fileHash }) => fileHash);
  const distinctFiles = files.map(([first]) => first!);
  const pixels = groupsBy(distinctFiles, ({ pixelHash }) => pixelHash);
  const pictures = pixels.map(([first]) => first!);
  const sameFile = new Map(files.map((group) => [group[0]!, group]));
  const samePixels = new Map(
    pixels.map((group) => [group[0]!, group.flatMap((each) => sameFile.get(each)!)]),
  );
  const near = nearDuplicates(
    pictures.map(({ hash }) => hash),
    options,
  );
  const alike = connected(pictures.length, near).map((places) =>
    places.flatMap((place) => samePixels.get(pictures[place]!)!),
  );
  const groups = [
    ...files.map((group) => describe("file", group)),
    ...pixels
      .filter(({ length }) => length > 1)
      .map(([first]) => describe("pixels", samePixels.get(first!)!)),
    ...alike.map((group) => describe("picture", group)),
  ].filter(({ images: members }) => members.length > 1);
  const urgency = ({ acrossSplits, acrossClasses }: DuplicateGroup) =>
    (acrossSplits ? 2 : 0) + (acrossClasses ? 1 : 0);
  return groups.sort((a, b) => urgency(b) - urgency(a));
}

function groupsBy(
  images: readonly Examined[],
  keyOf: (image: Examined) => string,
): readonly (readonly Examined[])[] {
  const groups = new Map<string, Examined[]>();
  for (const image of images) {
    const group = groups.get(keyOf(image));
    if (group === undefined) groups.set(keyOf(image), [image]);
    else group.push(image);
  }
  return [...groups.values()];
}

function describe(likeness: Likeness, images: readonly Examined[]): DuplicateGroup {
  return {
    likeness,
    acrossSplits: new Set(images.map(({ image }) => image.split)).size > 1,
    acrossClasses: new Set(images.map(({ image }) => image.label)).size > 1,
    images,
  };
}

/** What hangs together in the pairs, two or more each, by union and find. */
function connected(
  count: number,
  pairs: readonly { readonly first: number; readonly second: number }[],
): number[][] {
  const parent = Int32Array.from({ length: count }, (_, i) => i);
  const root = (place: number): number => {
    let at = place;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  for (const { first, second } of pairs) parent[root(second)] = root(first);
  const groups = new Map<number, number[]>();
  for (let place = 0; place < count; place += 1) {
    const group = groups.get(root(place));
    if (group === undefined) groups.set(root(place), [place]);
    else group.push(place);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}
