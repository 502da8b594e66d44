/*
 * Where a detector looked: Grad-CAM at a layer and for a class of the reader's choice. The paper
 * names neither; the last maps are 4 × 4 at 128 pixels, earlier ones show more.
 */
import type { FeatureNetwork } from "@fauxgrad/models";
import type { ImageBatch } from "@fauxgrad/models/transforms";
import { type Gpu, noGrad, scope, type Tensor, tensor, UsageError } from "@fauxgrad/tensor";
import { type ActivationMap, gradCam } from "@fauxgrad/training";

/** The logit that is differentiated: `fake` z₁, `real` z₀, `margin` z₁ − z₀. */
export type CamTarget = "fake" | "real" | "margin";

/** The targets. */
export const camTargets = ["fake", "real", "margin"] as const satisfies readonly CamTarget[];

/** Layers that are worth a look, with the side of their maps at 128 pixels. */
export const camLayers = { head: 4, block10: 8, block4: 16, block2: 32 } as const;

/** What is shown. */
export interface CamOptions {
  /**
   * `head`, `blockN` with N counted from 0, or a name of the network's `featureLayers`. Maps are
   * those after normalisation and activation. Default `head`.
   */
  readonly layer?: string;
  /** Default `fake`. */
  readonly target?: CamTarget;
}

/** Weights of z₀ and z₁. */
const SEEDS: Readonly<Record<CamTarget, readonly [number, number]>> = {
  fake: [0, 1],
  real: [1, 0],
  margin: [-1, 1],
};

/**
 * A layer's name in the network: `head` is the last, `blockN` the one after the stem and N blocks.
 *
 * @throws {UsageError} listing the layers, if there is none like it
 */
export function camLayer({ featureLayers }: FeatureNetwork, layer: string): string {
  const block = /^block(\d+)$/.exec(layer)?.[1];
  const place = block === undefined ? undefined : Number(block) + 1;
  const named = featureLayers.includes(layer) ? layer : undefined;
  const found = named ?? (layer === "head" ? featureLayers.at(-1) : undefined);
  // A ResNet's last layer is a block; what follows an EfficientNet's blocks is none.
  const blocks = featureLayers.filter((name) => name !== "head");
  const known = found ?? (place === undefined ? undefined : blocks[place]);
  if (known !== undefined) return known;
  throw new UsageError(
    `camLayer: there is no layer ${JSON.stringify(layer)}\n` +
      `  known  ${[...new Set([...featureLayers, "head"])].join(", ")}\nChoose one of these, or blockN.`,
  );
}

/** Logits and map of an image. */
export interface CamResult {
  readonly logits: readonly [real: number, fake: number];
  /** `relu(Σ_c a_c · A_c)`, not normalised. */
  readonly map: ActivationMap;
}

/**
 * Grad-CAM of images, in evaluation mode: `A` the maps of a layer, `G = ∂z / ∂A` of a raw logit,
 * `a_c` the mean of `G_c` over all places. The network is put into evaluation mode.
 *
 * @throws {UsageError} if there is no such layer
 * @see Selvaraju et al., "Grad-CAM", 2017
 */
export async function explainClassifier(
  gpu: Gpu,
  network: FeatureNetwork,
  { pixels, shape }: ImageBatch,
  { layer = "head", target = "fake" }: CamOptions = {},
): Promise<CamResult[]> {
  const name = camLayer(network, layer);
  network.eval();
  const [n] = shape;
  const { maps, logits, gradients, size } = scope(() => {
    const inner = noGrad(() => network.features(tensor(gpu, pixels, shape), name)).detach();
    inner.requiresGrad = true;
    const outputs = network.logits(inner, name);
    const seeds = Float32Array.from({ length: 2 * n }, (_, i) => SEEDS[target][i % 2] ?? 0);
    outputs.backward(tensor(gpu, seeds, [n, 2]));
    const [, height = 0, width = 0, channels = 0] = inner.shape;
    const size = { height, width, channels };
    return { maps: inner.read(), logits: outputs.read(), gradients: gradientOf(inner), size };
  });
  const [features, slopes, values] = await Promise.all([maps, gradients, logits]);
  const each = size.height * size.width * size.channels;
  return Array.from({ length: n }, (_, i) => {
    const part = (data: Float32Array) => ({
      ...size,
      data: data.subarray(i * each, (i + 1) * each),
    });
    const [real = Number.NaN, fake = Number.NaN] = values.subarray(2 * i, 2 * i + 2);
    return { logits: [real, fake], map: gradCam(part(features), part(slopes)) };
  });
}

function gradientOf(leaf: Tensor): Promise<Float32Array<ArrayBuffer>> {
  const { grad } = leaf;
  if (grad !== null) return grad.read();
  throw new UsageError("explainClassifier: the logits do not depend on the layer");
}
