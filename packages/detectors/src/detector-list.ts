/*
 * `detectors.json`: which detectors there are, of which files, and how their numbers are read. It is
 * written by the command that packs trainings, and lies beside the weights.
 */
import type { ModelOptions } from "@fauxgrad/models";
import type { NormalizationName } from "@fauxgrad/models/transforms";
import type { Calibration } from "@fauxgrad/training";
import type { StatisticName } from "./image-statistics.ts";

/** The version of the file's form. */
export const LIST_VERSION = 1;

/** The file's name, among those that are read. */
export const LIST_FILE = "detectors.json";

/** A file of weights, beside the list. */
export interface WeightsFile {
  readonly file: string;
  /** Of the file, in hexadecimal digits. */
  readonly sha256: string;
  readonly bytes: number;
}

/** A network: its name in the registry, its options, its weights. */
export interface NetworkFile extends WeightsFile {
  readonly network: string;
  readonly settings: ModelOptions;
}

/** From logits to probabilities: `σ(scale · logit + shift)`. */
export interface ListedCalibration extends Calibration {
  readonly method: "platt" | "temperature";
}

/** What a detector learned from, in words and numbers that the model card repeats. */
export type TrainingFacts = Readonly<Record<string, string | number>>;

/** The fact that names the classes of fakes which a detector learned and was calibrated by: `a, b`. */
export const KNOWN_FAKES = "validation fakes";

interface ListedBase {
  /** `lgrad`, `tgd-realcugan` */
  readonly name: string;
  /** `LGrad` */
  readonly title: string;
  /** The model card, from the package's folder. */
  readonly card: string;
  readonly calibration: ListedCalibration;
  /** An image is called fake if its calibrated probability is above it. */
  readonly threshold: number;
  readonly training: TrainingFacts;
}

/** LGrad: a transformation model, whose gradient a network with one logit judges. */
export interface ListedLgrad extends ListedBase {
  readonly kind: "lgrad";
  readonly transformation: NetworkFile;
  readonly classifier: NetworkFile;
}

/** T-GD: a network with two logits; an image's logit is their difference, `z₁ − z₀`. */
export interface ListedTgd extends ListedBase {
  readonly kind: "tgd";
  readonly classifier: NetworkFile;
  readonly normalization: NormalizationName | "none";
}

/** LGrad's classifier on the images themselves: a baseline. */
export interface ListedPlain extends ListedBase {
  readonly kind: "plain";
  readonly classifier: NetworkFile;
}

/** Logistic regression on a square's radial spectrum, `fauxgrad spectrum`: a baseline, no network. */
export interface ListedSpectrum extends ListedBase {
  readonly kind: "spectrum";
  readonly coefficients: WeightsFile;
}

/** A detector of the list. */
export type ListedDetector = ListedLgrad | ListedTgd | ListedPlain | ListedSpectrum;

/** What kinds of detectors there are. */
export type DetectorKind = ListedDetector["kind"];

/** The values of a statistic that known images have; null where a side has no bound. */
export interface StatisticRange {
  readonly low: number | null;
  readonly high: number | null;
}

/** What images the detectors know: learned from and validated on. */
export interface Familiarity {
  readonly ranges: Readonly<Record<StatisticName, StatisticRange>>;
  /** Share of the known images that lies outside a bound, of each bound. */
  readonly tail: number;
  /** Images that the ranges were taken from. */
  readonly images: number;
  /** Share of the validation images that is called unfamiliar. */
  readonly validationShare: number;
}

/** The list. */
export interface DetectorList {
  readonly version: typeof LIST_VERSION;
  /** Side of the squares that all detectors judge, in pixels. */
  readonly crop: number;
  /** Names of the detectors that judge where none is named. */
  readonly defaults: readonly string[];
  readonly detectors: readonly ListedDetector[];
  readonly familiarity: Familiarity;
}
