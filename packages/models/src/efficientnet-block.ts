import { adaptiveAvgPool2d, add, gate, scope, silu, type Tensor } from "@fauxgrad/tensor";
import { type Conv2d, DropPath, type Linear, type Member, Module } from "@fauxgrad/tensor/nn";
import type { BlockNames, BlockPlan, UnitNames } from "./efficientnet-table.ts";
import { convNorm, type Norm, type UnitActivation } from "./layers/conv-norm.ts";

/** Stride and groups of a convolution; its padding is the form's. */
export interface ConvolutionShape {
  readonly stride?: number;
  readonly groups?: number;
}

/** What a form of EfficientNet is made of. */
export interface EfficientNetParts {
  /** A convolution without bias. */
  convolution(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    shape?: ConvolutionShape,
  ): Conv2d;
  norm(channels: number): Norm;
  /** A 1×1 convolution with bias: squeeze and excitation. */
  gate(inChannels: number, outChannels: number): Conv2d;
  classifier(inFeatures: number, outFeatures: number): Linear;
}

/** A convolution and a normalisation, which lie in another module under names of its own. */
export class Unit {
  readonly #names: UnitNames;
  readonly #convolution: Conv2d;
  readonly #norm: Norm;

  constructor(names: UnitNames, convolution: Conv2d, norm: Norm) {
    this.#names = names;
    this.#convolution = convolution;
    this.#norm = norm;
  }

  *members(): Iterable<readonly [string, Member]> {
    yield [this.#names[0], this.#convolution];
    yield [this.#names[1], this.#norm];
  }

  forward(input: Tensor, activation: UnitActivation, residual: Tensor | null = null): Tensor {
    return convNorm(this.#convolution, this.#norm, input, activation, residual);
  }
}

/**
 * A mobile inverted bottleneck: 1×1 to more channels, a depthwise kernel, squeeze and excitation, 1×1
 * to fewer channels, and the input added where sizes agree. What is added may be dropped in training,
 * for whole samples.
 *
 * @see Sandler et al., "MobileNetV2", 2018; Hu et al., "Squeeze-and-Excitation Networks", 2018
 */
export class MobileBlock extends Module {
  readonly plan: BlockPlan;
  /** Null in a block without skip: there is nothing to fall back on. */
  readonly dropPath: DropPath | null;
  readonly #names: BlockNames;
  readonly #expand: Unit | null;
  readonly #depthwise: Unit;
  readonly #reduce: Conv2d;
  readonly #excite: Conv2d;
  readonly #project: Unit;

  constructor(plan: BlockPlan, parts: EfficientNetParts, names: BlockNames) {
    super();
    const { inChannels, width, outChannels, kernelSize, stride, squeezed } = plan;
    const unit = (name: UnitNames, convolution: Conv2d, channels: number) =>
      new Unit(name, convolution, parts.norm(channels));
    this.plan = plan;
    this.#names = names;
    this.#expand =
      width === inChannels
        ? null
        : unit(names.expand, parts.convolution(inChannels, width, 1), width);
    const depthwise = parts.convolution(width, width, kernelSize, { stride, groups: width });
    this.#depthwise = unit(names.depthwise, depthwise, width);
    this.#reduce = parts.gate(width, squeezed);
    this.#excite = parts.gate(squeezed, width);
    this.#project = unit(names.project, parts.convolution(width, outChannels, 1), outChannels);
    this.dropPath = plan.skips ? new DropPath(0) : null;
  }

  override *members(): Iterable<readonly [string, Member]> {
    if (this.#expand !== null) yield* this.#expand.members();
    yield* this.#depthwise.members();
    yield [this.#names.reduce, this.#reduce];
    yield [this.#names.excite, this.#excite];
    yield* this.#project.members();
    // Without state; its seed follows from the name.
    if (this.dropPath !== null) yield ["drop_path", this.dropPath];
  }

  /** `[N, H, W, inChannels]` to `[N, H / stride, W / stride, outChannels]`. */
  forward(input: Tensor): Tensor {
    return scope(() => {
      const wide = this.#expand?.forward(input, "silu") ?? input;
      const filtered = this.#depthwise.forward(wide, "silu");
      if (wide !== input) wide.dispose();
      const gated = this.#gated(filtered);
      filtered.dispose();
      const { dropPath } = this;
      if (dropPath === null) return this.#project.forward(gated, false);
      if (!dropPath.drops) return this.#project.forward(gated, false, input);
      const projected = this.#project.forward(gated, false);
      gated.dispose();
      return add(dropPath.forward(projected), input);
    });
  }

  /** Each channel times a factor in (0, 1) that the means of all channels decide. */
  #gated(maps: Tensor): Tensor {
    return scope(() => {
      const squeezed = silu(this.#reduce.forward(adaptiveAvgPool2d(maps, 1)));
      return gate(maps, this.#excite.forward(squeezed));
    });
  }
}
