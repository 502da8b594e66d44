// The encoder of in-domain GAN inversion: residual blocks from an image to the codes of a StyleGAN.
// In the authors' code a bias stands in a module of its own (`wscale1.bias`), behind factors that
// cancel; here it is the convolution's.

import { add, avgPool2d, flatten, type Shape, scope, type Tensor } from "@fauxgrad/tensor";
import { BatchNorm2d, ChunkedLinear, Conv2d, type Member, Module } from "@fauxgrad/tensor/nn";
import { convNorm } from "./layers/conv-norm.ts";
import { foreignWeights, requireImages } from "./layers/require-images.ts";

const LEAKY = { slope: 0.2 } as const;
/** Side of the maps that the dense layer sees. */
const SIDE = 4;
/** The dense layer's factor: the authors' learning-rate scale of `1 / 128`. */
const SCALE = 1 / 128;

/** Options of an {@link IdinvertEncoder}; the defaults are those of the released encoders. */
export interface IdinvertEncoderOptions {
  /** Side of the images, in pixels: a power of two. */
  readonly resolution?: number;
  /** Channels of the first block; each further one has twice as many, up to `maxChannels`. */
  readonly channels?: number;
  readonly maxChannels?: number;
  /** Size of one code; there are two for each of the generator's resolutions from 4 on. */
  readonly codeSize?: number;
}

/** A convolution, its bias and its norm under the authors' names. */
function* unit(
  [convName, biasName, normName]: readonly [string, string | null, string],
  conv: Conv2d,
  norm: BatchNorm2d,
): Iterable<readonly [string, Member]> {
  yield [`${convName}.weight`, conv.weight];
  if (biasName !== null && conv.bias !== null) yield [`${biasName}.bias`, conv.bias];
  yield [`${normName}.bn`, norm];
}

/** Convolution, norm, leaky ReLU: the first block, and the identities of those that grow. */
class Entry extends Module {
  readonly #conv: Conv2d;
  readonly #norm: BatchNorm2d;

  constructor(inChannels: number, outChannels: number, kernelSize: number) {
    super();
    const padding = (kernelSize - 1) / 2;
    this.#conv = new Conv2d(inChannels, outChannels, kernelSize, { padding, bias: false });
    this.#norm = new BatchNorm2d(outChannels);
  }

