/*
 * The schedule in closed form. The authors chained a warm-up scheduler, a cosine and a step
 * scheduler whose behaviour changed between library versions; the formula is what their logs show.
 */
import type { LearningRateRecipe } from "./recipe.ts";

/** Where a run is, both counted from 0. */
export interface Moment {
  readonly epoch: number;
  /** Of the whole run. */
  readonly step: number;
}

/**
 * The learning rate at a moment; `t` is its epoch or step, as the recipe counts, `η` the base,
 * `m` and `T` the warm-up's multiplier and length:
 *
 * - `t ≤ T`: `η·((m − 1)·t/T + 1)`, from η to m·η.
 * - `t > T`: `m·η·(1 + cos(π·(t − T − 1)/tMax))/2`, or `m·η` without cosine; with no warm-up
 *   `η·(1 + cos(π·t/tMax))/2`. As `tMax` is the run's length, the rate does not reach 0.
 * - times `factorᵏ`, `k` the number of milestones `< t`, or `≤ t` where they begin `at` themselves.
 *
 * @see the specification's §3.3; GradualWarmupScheduler around CosineAnnealingLR and MultiStepLR
 */
export function learningRateAt(recipe: LearningRateRecipe, { epoch, step }: Moment): number {
  const { base, warmUp, decay, milestones, unit } = recipe;
  const t = unit === "epochs" ? epoch : step;
  const isWarmingUp = warmUp !== null && t <= warmUp.length;
  const rate = isWarmingUp
    ? base * (((warmUp.multiplier - 1) * t) / warmUp.length + 1)
    : base *
      (warmUp?.multiplier ?? 1) *
      decayFactor(decay, warmUp === null ? t : t - warmUp.length - 1);
  if (milestones === null) return rate;
  const { at, factor, from } = milestones;
  const reached = at.filter((milestone) => (from === "at" ? milestone <= t : milestone < t));
  return rate * factor ** reached.length;
}

function decayFactor(decay: LearningRateRecipe["decay"], t: number): number {
  return decay.kind === "constant" ? 1 : (1 + Math.cos((Math.PI * t) / decay.tMax)) / 2;
}
