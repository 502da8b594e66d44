import type { Images } from "../jobs.ts";
import type { DiscriminatorJob } from "./discriminator.ts";

/** A network that is compared as a whole, in torchvision's form. */
export type NetworkName = "resnet50" | "efficientnet_b0";

/** All of them. */
export const NETWORKS: readonly NetworkName[] = ["resnet50", "efficientnet_b0"];

/**
 * Inference by running moments, or one training step: forward by the batch's own moments, mean
 * cross-entropy, gradients of all parameters, and their update by plain SGD.
 */
export type NetworkPass = "inference" | "training";

/** A whole network as work to compare; plain data, like the jobs of single kernels. */
export interface NetworkJob {
  readonly op: "network";
  readonly network: NetworkName;
  readonly pass: NetworkPass;
  readonly batch: number;
  /** Of the square images. */
  readonly size: number;
}

/** Outputs of both networks. */
export const CLASSES = 1000;

/**
 * Learning rate of the compared step: updates below half a unit in the last place of nearly every
 * weight. The work is that of any step, and each repeat starts from the same weights.
 */
export const LEARNING_RATE = 2 ** -40;

/** `[N, H, W, 3]` */
export function imagesOf({ batch, size }: NetworkJob): Images {
  return [batch, size, size, 3];
}

/** Image `i` of a batch is of class `i`. */
export function labelsOf({ batch }: NetworkJob): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: batch }, (_, i) => i % CLASSES);
}

/** The labels as probabilities `[N, 1000]`, for libraries whose loss wants them so. */
export function oneHotLabels(job: NetworkJob): Float32Array<ArrayBuffer> {
  const target = new Float32Array(job.batch * CLASSES);
  for (const [image, label] of labelsOf(job).entries()) target[image * CLASSES + label] = 1;
  return target;
}

/** One line of the comparison. */
export interface NetworkCase {
  readonly name: string;
  readonly job: NetworkJob | DiscriminatorJob;
  /** For a GPU: measured only where a filter asks for it. */
  readonly large?: boolean;
}

const NAMES: Readonly<Record<NetworkName, string>> = {
  resnet50: "ResNet-50",
  efficientnet_b0: "EfficientNet-B0",
};

const PIXELS = 224;

function networkCase(network: NetworkName, pass: NetworkPass, batch: number): NetworkCase {
  const kind = pass === "inference" ? "inference" : "training step";
  return {
    name: `${NAMES[network]} ${kind} ${batch} × ${PIXELS}²`,
    job: { op: "network", network, pass, batch, size: PIXELS },
  };
}

/** Inference of one image and of eight, and training steps of one and, on a GPU, of sixteen. */
export const NETWORK_CASES: readonly NetworkCase[] = NETWORKS.flatMap((network) => [
  networkCase(network, "inference", 1),
  networkCase(network, "inference", 8),
  networkCase(network, "training", 1),
  { ...networkCase(network, "training", 16), large: true },
]);

function discriminatorCase(batch: number): NetworkCase & { readonly peers: readonly string[] } {
  const size = 256;
  return {
    name: `StyleGAN input gradient ${batch} × ${size}²`,
    job: { op: "discriminator", network: "stylegan", batch, size },
    large: batch > 1,
    // The others compute other networks.
    peers: ["torch"],
  };
}

/** LGrad's gradient of one image and, on a GPU, of sixteen: beside PyTorch. */
export const DISCRIMINATOR_CASES = [1, 16].map(discriminatorCase);

/** What `--networks` knows. */
export const COMPARED_NETWORKS = [...NETWORKS, "stylegan"] as const;

/** One of them. */
export type ComparedNetwork = (typeof COMPARED_NETWORKS)[number];
