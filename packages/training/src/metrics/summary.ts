/*
 * The tables of a paper: per category, per generator, and the mean of the generators.
 */
import { type Accuracies, accuracies, type Confusion, confusion } from "./accuracy.ts";
import { averagePrecision } from "./average-precision.ts";
import {
  type BootstrapOptions,
  type BootstrapValues,
  bootstrapValues,
  definedMean,
  type Interval,
  intervalsOfValues,
  meanOfSets,
} from "./bootstrap.ts";
import { checkScored, type Labels, type Scores } from "./cuts.ts";
import { rocAuc } from "./roc.ts";
import { sigmoid32 } from "./sigmoid.ts";

/** What a detector said about one image. */
export interface Prediction {
  readonly generator: string;
  /** Null where the generator's images are in one folder. */
  readonly category: string | null;
  readonly label: 0 | 1;
  readonly logit: number;
  /** What the image shares with others, e.g. its photograph: the bootstrap draws it whole. */
  readonly group?: string;
}

/** The names of the measures that are compared. */
export type MetricName = keyof Accuracies | "averagePrecision" | "rocAuc";

/** How a set of images was told apart; a measure is NaN where it is not defined. */
export interface BinaryMetrics extends Readonly<Record<MetricName, number>> {
  /** Number of real images. */
  readonly real: number;
  /** Number of fake images. */
  readonly fake: number;
  readonly confusion: Confusion;
}

/** How predictions are measured. */
export interface MeasureOptions {
  /** What AP and AUC rank by: float32 sigmoids, whose ties the papers' numbers contain, or logits. */
  readonly ranking?: "sigmoid" | "logit";
  /** Of the probability; fake if and only if above. Default 0.5. */
  readonly threshold?: number;
}

/** One row of a table, and the rows below it. */
export interface GeneratorSummary {
  readonly name: string;
  /** Over all its images together. */
  readonly metrics: BinaryMetrics;
  /** Bootstrap intervals, if asked for. */
  readonly intervals: Readonly<Record<MetricName, Interval>> | null;
  /** Empty where there are no categories. */
  readonly categories: readonly { readonly name: string; readonly metrics: BinaryMetrics }[];
}

/** A table: generators in the order of their first image. */
export interface Summary {
  readonly generators: readonly GeneratorSummary[];
  /** Arithmetic mean of the generators, each counted once, over those where it is defined. */
  readonly mean: Readonly<Record<MetricName, number>>;
  /** How many generators each mean is over. */
  readonly meanOver: Readonly<Record<MetricName, number>>;
  /**
   * Bootstrap intervals of the means, if asked for: the images of each generator are drawn anew,
   * the generators stay. They say what other images of these generators would give, not other
   * generators.
   */
  readonly meanIntervals: Readonly<Record<MetricName, Interval>> | null;
}

/** In the order in which they are shown. */
export const METRIC_NAMES: readonly MetricName[] = [
  "accuracy",
  "realAccuracy",
  "fakeAccuracy",
  "averagePrecision",
  "rocAuc",
];

/**
 * All measures of one set of images.
 *
 * @throws {RangeError} if lengths differ, a label is neither 0 nor 1, or a logit is not finite
 */
export function measure(
  labels: Labels,
  logits: Scores,
  options: MeasureOptions = {},
): BinaryMetrics {
  const { ranking = "sigmoid", threshold = 0.5 } = options;
  // An infinite logit would have a finite sigmoid.
  checkScored("measure", labels, logits);
  const probabilities = sigmoid32(logits);
  const ranked = ranking === "logit" ? logits : probabilities;
  const average = averagePrecision(labels, ranked);
  const counts = confusion(labels, probabilities, threshold);
  return {
    real: counts.trueNegatives + counts.falsePositives,
    fake: counts.truePositives + counts.falseNegatives,
    confusion: counts,
    ...accuracies(counts),
    averagePrecision: average,
    rocAuc: rocAuc(labels, ranked),
  };
}

