/*
 * Percentile bootstrap. What is drawn with replacement is whatever was sampled independently:
 * photographs, if several images come from one of them (a real crop and its regenerated twins, or
 * crops of one picture), or else the images of each class by themselves.
 */
import { Random } from "@fauxgrad/tensor";
import { checkScored, type Labels, type Scores } from "./cuts.ts";

/** A number computed from labels and scores, e.g. {@link averagePrecision}. */
export type Statistic = (labels: Labels, scores: Scores) => number;

/** How {@link bootstrapIntervals} draws. */
export interface BootstrapOptions {
  readonly seed: number;
  /** Default 1000. */
  readonly resamples?: number;
  /** Share of the resamples inside the interval. Default 0.95. */
  readonly confidence?: number;
  /**
   * The group of each image, e.g. its photograph: groups are drawn whole. Without it, as many real
   * and as many fake images are drawn as there are.
   */
  readonly groups?: ArrayLike<string | number>;
  /**
   * Separates the draws of several test sets with one seed, e.g. the generator's name: sets whose
   * intervals are combined must be drawn independently. Default: none.
   */
  readonly stream?: string;
}

/** A statistic and what it might have been on another test set of the same kind. */
export interface Interval {
  /** On the images as they are. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Resamples on which the statistic is not defined, e.g. of one class only; left out. */
  readonly undefinedResamples: number;
}

/**
 * Confidence intervals of several statistics from the same resamples.
 *
 * @param statistics by name; each is called with the images in descending order of their scores
 * @throws {RangeError} if options are outside their range, or labels and scores do not agree
 * @see Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979
 */
export function bootstrapIntervals<Name extends string>(
  labels: Labels,
  scores: Scores,
  statistics: Readonly<Record<Name, Statistic>>,
  options: BootstrapOptions,
): Record<Name, Interval> {
  return intervalsOfValues(bootstrapValues(labels, scores, statistics, options), options);
}

/** A statistic on a test set as it is, and on every resample of it. */
export interface BootstrapValues {
  readonly value: number;
  readonly resampled: Float64Array;
}

/**
 * What {@link bootstrapIntervals} is made of: several statistics on the same resamples.
 *
 * @throws as {@link bootstrapIntervals}
 */
export function bootstrapValues<Name extends string>(
  labels: Labels,
  scores: Scores,
  statistics: Readonly<Record<Name, Statistic>>,
  options: BootstrapOptions,
): Record<Name, BootstrapValues> {
  const { seed, resamples = 1000, stream } = options;
  checkScored("bootstrapIntervals", labels, scores);
  checkOptions(options, labels.length);
  const sorted = sortedByScore(labels, scores, options.groups);
  const random = new Random(seed, stream === undefined ? "bootstrap" : `bootstrap/${stream}`);
  const names = Object.keys(statistics) as Name[];
  const values = names.map(() => new Float64Array(resamples));
  for (let i = 0; i < resamples; i += 1) {
    const sample = repeated(sorted, drawCounts(sorted, random));
    for (const [which, name] of names.entries()) {
      values[which]![i] = statistics[name](sample.labels, sample.scores);
    }
  }
  return Object.fromEntries(
    names.map((name, which) => [
      name,
      { value: statistics[name](labels, scores), resampled: values[which]! },
    ]),
  ) as Record<Name, BootstrapValues>;
}

/** The intervals of values of {@link bootstrapValues}. */
export function intervalsOfValues<Name extends string>(
  values: Readonly<Record<Name, BootstrapValues>>,
  { confidence = 0.95 }: Pick<BootstrapOptions, "confidence">,
): Record<Name, Interval> {
  const names = Object.keys(values) as Name[];
  const intervals = names.map((name) => {
    const { value, resampled } = values[name];
    return [name, intervalOf(value, resampled, confidence)];
  });
  return Object.fromEntries(intervals) as Record<Name, Interval>;
}

/**
 * The mean of a statistic over several test sets, each counted once: on the sets as they are, and
 * with every set resampled within itself. A set on which it is not defined is left out of the mean.
 *
 * @param sets with the same number of resamples, drawn independently (`stream`)
 */
