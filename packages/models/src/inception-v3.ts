// Inception-V3 as torchvision has it. What it consists of is a table (inception-table.ts), read by
// the constructors and by the forward pass.

import {
  adaptiveAvgPool2d,
  add,
  avgPool2d,
  concat,
  flatten,
  formatShape,
  type Gpu,
  maxPool2d,
  mul,
  type Shape,
  ShapeError,
  scope,
  type Tensor,
} from "@fauxgrad/tensor";
import {
  Buffer,
  type HostTensorLike,
  Linear,
  type LoadOptions,
  type LoadReport,
  type Member,
  Module,
} from "@fauxgrad/tensor/nn";
import { BLOCKS, type Block, type Branch, STEM, type Step, type Unit } from "./inception-table.ts";
import { ConvNormRelu } from "./layers/conv-norm.ts";
import { normalizations } from "./transforms/normalize.ts";

/** Smallest side of an image: 1×1 maps at the end. */
const SMALLEST = 75;
/** Channels behind the last block. */
const FEATURES = 2048;

/** Options of {@link InceptionV3}. */
export interface InceptionV3Options {
  /** Outputs; 0 for the 2048 pooled features instead of logits. Default 1000. */
  readonly numClasses?: number;
  /** How many of the eleven blocks, from the first; fewer have no logits. Default 11. */
  readonly blocks?: number;
  /** Map an input that was normalised for ImageNet back to [−1, 1] first. Default true. */
  readonly transformInput?: boolean;
  /** Whether the average pools inside the blocks count zeros of the padding. Keras does not. */
  readonly countIncludePad?: boolean;
}

function checkBlocks(blocks: number, numClasses: number): void {
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > BLOCKS.length) {
    throw new ShapeError(
      `inception_v3: blocks is ${blocks}\nPass a whole number from 1 to ${BLOCKS.length}.`,
    );
  }
  if (blocks < BLOCKS.length && numClasses !== 0) {
    throw new ShapeError(
      `inception_v3: ${blocks} of ${BLOCKS.length} blocks have no logits, numClasses is ${numClasses}\n` +
        "Pass all blocks, or numClasses 0.",
    );
  }
}

function convolution(inChannels: number, [, outChannels, size]: Unit): ConvNormRelu {
  const [kh, kw, stride = 1] = size;
  const padding = stride === 1 ? ([(kh - 1) / 2, (kw - 1) / 2] as const) : 0;
  return new ConvNormRelu(inChannels, outChannels, [kh, kw], { stride, padding });
}

/** One block: its units by name, and the table that says how they are connected. */
class InceptionBlock extends Module {
  readonly outChannels: number;
  readonly #branches: readonly Branch[];
  readonly #units = new Map<string, ConvNormRelu>();
  readonly #countIncludePad: boolean;

  constructor(inChannels: number, { branches }: Block, countIncludePad: boolean) {
    super();
    this.#branches = branches;
    this.#countIncludePad = countIncludePad;
    this.outChannels = 0;
    for (const branch of branches) {
      let channels = inChannels;
      for (const step of branch) channels = this.#add(step, channels);
      this.outChannels += channels;
    }
  }

  override *members(): Iterable<readonly [string, Member]> {
    yield* this.#units;
  }

  forward(input: Tensor): Tensor {
    return scope(() =>
      concat(
        this.#branches.map((branch) => this.#branch(branch, input)),
        3,
      ),
    );
  }

  /** Makes the units of a step; returns its output channels. */
  #add(step: Step, inChannels: number): number {
    if (typeof step === "string") return inChannels;
    const units: readonly Unit[] = "both" in step ? step.both : [step];
    for (const unit of units) this.#units.set(unit[0], convolution(inChannels, unit));
    return units.reduce((sum, [, outChannels]) => sum + outChannels, 0);
  }

  #branch(branch: Branch, input: Tensor): Tensor {
    let maps = input;
    for (const step of branch) {
      const next = this.#step(step, maps);
      if (maps !== input) maps.dispose();
      maps = next;
    }
    return maps;
  }

  #step(step: Step, maps: Tensor): Tensor {
    if (step === "maximum") return maxPool2d(maps, { kernelSize: 3, stride: 2 });
    if (step === "average") {
      const countIncludePad = this.#countIncludePad;
      return avgPool2d(maps, { kernelSize: 3, stride: 1, padding: 1, countIncludePad });
    }
    if (!("both" in step)) return this.#unit(step, maps);
    return scope(() =>
      concat(
        step.both.map((unit) => this.#unit(unit, maps)),
        3,
      ),
    );
  }

  #unit([name]: Unit, maps: Tensor): Tensor {
    const unit = this.#units.get(name);
    if (unit === undefined) throw new Error(`inception_v3: no unit ${name}`);
    return unit.forward(maps);
  }
}

/** From ImageNet's normalisation to [−1, 1]: `x · std / 0.5 + (mean − 0.5) / 0.5`. */
class InputMap extends Module {
  readonly scale: Buffer;
  readonly shift: Buffer;

