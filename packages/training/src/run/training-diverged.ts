import type { Divergence } from "../log/divergence-guard.ts";

/** The loss is no number, has exploded or has collapsed: what the device holds is of no use. */
export class TrainingDiverged extends Error {
  override readonly name = "TrainingDiverged";
  readonly divergence: Divergence;
  constructor(divergence: Divergence) {
    super(divergence.message);
    this.divergence = divergence;
  }
}
