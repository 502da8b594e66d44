/*
 * The perturbations of LGrad's Table 4, which the paper took from Frank et al., "Leveraging
 * Frequency Analysis for Deep Fake Image Recognition", 2020. Their script does not do what their
 * paper says; both are here. LGrad's own code for it was not published.
 *
 *              as intended                        as the script does it
 *     noise    variance ~ U[5, 20]                standard deviation ~ U[5, 20]
 *     blur     k of {3, 5, 7, 9}, sigma 4         the same
 *     jpeg     quality of 10..74                  always 95, red and blue exchanged inside
 *     cropping 5 % to 20 % of both sides          the same; sides exchanged if they differ
 */
import type { Random } from "@fauxgrad/tensor";
import { randomFor } from "../random/random-for.ts";
import type { Perturbation } from "./perturbation.ts";

/** A row of Table 4. `combined` takes the four in turn, one for each image. */
export type PerturbationMode = "noise" | "blur" | "cropping" | "jpeg" | "combined";

/** What the paper of Frank et al. says, or what their script does. */
export type PerturbationParameters = "intended" | "frank-script";

/** How {@link drawPerturbation} draws. */
export interface PerturbationOptions {
  readonly mode: PerturbationMode;
  readonly seed: number;
  readonly parameters?: PerturbationParameters;
  /** Share of the images that are perturbed. Default 0.5. */
  readonly probability?: number;
}

/** `combined` begins with the first and goes on by one with each image, perturbed or not. */
const ROTATION = ["noise", "blur", "jpeg", "cropping"] as const;
const KERNEL_SIZES = [3, 5, 7, 9] as const;
const BLUR_SIGMA = 4;

/**
 * What is to be done to one image of a set: null with probability `1 − probability`. The same for
 * the same seed and path, whatever else is in the set; only the rotation of `combined` counts.
 *
 * @param image its path below the set's root, and its place in the set, from 0
 * @throws {RangeError} if `probability` is outside [0, 1]
 */
export function drawPerturbation(
  options: PerturbationOptions,
  image: { readonly path: string; readonly index: number },
): Perturbation | null {
  const { mode, seed, parameters = "intended", probability = 0.5 } = options;
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(
      `drawPerturbation: probability is ${probability}\nPass a share in [0, 1].`,
    );
  }
  const random = randomFor(seed, "perturb", image.path);
  if (random.uniform() >= probability) return null;
  const kind = mode === "combined" ? ROTATION[image.index % ROTATION.length]! : mode;
  return drawParameters(kind, parameters, random);
}

function drawParameters(
  kind: (typeof ROTATION)[number],
  parameters: PerturbationParameters,
  random: Random,
): Perturbation {
  const script = parameters === "frank-script";
  switch (kind) {
    case "noise": {
      const amount = 5 + 15 * random.uniform();
      return { kind, sigma: script ? amount : Math.sqrt(amount), seed: random.bits() };
    }
    case "blur": {
      const kernelSize = KERNEL_SIZES[random.integer(KERNEL_SIZES.length)]!;
      return { kind, kernelSize, sigma: BLUR_SIGMA };
    }
    case "jpeg": {
      const quality = 10 + random.integer(65);
      if (script) return { kind, quality: 95, channelOrder: "bgr" };
      return { kind, quality, channelOrder: "rgb" };
    }
    case "cropping":
      return { kind, share: 0.05 + 0.15 * random.uniform(), swapSides: script };
    default:
      return kind satisfies never;
  }
}