  constructor() {
    super();
    const { mean, std } = normalizations.imagenet;
    const constants = (values: readonly number[]) =>
      new Buffer([3], { init: () => Float32Array.from(values), persistent: false });
    this.scale = constants(std.map((value) => value / 0.5));
    this.shift = constants(mean.map((value) => (value - 0.5) / 0.5));
  }

  forward(input: Tensor): Tensor {
    return scope(() => add(mul(input, this.scale.tensor), this.shift.tensor));
  }
}

/**
 * Inception-V3: `[N, H, W, 3]` of at least 75 pixels a side (299 as trained) to logits
 * `[N, numClasses]`, or to the mean of the last maps, `[N, 2048]`. The auxiliary classifier is not
 * part of it: its weights in a checkpoint (`AuxLogits.*`) are passed over.
 *
 * @see Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016; names of
 *   torchvision.models.inception_v3, which it matches
 */
export class InceptionV3 extends Module {
  readonly inputMap: InputMap | null;
  readonly #stem: readonly (readonly [string, ConvNormRelu] | "maximum")[];
  readonly #blocks: readonly (readonly [string, InceptionBlock])[];
  readonly fc: Linear | null;

  constructor(options: InceptionV3Options = {}) {
    super();
    const { blocks = BLOCKS.length, transformInput = true, countIncludePad = true } = options;
    const { numClasses = blocks === BLOCKS.length ? 1000 : 0 } = options;
    checkBlocks(blocks, numClasses);
    this.inputMap = transformInput ? new InputMap() : null;
    let channels = 3;
    this.#stem = STEM.map((layer) => {
      if (layer === "maximum") return layer;
      const [name, outChannels, [kh, kw, stride = 1], padding] = layer;
      const unit = new ConvNormRelu(channels, outChannels, [kh, kw], { stride, padding });
      channels = outChannels;
      return [name, unit] as const;
    });
    this.#blocks = BLOCKS.slice(0, blocks).map((block) => {
      const module = new InceptionBlock(channels, block, countIncludePad);
      channels = module.outChannels;
      return [block.name, module] as const;
    });
    this.fc = numClasses === 0 ? null : new Linear(FEATURES, numClasses);
  }

  /**
   * The network that weights belong to: the number of classes follows from `fc.weight`, that of the
   * blocks from their names.
   */
  static fromState(
    shapes: ReadonlyMap<string, Shape>,
    options: Omit<InceptionV3Options, "numClasses" | "blocks"> = {},
  ): InceptionV3 {
    const names = [...shapes.keys()];
    const absent = BLOCKS.findIndex((block) => !names.some((key) => key.startsWith(block.name)));
    // Of files without any block, the complaint is about all of them.
    const blocks = absent > 0 ? absent : BLOCKS.length;
    return new InceptionV3({ ...options, blocks, numClasses: shapes.get("fc.weight")?.[0] ?? 0 });
  }

  override *members(): Iterable<readonly [string, Member]> {
    if (this.inputMap !== null) yield ["inputMap", this.inputMap];
    for (const layer of this.#stem) if (layer !== "maximum") yield layer;
    yield* this.#blocks;
    if (this.fc !== null) yield ["fc", this.fc];
  }

  /** As {@link Module.load}, without the auxiliary classifier. */
  override load(
    gpu: Gpu,
    tensors: ReadonlyMap<string, HostTensorLike>,
    options: LoadOptions = {},
  ): LoadReport {
    const used = [...tensors].filter(([name]) => !isAuxiliary(name));
    return super.load(gpu, new Map(used), options);
  }

  /**
   * The last maps ("mixed10" in Keras): `[N, H', W', 2048]`, 8×8 at 299 pixels; of fewer blocks, the
   * last one's.
   *
   * @throws {ShapeError} unless the input is `[N, H, W, 3]` with sides of at least 75
   */
  features(input: Tensor): Tensor {
    checkInput(input.shape);
    return scope(() => {
      let maps = this.inputMap?.forward(input) ?? input;
      const advance = (next: Tensor) => {
        if (maps !== input) maps.dispose();
        maps = next;
      };
      for (const layer of this.#stem) {
        const pool = layer === "maximum";
        advance(pool ? maxPool2d(maps, { kernelSize: 3, stride: 2 }) : layer[1].forward(maps));
      }
      for (const [, block] of this.#blocks) advance(block.forward(maps));
      return maps;
    });
  }

  forward(input: Tensor): Tensor {
    return scope(() => {
      const pooled = flatten(adaptiveAvgPool2d(this.features(input), 1));
      return this.fc?.forward(pooled) ?? pooled;
    });
  }
}

/** Whether a tensor of a checkpoint belongs to the classifier that only training uses. */
export function isAuxiliary(name: string): boolean {
  return name.startsWith("AuxLogits.");
}

function checkInput(shape: Shape): void {
  const [, height = 0, width = 0, channels] = shape;
  if (shape.length === 4 && channels === 3 && Math.min(height, width) >= SMALLEST) return;
  throw new ShapeError(
    `inception_v3: input must be images of at least ${SMALLEST} x ${SMALLEST} pixels\n` +
      `  input     ${formatShape(shape)}\n  expected  [N, H, W, 3]\n` +
      "Resize the images, to 299 x 299 for what the network was trained with.",
  );
}
