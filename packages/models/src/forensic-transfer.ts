import {
  formatShape,
  mul,
  type Shape,
  ShapeError,
  scope,
  type Tensor,
  tanh,
  tensor,
  upsampleNearest,
} from "@fauxgrad/tensor";
import { BatchNorm2d, Conv2d, type Conv2dOptions, type Member, Module } from "@fauxgrad/tensor/nn";
import { convNorm } from "./layers/conv-norm.ts";
import { foreignWeights } from "./layers/require-images.ts";

/** Channels behind the encoder's five convolutions; the decoder goes back. */
const CHANNELS = [8, 16, 32, 64, 128] as const;
/** Channels of the latent maps: label 0 owns the first half, label 1 the second. */
const LATENT = 128;
/** The encoder halves the images four times, and the decoder doubles them. */
const STRIDE = 16;
const RELU = { slope: 0 } as const;

/** What a {@link ForensicTransfer} gives. */
export interface ForensicTransferOutput {
  /** `[N, H/16, W/16, 128]`, both halves, before one is zeroed. */
  readonly latent: Tensor;
  /** `[N, H, W, 3]` in (−1, 1), decoded from the labels' halves. */
  readonly reconstruction: Tensor;
}

/** A 3×3 convolution with batch normalisation and ReLU, where there is one. */
interface Stage {
  readonly conv: readonly [name: string, Conv2d];
  readonly norm: readonly [name: string, BatchNorm2d] | null;
}

function convolution(inChannels: number, outChannels: number, options: Conv2dOptions = {}): Conv2d {
  return new Conv2d(inChannels, outChannels, 3, { padding: 1, ...options });
}

/** `conv_1_1` with ReLU alone, then `conv_2_1` and `bn_2_2`, …, `conv_5_1` and `bn_5_2`. */
function encoder(): Stage[] {
  return CHANNELS.map((channels, i): Stage => {
    if (i === 0) {
      return { conv: ["conv_1_1", convolution(3, channels, { activation: RELU })], norm: null };
    }
    const conv = convolution(CHANNELS[i - 1] ?? 3, channels, { stride: 2 });
    return {
      conv: [`conv_${i + 1}_1`, conv],
      norm: [`bn_${i + 1}_2`, new BatchNorm2d(channels)],
    };
  });
}

/** `convtranspose_6_2` (an ordinary convolution) and `bn_6_3`, …, `convtranspose_9_2`, `bn_9_3`. */
function decoder(): Stage[] {
  const channels = CHANNELS.toReversed();
  return channels.slice(1).map((outChannels, i) => ({
    conv: [`convtranspose_${i + 6}_2`, convolution(channels[i] ?? LATENT, outChannels)],
    norm: [`bn_${i + 6}_3`, new BatchNorm2d(outChannels)],
  }));
}

function forwardStage({ conv: [, conv], norm }: Stage, input: Tensor): Tensor {
  if (norm !== null) return convNorm(conv, norm[1], input, true);
  return conv.forward(input);
}

/**
 * ForensicTransfer's autoencoder, in the form of T-GD's authors: images in [0, 1] to latent maps of
 * which each label owns half the channels, and back from the label's half alone.
 *
 * @see Cozzolino et al., "ForensicTransfer: Weakly-supervised Domain Adaptation for Forgery
 *   Detection", 2018; the specification of T-GD, section 5.2
 */
export class ForensicTransfer extends Module {
  readonly #encoder = encoder();
  readonly #decoder = decoder();
  readonly #last = convolution(CHANNELS[0], 3);

  /** The network that weights belong to. @throws {ShapeError} if they are another network's */
  static fromState(shapes: ReadonlyMap<string, Shape>): ForensicTransfer {
    if (shapes.has("conv_1_1.weight") && shapes.has("conv_10_1.weight")) {
      return new ForensicTransfer();
    }
    return foreignWeights("forensic-transfer", shapes, "conv_1_1.weight, …, conv_10_1.bias");
  }

  override *members(): Iterable<readonly [string, Member]> {
    for (const { conv, norm } of [...this.#encoder, ...this.#decoder]) {
      yield conv;
      if (norm !== null) yield norm;
    }
    yield ["conv_10_1", this.#last];
  }

  /**
   * Latent maps `[N, H/16, W/16, 128]`.
   *
   * @throws {ShapeError} unless the input is `[N, H, W, 3]` with sides that 16 divides
   */
  encode(input: Tensor): Tensor {
    checkImages(input.shape);
    return scope(() => {
      let maps = input;
      for (const stage of this.#encoder) {
        const next = forwardStage(stage, maps);
        if (maps !== input) maps.dispose();
        maps = next;
      }
      return maps;
    });
  }

  /**
   * Images `[N, H, W, 3]` in (−1, 1) from the half of the latent maps that belongs to each label.
   *
   * @param labels 0 or 1 for each image
   * @throws {ShapeError} unless there is one label for each image, and all are 0 or 1
   */
  decode(latent: Tensor, labels: ArrayLike<number>): Tensor {
    return scope(() => {
      const chosen = mul(latent, labelMask(latent, labels));
      let maps = chosen;
      for (const stage of this.#decoder) {
        const large = upsampleNearest(maps, 2);
        maps.dispose();
        maps = forwardStage(stage, large);
        large.dispose();
      }
      return tanh(this.#last.forward(maps));
    });
  }

  /** Encodes images, and decodes them as what their labels say. Errors as of the two halves. */
  forward(input: Tensor, labels: ArrayLike<number>): ForensicTransferOutput {
    return scope(() => {
      const latent = this.encode(input);
      return { latent, reconstruction: this.decode(latent, labels) };
    });
  }
}

/** `[N, 1, 1, 128]`: 1 in the label's half, 0 in the other. */
function labelMask({ gpu, shape }: Tensor, labels: ArrayLike<number>): Tensor {
  const [count = 0] = shape;
  const given = Array.from(labels);
  if (given.length !== count || given.some((label) => label !== 0 && label !== 1)) {
    throw new ShapeError(
      "forensic-transfer: there must be a label, 0 or 1, for each image\n" +
        `  latent  ${formatShape(shape)}\n  labels  ${given.slice(0, 8).join(", ") || "none"}` +
        `${given.length > 8 ? `, … (${given.length} in all)` : ""}\n` +
        "Pass one label for each image: 1 chooses the second half of the channels.",
    );
  }
  const mask = new Float32Array(count * LATENT);
  for (const [i, label] of given.entries()) {
    const first = i * LATENT + (label * LATENT) / 2;
    mask.fill(1, first, first + LATENT / 2);
  }
  return tensor(gpu, mask, [count, 1, 1, LATENT]);
}

function checkImages(shape: Shape): void {
  const [, height = 0, width = 0, channels] = shape;
  const fits = height > 0 && height % STRIDE === 0 && width > 0 && width % STRIDE === 0;
  if (shape.length === 4 && channels === 3 && fits) return;
  throw new ShapeError(
    `forensic-transfer: input must be images of 3 channels, and ${STRIDE} must divide their sides\n` +
      `  input     ${formatShape(shape)}\n  expected  [N, H, W, 3]\n` +
      "Resize the images, and pass R G B in the last axis.",
  );
}
