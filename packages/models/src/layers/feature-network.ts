import { scope, type Tensor, UsageError } from "@fauxgrad/tensor";
import type { Layer } from "@fauxgrad/tensor/nn";

/**
 * A classifier that can be cut in two at any of its maps, after normalisation and activation:
 * `forward(x) = logits(features(x, layer), layer)`. Grad-CAM differentiates the second half alone.
 */
export interface FeatureNetwork extends Layer {
  /** Names of the maps, in order; the last one is what is pooled. */
  readonly featureLayers: readonly string[];
  /**
   * The maps of a layer, `[N, H', W', C']`.
   *
   * @param layer default: the last
   * @throws {UsageError} if there is no such layer
   */
  features(input: Tensor, layer?: string): Tensor;
  /**
   * Logits `[N, numClasses]` from the maps of a layer, which stay the caller's.
   *
   * @throws {UsageError} if there is no such layer
   */
  logits(features: Tensor, layer?: string): Tensor;
}

/** What makes the maps of one layer from those of the layer before. */
export interface FeatureStep {
  readonly name: string;
  run(maps: Tensor): Tensor;
}

/** A step's place. @throws {UsageError} listing the names, if there is none like this */
function placeOf(network: string, steps: readonly FeatureStep[], layer: string): number {
  const place = steps.findIndex(({ name }) => name === layer);
  if (place >= 0) return place;
  throw new UsageError(
    `${network}: there is no layer ${JSON.stringify(layer)}\n` +
      `  known  ${steps.map(({ name }) => name).join(", ")}\nChoose one of these.`,
  );
}

/** Runs the steps, each on what the one before made, which is freed then; not `input`. */
function runAll(steps: readonly FeatureStep[], input: Tensor): Tensor {
  return scope(() => {
    let maps = input;
    for (const { run } of steps) {
      const next = run(maps);
      if (maps !== input) maps.dispose();
      maps = next;
    }
    return maps;
  });
}

/** The maps of a layer, or the last ones. @throws {UsageError} if there is no such layer */
export function runUpTo(
  network: string,
  steps: readonly FeatureStep[],
  input: Tensor,
  layer: string | undefined,
): Tensor {
  const last = layer === undefined ? steps.length : placeOf(network, steps, layer) + 1;
  return runAll(steps.slice(0, last), input);
}

/**
 * The last maps from those of a layer: these themselves, if it is the last one.
 *
 * @throws {UsageError} if there is no such layer
 */
export function runFrom(
  network: string,
  steps: readonly FeatureStep[],
  maps: Tensor,
  layer: string | undefined,
): Tensor {
  const first = layer === undefined ? steps.length : placeOf(network, steps, layer) + 1;
  return runAll(steps.slice(first), maps);
}
