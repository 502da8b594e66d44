/*
 * Scores to the numbers of the results: how well each class of fakes is told from the real images,
 * and how much of each class is called fake. Intervals are percentile bootstraps over photographs: a
 * photograph's regions and squares, and what generators made of them, are drawn together.
 */
import {
  averagePrecision,
  type BootstrapValues,
  bootstrapValues,
  type Interval,
  intervalsOfValues,
  meanOfSets,
  rocAuc,
  type Statistic,
} from "@fauxgrad/training";
import type { ResultImage, ResultImages } from "./result-images.ts";
import type { Condition, ScoreTable } from "./score-images.ts";

/** What decides about a detector's verdicts, apart from its logits. */
export interface Judging {
  readonly name: string;
  readonly calibration: { readonly scale: number; readonly shift: number };
  /** Of the calibrated probability; fake if and only if above. */
  readonly threshold: number;
}

/** What is judged: whole images, by the mean of their squares' logits, or each square. */
export type Level = "images" | "squares";

/** How well fakes are told from what is not fake, in [0, 1]; an interval where one was asked for. */
export type Separation = Readonly<Record<SeparationName, Interval>>;

/** The measures, in the order in which they are shown. */
const separationNames = ["accuracy", "averagePrecision", "rocAuc"] as const;

/** Name of a measure. */
export type SeparationName = (typeof separationNames)[number];

/** The numbers of one detector under one condition. */
export interface LevelNumbers {
  /** Each GAN's images against the real ones, by class. */
  readonly gans: ReadonlyMap<string, Separation>;
  /** Mean over the GANs but the source; null if there is no other. */
  readonly others: Separation | null;
  /** Each GAN's images against the real ones and all controls; empty without controls. */
  readonly hard: ReadonlyMap<string, Separation>;
  /** Share that is called fake, of each class. */
  readonly rates: ReadonlyMap<string, Interval>;
}

/** How the intervals are drawn. */
export interface Resampling {
  readonly seed: number;
  readonly resamples: number;
  readonly confidence: number;
}

/** What {@link levelNumbers} is asked for. */
export interface NumbersRequest {
  readonly images: ResultImages;
  readonly scores: ScoreTable;
  readonly condition: Condition;
  readonly level: Level;
  /** The class that detectors were trained on. */
  readonly source: string;
  /** Null for values alone. */
  readonly resampling: Resampling | null;
}

/** Something that was judged: an image or a square. */
interface Unit {
  readonly className: string;
  readonly photo: string;
  /** `ln(p / (1 − p))` of the calibrated probability. */
  readonly score: number;
}

/**
 * All numbers of a detector; classes without scores under the condition are left out by the caller.
 *
 * @throws {RangeError} if a score is not finite
 */
export function levelNumbers(judging: Judging, request: NumbersRequest): LevelNumbers {
  const { images, source, resampling } = request;
  const units = unitsOf(judging, request);
  const { threshold } = judging;
  const of = (kind: "gan" | "control") =>
    images.classes.filter((each) => each.kind === kind).map(({ name }) => name);
  const real = units.filter(({ className }) => kindOf(images, className) === "real");
  const controls = units.filter(({ className }) => kindOf(images, className) === "control");
  const values = (negatives: readonly Unit[], gan: string) =>
    valuesOf(negatives, membersOf(units, gan), threshold, resampling);
  const gans = new Map(of("gan").map((gan) => [gan, values(real, gan)]));
  const others = [...gans].filter(([gan]) => gan !== source).map(([, each]) => each);
  const hard = controls.length === 0 ? [] : of("gan");
  return {
    gans: mapValues(gans, (each) => separationOf(each, resampling)),
    others: others.length === 0 ? null : separationOf(meanOf(others), resampling),
    hard: new Map(
      hard.map((gan) => [gan, separationOf(values([...real, ...controls], gan), resampling)]),
    ),
    rates: new Map(
      images.classes.map(({ name }) => [
        name,
        rateOf(membersOf(units, name), threshold, resampling),
      ]),
    ),
  };
}

function membersOf(units: readonly Unit[], name: string): Unit[] {
  return units.filter(({ className }) => className === name);
}

function kindOf({ classes }: ResultImages, name: string) {
  return classes.find((each) => each.name === name)?.kind;
}

function unitsOf(
  { name, calibration: { scale, shift } }: Judging,
  { images, scores, condition, level }: NumbersRequest,
): Unit[] {
  return images.images.flatMap((image: ResultImage) => {
    const logits = scores.of(name, condition, image);
    const { className, photo } = image;
    // Added up as the detector does, so that both come to the same bits.
    const mean = logits.reduce((sum, each) => sum + each, 0) / logits.length;
    const judged = level === "images" ? [mean] : logits;
    return judged.map((logit) => ({ className, photo, score: scale * logit + shift }));
  });
}

type Values = Readonly<Record<SeparationName, BootstrapValues>>;

/**
 * Every call draws the same photographs: the negatives come first, so that groups are numbered alike
 * in all sets, and the random stream has one name. Means over sets are therefore resampled together.
 */
function valuesOf(
  negatives: readonly Unit[],
  positives: readonly Unit[],
  threshold: number,
  resampling: Resampling | null,
): Values {
  const units = [...negatives, ...positives];
  const labels = Uint8Array.from(units, (_, i) => (i < negatives.length ? 0 : 1));
  const cut = logitOf(threshold);
  const statistics: Readonly<Record<SeparationName, Statistic>> = {
    accuracy: (of, scores) => {
      let right = 0;
      for (let i = 0; i < of.length; i += 1) {
        if (scores[i]! > cut === (of[i] === 1)) right += 1;
      }
      return right / of.length;
    },
    averagePrecision,
    rocAuc,
  };
  return drawn(labels, units, statistics, resampling);
}

function rateOf(
  units: readonly Unit[],
  threshold: number,
  resampling: Resampling | null,
): Interval {
  const cut = logitOf(threshold);
  const share: Statistic = (_, scores) =>
    Array.from(scores).filter((score) => score > cut).length / scores.length;
  const values = drawn(new Uint8Array(units.length), units, { share }, resampling);
  return intervalsOfValues(values, { confidence: resampling?.confidence ?? 0.95 }).share;
}

function drawn<Name extends string>(
  labels: Uint8Array,
  units: readonly Unit[],
  statistics: Readonly<Record<Name, Statistic>>,
  resampling: Resampling | null,
): Record<Name, BootstrapValues> {
  const scores = units.map(({ score }) => score);
  if (resampling !== null) {
    const { seed, resamples } = resampling;
    const groups = units.map(({ photo }) => photo);
    return bootstrapValues(labels, scores, statistics, { seed, resamples, groups });
  }
  const names = Object.keys(statistics) as Name[];
  const resampled = new Float64Array();
  return Object.fromEntries(
    names.map((name) => [name, { value: statistics[name](labels, scores), resampled }]),
  ) as Record<Name, BootstrapValues>;
}

function separationOf(values: Values, resampling: Resampling | null): Separation {
  return intervalsOfValues(values, { confidence: resampling?.confidence ?? 0.95 });
}

function meanOf(sets: readonly Values[]): Values {
  const mean = (name: SeparationName) => meanOfSets(sets.map((set) => set[name]));
  return {
    accuracy: mean("accuracy"),
    averagePrecision: mean("averagePrecision"),
    rocAuc: mean("rocAuc"),
  };
}

function logitOf(probability: number): number {
  return Math.log(probability / (1 - probability));
}

function mapValues<Key, From, To>(
  map: ReadonlyMap<Key, From>,
  change: (value: From) => To,
): Map<Key, To> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
