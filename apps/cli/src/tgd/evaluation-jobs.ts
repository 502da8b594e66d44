// Which passes an evaluation consists of, and what the log calls them.

import { describePerturbation } from "@fauxgrad/training";
import type { OpenModel } from "./open-model.ts";
import { type NamedData, ROBUSTNESS, type ScoreJob } from "./score-sets.ts";

/** The models of an evaluation. */
export interface Judges {
  readonly opened: OpenModel;
  readonly earlier: OpenModel | null;
  readonly isRobustness: boolean | undefined;
}

/** Key of the validation set's scores. */
export const VALIDATION = "validation";

/** What an evaluation scores, in order. */
export function jobsOf(
  sets: readonly NamedData[],
  validation: NamedData | null,
  { opened, earlier, isRobustness = false }: Judges,
): ScoreJob[] {
  const plain = { model: opened, perturbation: null };
  return [
    ...(validation === null ? [] : [{ ...plain, set: validation, key: VALIDATION }]),
    ...sets.flatMap((set): ScoreJob[] => [
      { ...plain, set, key: testKey(set.name) },
      ...(earlier === null
        ? []
        : [{ set, model: earlier, key: beforeKey(set.name), perturbation: null }]),
      ...(isRobustness
        ? ROBUSTNESS.map((perturbation) => ({
            ...{ set, model: opened, perturbation },
            key: perturbedKey(set.name, describePerturbation(perturbation)),
          }))
        : []),
    ]),
  ];
}

/** Keys of scores: of a set as it is, by the model before, and perturbed. */
export const testKey = (name: string) => `test/${name}`;
export const beforeKey = (name: string) => `before/${name}`;
export const perturbedKey = (name: string, done: string) => `${done}/${name}`;