export function meanOfSets(sets: readonly BootstrapValues[]): BootstrapValues {
  const resampled = new Float64Array(sets[0]?.resampled.length ?? 0);
  for (let i = 0; i < resampled.length; i += 1) {
    resampled[i] = definedMean(sets.map((set) => set.resampled[i]!));
  }
  return { value: definedMean(sets.map(({ value }) => value)), resampled };
}

/** Of the values that are numbers; NaN if none is. */
export function definedMean(values: readonly number[]): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  return defined.reduce((sum, value) => sum + value, 0) / defined.length;
}

/** Images in descending order of their scores, so that every resample is sorted already. */
interface Sorted {
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  /** Which unit each image belongs to. */
  readonly unit: Uint32Array;
  /** Units that are drawn among themselves: all groups, or the images of each class. */
  readonly strata: readonly Uint32Array[];
  readonly units: number;
}

function sortedByScore(
  labels: Labels,
  scores: Scores,
  groups: ArrayLike<string | number> | undefined,
): Sorted {
  const count = labels.length;
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  order.sort((a, b) => scores[b]! - scores[a]!);
  const sorted = {
    labels: Uint8Array.from(order, (image) => labels[image]!),
    scores: Float64Array.from(order, (image) => scores[image]!),
  };
  if (groups === undefined) {
    const unit = Uint32Array.from({ length: count }, (_, i) => i);
    const strata = [0, 1].map((label) => unit.filter((i) => sorted.labels[i] === label));
    return { ...sorted, unit, strata, units: count };
  }
  const numbers = new Map<string | number, number>();
  for (let image = 0; image < count; image += 1) {
    const group = groups[image]!;
    if (!numbers.has(group)) numbers.set(group, numbers.size);
  }
  const unit = Uint32Array.from(order, (image) => numbers.get(groups[image]!)!);
  const all = Uint32Array.from({ length: numbers.size }, (_, i) => i);
  return { ...sorted, unit, strata: [all], units: numbers.size };
}

/** How often each unit was drawn: as many draws as units, within each stratum. */
function drawCounts({ strata, units }: Sorted, random: Random): Uint32Array {
  const counts = new Uint32Array(units);
  for (const stratum of strata) {
    for (let draw = 0; draw < stratum.length; draw += 1) {
      const unit = stratum[random.integer(stratum.length)]!;
      counts[unit] = counts[unit]! + 1;
    }
  }
  return counts;
}

function repeated(
  { labels, scores, unit }: Sorted,
  counts: Uint32Array,
): { labels: Uint8Array; scores: Float64Array } {
  let length = 0;
  for (const which of unit) length += counts[which]!;
  const drawn = { labels: new Uint8Array(length), scores: new Float64Array(length) };
  let write = 0;
  for (let i = 0; i < unit.length; i += 1) {
    const end = write + counts[unit[i]!]!;
    drawn.labels.fill(labels[i]!, write, end);
    drawn.scores.fill(scores[i]!, write, end);
    write = end;
  }
  return drawn;
}

function intervalOf(value: number, resampled: Float64Array, confidence: number): Interval {
  const defined = resampled.filter((each) => !Number.isNaN(each)).sort();
  const tail = (1 - confidence) / 2;
  return {
    value,
    low: quantile(defined, tail),
    high: quantile(defined, 1 - tail),
    undefinedResamples: resampled.length - defined.length,
  };
}

/** Linear between the order statistics, as numpy.quantile; NaN of nothing. */
function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

function checkOptions(options: BootstrapOptions, images: number): void {
  const { resamples = 1000, confidence = 0.95, groups } = options;
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new RangeError(
      `bootstrapIntervals: resamples is ${resamples}\nPass a whole number, at least 1.`,
    );
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(
      `bootstrapIntervals: confidence is ${confidence}\nPass a share in (0, 1).`,
    );
  }
  if (groups !== undefined && groups.length !== images) {
    throw new RangeError(
      `bootstrapIntervals: ${images} images, but ${groups.length} groups\n` +
        "Pass the group of each image.",
    );
  }
}
