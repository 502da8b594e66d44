import {
  add,
  broadcastTo,
  concat,
  type Gpu,
  linear,
  reshape,
  type Shape,
  scope,
  slice,
  type Tensor,
} from "@fauxgrad/tensor";
import {
  Conv2d,
  constant,
  GELU,
  type HostTensorLike,
  Identity,
  LayerNorm,
  Linear,
  type LoadOptions,
  type LoadReport,
  linearLayout,
  type Member,
  Module,
  normal,
  Parameter,
  Sequential,
  xavierUniform,
} from "@fauxgrad/tensor/nn";
import { multiHeadAttention } from "./layers/attention.ts";
import { foreignWeights, requireImages } from "./layers/require-images.ts";
import { toTorchvisionNames } from "./vit-names.ts";

const EPS = 1e-6;
/** Channels of a head, in all sizes that a state can tell apart. */
const HEAD_CHANNELS = 64;

/** Options of a {@link VisionTransformer}; the defaults are ViT-B/16's. */
export interface VisionTransformerOptions {
  /** Side of the images, in pixels: the positions are learned. */
  readonly imageSize?: number;
  /** Side of a patch, in pixels. */
  readonly patchSize?: number;
  readonly layers?: number;
  readonly heads?: number;
  readonly hiddenSize?: number;
  /** Features of the hidden layer behind each attention. */
  readonly mlpSize?: number;
  readonly numClasses?: number;
}

/** Attention of the tokens to each other; q, k and v are one matrix. @see nn.MultiheadAttention */
class SelfAttention extends Module {
  readonly inProjWeight: Parameter;
  readonly inProjBias: Parameter;
  readonly outProj: Linear;
  readonly #heads: number;

  constructor(channels: number, heads: number) {
    super();
    const shape = [3 * channels, channels];
    this.inProjWeight = new Parameter(shape, { init: xavierUniform(), layout: linearLayout });
    this.inProjBias = new Parameter([3 * channels], { init: constant(0) });
    this.outProj = new Linear(channels, channels);
    this.#heads = heads;
  }

