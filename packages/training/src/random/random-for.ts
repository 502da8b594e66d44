import { Random } from "@fauxgrad/tensor";

/**
 * A generator of its own for each purpose, epoch, image: what is drawn for one does not depend on
 * how much was drawn for another, or in which thread. A run that resumes in the middle draws on as
 * if it had never stopped, and nothing needs to be saved.
 *
 * @param seed the run's
 * @param keys what it is for, e.g. `"augment", epoch, position`
 */
export function randomFor(seed: number, ...keys: readonly (string | number)[]): Random {
  return new Random(seed, keys.join("/"));
}
