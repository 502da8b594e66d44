import type { ImageBatch } from "@fauxgrad/models/transforms";
import { randomFor } from "@fauxgrad/training";
import { applyCutMix, drawCutMix, partnerLabels } from "./cutmix.ts";
import type { TgdRecipe } from "./recipe.ts";
import type { PreparedBatch } from "./training-step.ts";

/** A batch as it goes to the device, and how many of its images were mixed. */
export interface MixedBatch extends PreparedBatch {
  readonly mixed: number;
}

/**
 * CutMix on a whole batch, before it is cut into parts; changes its pixels. The teacher sees what
 * the student sees, but for inter-class mixing, where γ comes from the batch before it.
 *
 * @param step       counted from 0
 * @param isAdaptive whether the teacher is asked at all
 */
export function mixBatch(
  batch: ImageBatch,
  own: ArrayLike<number>,
  { recipe, step, isAdaptive }: { recipe: TgdRecipe; step: number; isAdaptive: boolean },
): MixedBatch {
  const { pixels, shape } = batch;
  const random = randomFor(recipe.seed, "cutmix", step);
  const plan = drawCutMix(recipe.augmentation.cutMix, own, shape[1], random);
  const plain = { pixels, teacherPixels: pixels, shape, mixed: 0 };
  if (plan === null) return { ...plain, labels: { own, partner: null, ownWeight: 1 } };
  const isInter = plan.kind === "inter";
  const teacherPixels = isInter && isAdaptive ? pixels.slice() : pixels;
  applyCutMix(batch, plan);
  const partner = isInter ? partnerLabels(own, plan) : null;
  const labels = { own, partner, ownWeight: plan.ownLabelWeight };
  return { ...plain, teacherPixels, labels, mixed: plan.mixed.length };
}