  forward(tokens: Tensor): Tensor {
    const [n = 1, length = 1, channels = 1] = tokens.shape;
    return scope(() => {
      const projected = linear(tokens, this.inProjWeight.tensor, this.inProjBias.tensor);
      const [q, k, v] = [0, 1, 2].map((i) =>
        slice(projected, [0, 0, i * channels], [n, length, channels]),
      ) as [Tensor, Tensor, Tensor];
      projected.dispose();
      return this.outProj.forward(multiHeadAttention(q, k, v, this.#heads));
    });
  }
}

/** `x + attention(norm(x))`, then `x + mlp(norm(x))`. */
class EncoderLayer extends Module {
  override readonly names = { ln1: "ln_1", ln2: "ln_2" };
  readonly ln1: LayerNorm;
  readonly selfAttention: SelfAttention;
  readonly ln2: LayerNorm;
  readonly mlp: Sequential;

  constructor({ hiddenSize, heads, mlpSize }: Required<VisionTransformerOptions>) {
    super();
    this.ln1 = new LayerNorm(hiddenSize, { eps: EPS });
    this.selfAttention = new SelfAttention(hiddenSize, heads);
    this.ln2 = new LayerNorm(hiddenSize, { eps: EPS });
    const init = xavierUniform();
    // Dropout with probability 0 is number 2.
    const layers = [new GELU(), new Identity()] as const;
    const grow = new Linear(hiddenSize, mlpSize, { init });
    this.mlp = new Sequential(grow, ...layers, new Linear(mlpSize, hiddenSize, { init }));
  }

  forward(tokens: Tensor): Tensor {
    return scope(() => {
      const attended = add(tokens, this.selfAttention.forward(this.ln1.forward(tokens)));
      return add(attended, this.mlp.forward(this.ln2.forward(attended)));
    });
  }
}

/** Positions, layers, and the last norm. */
class Encoder extends Module {
  readonly posEmbedding: Parameter;
  readonly #layers: readonly EncoderLayer[];
  readonly ln: LayerNorm;

  constructor(options: Required<VisionTransformerOptions>) {
    super();
    const { imageSize, patchSize, hiddenSize, layers } = options;
    const tokens = (imageSize / patchSize) ** 2 + 1;
    this.posEmbedding = new Parameter([1, tokens, hiddenSize], { init: normal(0, 0.02) });
    this.#layers = Array.from({ length: layers }, () => new EncoderLayer(options));
    this.ln = new LayerNorm(hiddenSize, { eps: EPS });
  }

  override *members(): Iterable<readonly [string, Member]> {
    yield ["pos_embedding", this.posEmbedding];
    for (const [i, layer] of this.#layers.entries()) yield [`layers.encoder_layer_${i}`, layer];
    yield ["ln", this.ln];
  }

  /** `[N, T, C]` to what the first token has become, `[N, C]`. */
  forward(tokens: Tensor): Tensor {
    const [n = 1, , channels = 1] = tokens.shape;
    return scope(() => {
      let current = add(tokens, this.posEmbedding.tensor);
      for (const layer of this.#layers) {
        const next = layer.forward(current);
        current.dispose();
        current = next;
      }
      return this.ln.forward(reshape(slice(current, [0, 0, 0], [n, 1, channels]), [n, channels]));
    });
  }
}

/** Container of the last layer: `heads.head`. */
class Heads extends Module {
  readonly head: Linear;

  constructor(hiddenSize: number, numClasses: number) {
    super();
    this.head = new Linear(hiddenSize, numClasses, { init: constant(0) });
  }
}

/**
 * Vision transformer: `[N, S, S, 3]` of the size it was trained with to logits `[N, numClasses]`.
 * Checkpoints may have torchvision's names, its older ones, or timm's.
 *
 * @see Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021; names of
 *   torchvision.models.vit_b_16, which it matches
 */
export class VisionTransformer extends Module {
  readonly classToken: Parameter;
  readonly convProj: Conv2d;
  readonly encoder: Encoder;
  readonly heads: Heads;
  /** Side of the images, in pixels. */
  readonly resolution: number;

  constructor(options: VisionTransformerOptions = {}) {
    super();
    const { imageSize = 224, patchSize = 16, layers = 12, heads = 12 } = options;
    const { hiddenSize = 768, mlpSize = 3072, numClasses = 1000 } = options;
    this.classToken = new Parameter([1, 1, hiddenSize], { init: constant(0) });
    this.convProj = new Conv2d(3, hiddenSize, patchSize, { stride: patchSize });
    const sizes = { imageSize, patchSize, layers, heads, hiddenSize, mlpSize, numClasses };
    this.encoder = new Encoder(sizes);
    this.heads = new Heads(hiddenSize, numClasses);
    this.resolution = imageSize;
  }

  /**
   * The network that weights in any of the known names belong to. They do not tell the number of
   * heads: it is `hiddenSize / 64`, as in all sizes but ViT-H, unless it is given.
   *
   * @throws {ShapeError} if they are no vision transformer's
   */
  static fromState(
    shapes: ReadonlyMap<string, Shape>,
    { heads }: Pick<VisionTransformerOptions, "heads"> = {},
  ): VisionTransformer {
    const named = toTorchvisionNames(shapes);
    const [hiddenSize, , patchSize] = named.get("conv_proj.weight") ?? [];
    const [, tokens] = named.get("encoder.pos_embedding") ?? [];
    const [mlpSize] = named.get("encoder.layers.encoder_layer_0.mlp.0.weight") ?? [];
    const [numClasses] = named.get("heads.head.weight") ?? [];
    if (
      hiddenSize === undefined ||
      patchSize === undefined ||
      tokens === undefined ||
      mlpSize === undefined ||
      numClasses === undefined
    ) {
      return foreignWeights("vit", shapes, "class_token, conv_proj.weight, …, heads.head.bias");
    }
    let layers = 1;
    while (named.has(`encoder.layers.encoder_layer_${layers}.ln_1.weight`)) layers++;
    const imageSize = patchSize * Math.round(Math.sqrt(tokens - 1));
    const sizes = { imageSize, patchSize, layers, hiddenSize, mlpSize, numClasses };
    return new VisionTransformer({ ...sizes, heads: heads ?? hiddenSize / HEAD_CHANNELS });
  }

  /** As {@link Module.load}, for weights in any of the known names. */
  override load(
    gpu: Gpu,
    tensors: ReadonlyMap<string, HostTensorLike>,
    options: LoadOptions = {},
  ): LoadReport {
    return super.load(gpu, toTorchvisionNames(tensors), options);
  }

  /** @throws {ShapeError} unless the input is `[N, S, S, 3]` */
  forward(input: Tensor): Tensor {
    requireImages("vit", input.shape, { size: this.resolution });
    return scope(() => {
      const patches = this.convProj.forward(input);
      const [n = 1, height = 1, width = 1, channels = 1] = patches.shape;
      const first = broadcastTo(this.classToken.tensor, [n, 1, channels]);
      const tokens = concat([first, reshape(patches, [n, height * width, channels])], 1);
      return this.heads.head.forward(this.encoder.forward(tokens));
    });
  }
}
