import { type Module, RandomModule } from "@fauxgrad/tensor/nn";
import { randomFor } from "@fauxgrad/training";

/**
 * The masks of dropout and drop-connect as functions of the run's seed, the step and the place of
 * the image in its batch: a resumed run draws what the uninterrupted one would, and a batch that is
 * cut into parts has the masks of the whole one.
 */
export class Masks {
  readonly #modules: readonly (readonly [module: RandomModule, seed: number])[];

  constructor(network: Module, seed: number) {
    const found: [RandomModule, number][] = [];
    for (const [name, module] of network.namedModules()) {
      if (!(module instanceof RandomModule)) continue;
      found.push([module, randomFor(seed, "mask", name).bits()]);
    }
    this.#modules = found;
  }

  /** Before the forward pass of images `firstSample`, … of step number `step`, from 0. */
  seek(step: number, firstSample: number): void {
    for (const [module, seed] of this.#modules) {
      module.drawState = { seed, draws: step, firstSample };
    }
  }
}
