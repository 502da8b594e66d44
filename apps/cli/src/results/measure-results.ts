/*
 * The detectors of a bundle and a folder of test images, to all numbers of the results.
 */
import {
  type CropJudge,
  KNOWN_FAKES,
  type ListedDetector,
  weightsFiles,
} from "@fauxgrad/detectors";
import type { ResultImages } from "./result-images.ts";
import { type Level, levelNumbers, type Resampling } from "./result-numbers.ts";
import type { DetectorResults, Results } from "./result-tables.ts";
import {
  type Condition,
  type ScoreOptions,
  type ScorePass,
  type Scores,
  scoreImages,
} from "./score-images.ts";

/** What is measured, and how. */
export interface MeasureRequest extends ScoreOptions {
  readonly images: ResultImages;
  readonly judges: readonly CropJudge[];
  /** The class that the detectors were trained on. */
  readonly source: string;
  /** Of the JPEGs that the images go through, each by itself. */
  readonly qualities: readonly number[];
  readonly resampling: Resampling;
}

/** What was measured, and for how many verdicts a network had to run. */
export interface Measured extends Pick<Scores, "verdicts" | "judgedNow"> {
  readonly results: Results;
}

/**
 * Judges all test images by all detectors; after JPEG the real images and those of GANs, by the
 * detectors that know the source alone. Then computes all numbers.
 *
 * @throws as {@link scoreImages}
 */
export async function measureResults(request: MeasureRequest): Promise<Measured> {
  const { images, judges, source, qualities } = request;
  const isControl = new Set(
    images.classes.filter(({ kind }) => kind === "control").map(({ name }) => name),
  );
  const gans = images.classes.filter(({ kind }) => kind === "gan").map(({ name }) => name);
  const targets = new Map(
    judges.map(({ detector }) => [detector.name, targetsOf(detector, gans, source)]),
  );
  const robust = judges.filter(({ detector: { name } }) => targets.get(name)?.length === 0);
  const withoutControls: ResultImages = {
    classes: images.classes.filter(({ kind }) => kind !== "control"),
    images: images.images.filter(({ className }) => !isControl.has(className)),
  };
  const passes: ScorePass[] = [
    { condition: "clean", images: images.images, judges },
    ...qualities.map((condition) => ({
      condition,
      images: withoutControls.images,
      judges: robust,
    })),
  ];
  const { table, ...counts } = await scoreImages(passes, request);
  const detectors = judges.map(({ detector }): DetectorResults => {
    const numbers = (level: Level, condition: Condition, of: ResultImages) =>
      levelNumbers(detector, {
        ...{ images: of, scores: table, condition, level, source },
        resampling: level === "images" && condition === "clean" ? request.resampling : null,
      });
    const learned = targets.get(detector.name) ?? [];
    const jpeg = learned.length === 0 ? qualities : [];
    return {
      ...{ name: detector.name, title: detector.title, kind: detector.kind, targets: learned },
      ...{ bytes: bytesOf(detector), threshold: detector.threshold },
      networks: networksOf(detector),
      images: numbers("images", "clean", images),
      squares: numbers("squares", "clean", images),
      jpeg: new Map(jpeg.map((each) => [each, numbers("images", each, withoutControls)])),
    };
  });
  return { results: { source, classes: images.classes, detectors }, ...counts };
}

/** The classes beside the source that a detector learned, as its facts tell. */
export function targetsOf(
  { training }: Pick<ListedDetector, "training">,
  gans: readonly string[],
  source: string,
): readonly string[] {
  const known = String(training[KNOWN_FAKES] ?? "").split(", ");
  return gans.filter((gan) => gan !== source && known.includes(gan));
}

function bytesOf(detector: ListedDetector): number {
  return weightsFiles(detector).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** `pggan, resnet50`; empty for what has no network. */
function networksOf(detector: ListedDetector): readonly string[] {
  if (detector.kind === "spectrum") return [];
  const { classifier } = detector;
  const own = detector.kind === "lgrad" ? [detector.transformation.network] : [];
  return [...own, classifier.network];
}
