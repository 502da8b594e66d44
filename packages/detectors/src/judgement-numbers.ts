// A judgement as data for programs, without its pictures.

import type { DetectorVerdict, Judgement } from "./judgement.ts";

/** A judgement whose pictures may be gone. */
export type PlainJudgement = Omit<Judgement, "seen" | "detectors"> & {
  readonly detectors: readonly Omit<DetectorVerdict, "explanation">[];
};

/** What JSON says of an image, wherever it was judged: on the command line, in a browser. */
export interface JudgementNumbers
  extends Pick<Judgement, "verdict" | "words" | "width" | "height" | "unfamiliar" | "statistics"> {
  readonly squares: Pick<Judgement["plan"], "size" | "corners" | "coverage">;
  readonly detectors: readonly (Pick<DetectorVerdict, "name" | "probability" | "logit"> & {
    readonly verdict: "fake" | "real";
    /** The squares' logits, in the order of their corners. */
    readonly squares: readonly number[];
  })[];
}

/** The numbers of a judgement. */
export function judgementNumbers(judgement: PlainJudgement): JudgementNumbers {
  const { verdict, words, width, height, plan, detectors, unfamiliar, statistics } = judgement;
  return {
    ...{ verdict, words, width, height },
    squares: { size: plan.size, corners: plan.corners, coverage: plan.coverage },
    detectors: detectors.map(({ name, probability, logit, isFake, cropLogits }) => ({
      ...{ name, probability, logit, verdict: isFake ? "fake" : "real", squares: cropLogits },
    })),
    unfamiliar: unfamiliar.map(({ what, text }) => ({ what, text })),
    statistics,
  };
}
