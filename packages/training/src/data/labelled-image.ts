/** 0 real, 1 fake. */
export type Label = 0 | 1;

/** One image of a data set, by its path in the list that was given. */
export interface LabelledImage {
  /** As it was given. */
  readonly path: string;
  readonly label: Label;
  /** The generator of a test set, the class of a training set; "" where there is no folder. */
  readonly group: string;
  /** The category below a generator, or null. */
  readonly category: string | null;
}

/** A data set, and what the user should know about it. */
export interface Dataset {
  readonly images: readonly LabelledImage[];
  /** Groups in their order, each with its number of images. */
  readonly groups: readonly DatasetGroup[];
  /** Sentences: what is missing, skipped or doubtful. Nothing in them stops a run. */
  readonly notices: readonly string[];
}

/** A generator or class, and how many images of either label it has. */
export interface DatasetGroup {
  readonly name: string;
  readonly real: number;
  readonly fake: number;
}

/** The images of several groups, counted. */
export function datasetOf(images: readonly LabelledImage[], notices: readonly string[]): Dataset {
  const groups = new Map<string, { name: string; real: number; fake: number }>();
  for (const { group, label } of images) {
    const counts = groups.get(group) ?? { name: group, real: 0, fake: 0 };
    if (label === 0) counts.real += 1;
    else counts.fake += 1;
    groups.set(group, counts);
  }
  return { images, groups: [...groups.values()], notices };
}