  override *members(): Iterable<readonly [string, Member]> {
    yield* unit(["conv", null, "bn"], this.#conv, this.#norm);
  }

  forward(input: Tensor): Tensor {
    return convNorm(this.#conv, this.#norm, input, LEAKY);
  }
}

/** Half the side, two convolutions, and the identity. */
class ResidualBlock extends Module {
  readonly #entry: Entry | null;
  readonly #conv1: Conv2d;
  readonly #norm1: BatchNorm2d;
  readonly #conv2: Conv2d;
  readonly #norm2: BatchNorm2d;

  constructor(inChannels: number, outChannels: number) {
    super();
    const hidden = Math.min(inChannels, outChannels);
    this.#entry = inChannels === outChannels ? null : new Entry(inChannels, outChannels, 1);
    this.#conv1 = new Conv2d(inChannels, hidden, 3, { padding: 1 });
    this.#norm1 = new BatchNorm2d(hidden);
    this.#conv2 = new Conv2d(hidden, outChannels, 3, { padding: 1 });
    this.#norm2 = new BatchNorm2d(outChannels);
  }

  override *members(): Iterable<readonly [string, Member]> {
    if (this.#entry !== null) yield* this.#entry.members();
    yield* unit(["conv1", "wscale1", "bn1"], this.#conv1, this.#norm1);
    yield* unit(["conv2", "wscale2", "bn2"], this.#conv2, this.#norm2);
  }

  forward(input: Tensor): Tensor {
    return scope(() => {
      const half = avgPool2d(input, { kernelSize: 2, stride: 2 });
      const first = convNorm(this.#conv1, this.#norm1, half, LEAKY);
      const second = convNorm(this.#conv2, this.#norm2, first, LEAKY);
      first.dispose();
      return add(second, this.#entry?.forward(half) ?? half);
    });
  }
}

/** The dense layer and a norm of each of its features. */
class CodeBlock extends Module {
  readonly #fc: ChunkedLinear;
  readonly #norm: BatchNorm2d;

  constructor(channels: number, outFeatures: number) {
    super();
    this.#fc = new ChunkedLinear(channels * SIDE * SIDE, outFeatures, {
      bias: false,
      scale: SCALE,
      flattened: [channels, SIDE, SIDE],
    });
    this.#norm = new BatchNorm2d(outFeatures);
  }

  override *members(): Iterable<readonly [string, Member]> {
    yield ["fc", this.#fc];
    yield ["bn.bn", this.#norm];
  }

  forward(maps: Tensor): Tensor {
    return scope(() => this.#norm.forward(this.#fc.forward(flatten(maps))));
  }
}

/**
 * Idinvert's encoder: `[N, R, R, 3]` in [−1, 1] to codes `[N, 2 · (log₂ R − 1) · codeSize]`, 7168 for
 * the released ones of 256 pixels. The last weight of 448 MiB lies in chunks where the device needs
 * that.
 *
 * @see Zhu et al., "In-Domain GAN Inversion for Real Image Editing", 2020; names of
 *   genforce/idinvert_pytorch, with `use_bn`
 */
export class IdinvertEncoder extends Module {
  readonly block: readonly [Entry, ...ResidualBlock[]];
  readonly #codes: CodeBlock;
  /** Side of the images, in pixels. */
  readonly resolution: number;

  constructor(options: IdinvertEncoderOptions = {}) {
    super();
    const { resolution = 256, channels = 64, maxChannels = 1024, codeSize = 512 } = options;
    const count = Math.log2(resolution / SIDE);
    const widths = Array.from({ length: count + 1 }, (_, k) =>
      Math.min(channels * 2 ** k, maxChannels),
    );
    const residual = widths
      .slice(1)
      .map((width, k) => new ResidualBlock(widths[k] ?? width, width));
    this.block = [new Entry(3, channels, 3), ...residual];
    const last = widths.at(-1) ?? channels;
    this.#codes = new CodeBlock(last, 2 * this.block.length * codeSize);
    this.resolution = resolution;
  }

  /** The network that weights belong to. @throws {ShapeError} if they are no such encoder's */
  static fromState(shapes: ReadonlyMap<string, Shape>): IdinvertEncoder {
    const [channels] = shapes.get("block0.conv.weight") ?? [];
    let count = 1;
    while (shapes.has(`block${count}.conv2.weight`)) count++;
    const [maxChannels] = shapes.get(`block${count - 1}.conv2.weight`) ?? [];
    const [outFeatures] = shapes.get(`block${count}.fc.weight`) ?? [];
    if (channels === undefined || maxChannels === undefined || outFeatures === undefined) {
      const wanted = "block0.conv.weight, …, block7.bn.bn.running_var";
      return foreignWeights("idinvert_encoder", shapes, wanted);
    }
    const resolution = SIDE * 2 ** (count - 1);
    const codeSize = outFeatures / (2 * count);
    return new IdinvertEncoder({ resolution, channels, maxChannels, codeSize });
  }

  /** `block0`, `block1`, …: the authors' names have no dot. */
  override *members(): Iterable<readonly [string, Member]> {
    for (const [k, block] of [...this.block, this.#codes].entries()) yield [`block${k}`, block];
  }

  /** @throws {ShapeError} unless the input is `[N, R, R, 3]` */
  forward(input: Tensor): Tensor {
    requireImages("idinvert_encoder", input.shape, { size: this.resolution });
    return scope(() => {
      let maps = input;
      for (const block of this.block) {
        const next = block.forward(maps);
        if (maps !== input) maps.dispose();
        maps = next;
      }
      return this.#codes.forward(maps);
    });
  }
}
