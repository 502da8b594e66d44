import type { TgdRecipe, TgdStepOutcome } from "@fauxgrad/tgd";

/** What the log keeps of a step; what the recipe has not is left out. */
export function stepValues(
  { regularization }: Pick<TgdRecipe, "regularization">,
  outcome: TgdStepOutcome,
): Record<string, number> {
  const { loss, totalLoss, learningRate, teacher, omegaSp, omegaFc, fcNorm } = outcome;
  const { gradNorm, regularizedGradNorm, mixed } = outcome;
  const values = {
    ...{ loss, learningRate, gradNorm, fcNorm, mixed },
    ...(regularization === null ? {} : { totalLoss, omegaSp, omegaFc, regularizedGradNorm }),
    ...(teacher === null ? {} : { gamma: teacher.gamma, teacherLoss: teacher.teacherLoss }),
  };
  // ForensicTransfer has no last linear layer.
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !Number.isNaN(value)));
}

/** What stands beside the bar. */
export function stepDetail({ loss, teacher }: TgdStepOutcome): string {
  const gamma = teacher === null ? "" : `  gamma ${teacher.gamma.toPrecision(3)}`;
  return `loss ${loss.toPrecision(3)}${gamma}`;
}
