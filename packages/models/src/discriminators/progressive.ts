// ProGAN's and StyleGAN's discriminators grow while they are trained: each resolution has an input
// layer of its own, and `lod` says how far the network has grown. 0 is the whole network; at lod 1
// the first block is left out and the image halved; between, both ways in are mixed.

import { add, affine, avgPool2d, scope, type Tensor, UsageError } from "@fauxgrad/tensor";
import type { Layer, Member } from "@fauxgrad/tensor/nn";
import { EqualizedConv2d, leaky } from "../layers/equalized.ts";
import { HostScalar } from "../layers/host-scalar.ts";
import { type Architecture, channelsAt, downsamplings } from "./architecture.ts";
import { Discriminator, type MinibatchStddevOptions } from "./discriminator.ts";

/** The two layers of a resolution: at full size, and to half of it. */
export type ProgressiveBlock = readonly [Layer, Layer];

/** A discriminator of a resolution that can be grown into. */
export abstract class ProgressiveDiscriminator extends Discriminator {
  readonly #lod = new HostScalar();
  readonly #inputs: readonly EqualizedConv2d[];
  readonly #blocks: readonly ProgressiveBlock[];

  constructor(
    family: string,
    architecture: Architecture,
    block: (inChannels: number, outChannels: number) => ProgressiveBlock,
    options: MinibatchStddevOptions,
  ) {
    super(family, architecture, { weight: Math.SQRT2, activation: 1 }, options);
    const { imageChannels, channels } = architecture;
    this.#inputs = channels.map(
      (width) => new EqualizedConv2d(imageChannels, width, 1, { activation: leaky() }),
    );
    this.#blocks = Array.from({ length: downsamplings(architecture) }, (_, i) =>
      block(channelsAt(architecture, i), channelsAt(architecture, i + 1)),
    );
  }

  /**
   * Halvings of the image that the network has not grown to yet, with a fraction while a resolution
   * is being faded in. It is part of the state dict; finished networks have 0.
   */
  get lod(): number {
    return this.#lod.value;
  }

  /** @throws {UsageError} if it is negative or above the number of halvings */
  set lod(value: number) {
    this.#checkLod(value);
    this.#lod.value = value;
  }

  override *members(): Iterable<readonly [string, Member]> {
    yield ["lod", this.#lod];
    for (const [i, input] of this.#inputs.entries()) {
      yield [`input${i}`, input];
      const block = this.#blocks[i];
      if (block === undefined) continue;
      yield [`layer${2 * i}`, block[0]];
      yield [`layer${2 * i + 1}`, block[1]];
    }
    yield* this.headMembers();
  }

  protected override features(input: Tensor): Tensor {
    const { lod } = this;
    this.#checkLod(lod);
    let image = input;
    let maps: Tensor | null = null;
    for (const [i, layer] of this.#inputs.entries()) {
      if (lod < i + 1) {
        const entered: Tensor = this.#enter(layer, i, image, maps);
        if (entered !== maps) maps?.dispose();
        maps = this.#descend(i, entered);
      }
      if (lod > i) image = avgPool2d(image, { kernelSize: 2 });
    }
    if (maps === null) throw new Error(`${this.family}: no layer runs at lod ${lod}`);
    return maps;
  }

  /** The maps at the `i`-th resolution: from the image, from the block before, or from both. */
  #enter(layer: EqualizedConv2d, i: number, image: Tensor, maps: Tensor | null): Tensor {
    const { lod } = this;
    if (maps === null) return layer.forward(image);
    if (lod <= i - 1 || lod >= i) return maps;
    const share = lod - Math.floor(lod);
    return scope(() => add(affine(layer.forward(image), share), affine(maps, 1 - share)));
  }

  #descend(i: number, maps: Tensor): Tensor {
    const block = this.#blocks[i];
    if (block === undefined) return maps;
    const [full, half] = block;
    const first = full.forward(maps);
    maps.dispose();
    const second = scope(() => half.forward(first));
    first.dispose();
    return second;
  }

  #checkLod(lod: number): void {
    const most = downsamplings(this.architecture);
    if (lod >= 0 && lod <= most) return;
    throw new UsageError(
      `${this.family}: lod ${lod} is outside 0 to ${most}\n` +
        `  resolution  ${this.architecture.resolution}, halved ${most} times to 4\n` +
        "Set lod to 0 for the whole network, or check that the file belongs to this network.",
    );
  }
}