/**
 * Measures every category and generator.
 *
 * @param options.bootstrap intervals for each generator, by `group` where every prediction of it
 * has one
 * @throws {RangeError} if a logit is not finite
 */
export function summarize(
  predictions: readonly Prediction[],
  options: MeasureOptions & { readonly bootstrap?: DrawOptions } = {},
): Summary {
  const { bootstrap } = options;
  const resampled: Record<MetricName, BootstrapValues>[] = [];
  const generators = grouped(predictions, ({ generator }) => generator).map(
    ([name, images]): GeneratorSummary => {
      const values = bootstrap && resample(images, options, { ...bootstrap, stream: name });
      if (values !== undefined) resampled.push(values);
      return {
        name,
        metrics: measure(labelsOf(images), logitsOf(images), options),
        intervals: values && bootstrap ? intervalsOfValues(values, bootstrap) : null,
        categories: grouped(images, ({ category }) => category)
          .filter((entry): entry is [string, Prediction[]] => entry[0] !== null)
          .map(([category, members]) => ({
            name: category,
            metrics: measure(labelsOf(members), logitsOf(members), options),
          })),
      };
    },
  );
  const values = (name: MetricName) => generators.map(({ metrics }) => metrics[name]);
  const means = (name: MetricName) => meanOfSets(resampled.map((each) => each[name]));
  return {
    generators,
    mean: forEachMetric((name) => definedMean(values(name))),
    meanOver: forEachMetric((name) => values(name).filter((value) => !Number.isNaN(value)).length),
    meanIntervals: bootstrap ? intervalsOfValues(forEachMetric(means), bootstrap) : null,
  };
}

/** How resamples are drawn; groups and streams are the predictions' own. */
type DrawOptions = Omit<BootstrapOptions, "groups" | "stream">;

function resample(
  images: readonly Prediction[],
  options: MeasureOptions,
  bootstrap: Omit<BootstrapOptions, "groups">,
): Record<MetricName, BootstrapValues> {
  const { ranking = "sigmoid", threshold = 0.5 } = options;
  const logits = logitsOf(images);
  const groups = images.map(({ group }) => group);
  const whole = groups.every((group) => group !== undefined);
  // The sigmoid does not change the order, so that a resample of logits is sorted for both.
  const ranked = (scores: Scores) => (ranking === "logit" ? scores : sigmoid32(scores));
  const rates = (labels: Labels, scores: Scores) =>
    accuracies(confusion(labels, sigmoid32(scores), threshold));
  return bootstrapValues(
    labelsOf(images),
    logits,
    {
      accuracy: (labels, scores) => rates(labels, scores).accuracy,
      realAccuracy: (labels, scores) => rates(labels, scores).realAccuracy,
      fakeAccuracy: (labels, scores) => rates(labels, scores).fakeAccuracy,
      averagePrecision: (labels, scores) => averagePrecision(labels, ranked(scores)),
      rocAuc: (labels, scores) => rocAuc(labels, ranked(scores)),
    },
    whole ? { ...bootstrap, groups } : bootstrap,
  );
}

function forEachMetric<Value>(value: (name: MetricName) => Value): Record<MetricName, Value> {
  return {
    accuracy: value("accuracy"),
    realAccuracy: value("realAccuracy"),
    fakeAccuracy: value("fakeAccuracy"),
    averagePrecision: value("averagePrecision"),
    rocAuc: value("rocAuc"),
  };
}

/** Members by key, keys in the order in which they first appear. */
function grouped<Item, Key>(items: readonly Item[], key: (item: Item) => Key): [Key, Item[]][] {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const members = groups.get(key(item));
    if (members === undefined) groups.set(key(item), [item]);
    else members.push(item);
  }
  return [...groups];
}

function labelsOf(predictions: readonly Prediction[]): Uint8Array {
  return Uint8Array.from(predictions, ({ label }) => label);
}

function logitsOf(predictions: readonly Prediction[]): Float64Array {
  return Float64Array.from(predictions, ({ logit }) => logit);
}
