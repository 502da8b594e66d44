import { UsageError } from "@fauxgrad/tensor";
import { Linear, type Module } from "@fauxgrad/tensor/nn";

/** The layer that decides, and its name in the state dict. */
export interface ClassifierLayer {
  /** `_fc`, `fc`: the prefix of its parameters' names. */
  readonly name: string;
  readonly layer: Linear;
}

/**
 * The last linear layer of a network; null if it has none. It is found by its type: the authors
 * match a prefix of names, which silently matches nothing in other networks.
 */
export function findClassifierLayer(network: Module): ClassifierLayer | null {
  let found: ClassifierLayer | null = null;
  for (const [name, module] of network.namedModules()) {
    if (module instanceof Linear) found = { name, layer: module };
  }
  return found;
}

/**
 * The last linear layer of a network.
 *
 * @throws {UsageError} if there is none
 */
export function classifierLayer(network: Module): ClassifierLayer {
  const found = findClassifierLayer(network);
  if (found !== null) return found;
  throw new UsageError(
    `${network.constructor.name} has no linear layer\n` +
      "T-GD penalises the classifier's weights: pass a network that ends in a Linear.",
  );
}
