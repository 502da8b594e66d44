// What the detectors say about an image, as numbers and in words.

import type { RgbImage } from "@fauxgrad/models/transforms";
import type { CropPlan } from "./crop-plan.ts";
import type { DetectorKind } from "./detector-list.ts";
import type { Remark } from "./familiarity.ts";
import type { ImageStatistics } from "./image-statistics.ts";

/** What one detector says about an image. */
export interface DetectorVerdict {
  readonly name: string;
  readonly title: string;
  readonly kind: DetectorKind;
  /** The mean of the squares' logits. */
  readonly logit: number;
  /** Of being fake, calibrated. */
  readonly probability: number;
  /** The probability from which on, exclusively, an image is called fake. */
  readonly threshold: number;
  readonly isFake: boolean;
  /** In the order of the plan's corners. */
  readonly cropLogits: readonly number[];
  /** Null where no explanation was asked for. */
  readonly explanation: Explanation | null;
}

/** Where a detector looked, as pictures of the squares: see {@link joinCrops}. */
export interface Explanation {
  /** What LGrad's classifier saw; null for the others. */
  readonly gradient: RgbImage | null;
  /** The image under the map of what speaks for fake, in red. */
  readonly map: RgbImage;
}

/** What all detectors together say; `undecided` where they differ. */
export type JointVerdict = "real" | "fake" | "undecided";

/** What is said about an image. */
export interface Judgement {
  readonly width: number;
  readonly height: number;
  readonly plan: CropPlan;
  /** The squares that were judged, as a picture. */
  readonly seen: RgbImage;
  readonly detectors: readonly DetectorVerdict[];
  readonly verdict: JointVerdict;
  readonly statistics: ImageStatistics;
  /** What the detectors do not know about such an image; empty for a familiar one. */
  readonly unfamiliar: readonly Remark[];
  /** One or more sentences for people. */
  readonly words: string;
}

/** What the detectors have in common. */
export function jointVerdict(detectors: readonly Pick<DetectorVerdict, "isFake">[]): JointVerdict {
  const fakes = detectors.filter(({ isFake }) => isFake).length;
  if (fakes === 0) return "real";
  return fakes === detectors.length ? "fake" : "undecided";
}

/** The judgement in sentences. */
export function inWords({
  detectors,
  unfamiliar,
  plan,
}: Pick<Judgement, "detectors" | "unfamiliar" | "plan">): string {
  const sentences = [verdictSentence(detectors)];
  if (unfamiliar.length > 0) {
    const traits = unfamiliar.map(({ text }) => text).join("; ");
    sentences.push(
      `This image lies outside what the detectors know: ${traits}. The verdict means little here.`,
    );
  }
  if (plan.coverage === "sample") {
    const { size, corners } = plan;
    const squares = corners.length === 1 ? "1 square" : `${corners.length} squares`;
    sentences.push(`It is larger than was looked at: ${squares} of ${size} x ${size} pixels.`);
  }
  return sentences.join(" ");
}

function verdictSentence(detectors: readonly DetectorVerdict[]): string {
  const titles = (of: readonly DetectorVerdict[]) =>
    of.map(({ title }) => title).join(of.length === 2 ? " and " : ", ");
  const fake = detectors.filter(({ isFake }) => isFake);
  const real = detectors.filter(({ isFake }) => !isFake);
  const verb = (of: readonly DetectorVerdict[], one: string, many: string) =>
    `${titles(of)} ${of.length === 1 ? one : many}`;
  if (real.length === 0) return `${verb(fake, "finds", "find")} traces of a GAN.`;
  if (fake.length === 0) return `${verb(real, "finds", "find")} no traces of a GAN.`;
  return (
    `The detectors disagree: ${verb(fake, "finds", "find")} traces of a GAN, ` +
    `${verb(real, "does", "do")} not.`
  );
}
