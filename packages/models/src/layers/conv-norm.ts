// A convolution, batch normalisation, and perhaps an activation: the unit that ResNet and Inception
// are built of. With frozen weights and running moments the normalisation is a factor and a shift of
// each output channel,
//
//   γ · (w ⋆ x + b − μ) / √(σ² + eps) + β = (w · s) ⋆ x + (β + (b − μ) · s),   s = γ / √(σ² + eps),
//
// which a convolution computes in its own pass: two reads and writes of the maps fewer, each way.

import {
  add,
  affine,
  castTo,
  conv2d,
  div,
  isRecording,
  type LeakyActivation,
  leakyRelu,
  mul,
  relu,
  scope,
  silu,
  sqrt,
  sub,
  type Tensor,
} from "@fauxgrad/tensor";
import {
  BatchNorm2d,
  Conv2d,
  type Conv2dOptions,
  type GroupNorm,
  Module,
  type Parameter,
} from "@fauxgrad/tensor/nn";
import { derived } from "./derived.ts";

const RELU: LeakyActivation = { slope: 0 };

/** What may follow a convolution. */
export type Norm = BatchNorm2d | GroupNorm;

/** What follows the normalisation: ReLU for true, nothing for false. */
export type UnitActivation = boolean | LeakyActivation | "silu";

/**
 * Whether the two are one convolution: running moments that stay as they are, and no gradient
 * wanted for the parameters. A group norm's moments are the sample's own.
 */
function isFoldable(conv: Conv2d, norm: Norm): norm is BatchNorm2d {
  if (!(norm instanceof BatchNorm2d) || norm.training) return false;
  const parameters: readonly (Parameter | null)[] = [
    conv.weight,
    conv.bias,
    norm.weight,
    norm.bias,
  ];
  return !isRecording() || !parameters.some((parameter) => parameter?.requiresGrad);
}

function fold(conv: Conv2d, norm: BatchNorm2d): { weight: Tensor; bias: Tensor } {
  const { runningMean, runningVar, eps } = norm;
  const deviation = sqrt(affine(runningVar.tensor, 1, eps));
  const one = affine(runningVar.tensor, 0, 1);
  const scale = div(norm.weight?.tensor ?? one, deviation);
  const mean = runningMean.tensor;
  const centre = mul(conv.bias === null ? mean : sub(mean, conv.bias.tensor), scale);
  const { tensor } = conv.weight;
  const folded = mul(castTo(tensor, "f32"), scale);
  return {
    weight: castTo(folded, tensor.dtype === "f16" ? "f16" : "f32"),
    bias: norm.bias === null ? affine(centre, -1) : sub(norm.bias.tensor, centre),
  };
}

function activated(input: Tensor, activate: UnitActivation): Tensor {
  if (activate === false) return input;
  if (activate === true) return relu(input);
  if (activate === "silu") return silu(input);
  return leakyRelu(input, activate.slope, activate.gain);
}

/** What follows a convolution whose normalisation is not folded into it. */
function normalized(
  raw: Tensor,
  norm: Norm,
  activate: UnitActivation,
  residual: Tensor | null,
): Tensor {
  if (norm instanceof BatchNorm2d) {
    if (activate === true) return norm.forward(raw, { activation: "relu", residual });
    return activated(norm.forward(raw, { residual }), activate);
  }
  if (residual === null && activate === "silu") return norm.forward(raw, activate);
  const normal = norm.forward(raw);
  raw.dispose();
  return activated(residual === null ? normal : add(normal, residual), activate);
}

/**
 * `norm(conv(input))`, plus `residual`, followed by an activation: ReLU for true, none for false. A
 * frozen pair with batch norm is one convolution, whose weights are computed once and which does the
 * rest in its own pass; otherwise batch norm takes the residual and a ReLU into its pass.
 */
export function convNorm(
  conv: Conv2d,
  norm: Norm,
  input: Tensor,
  activate: UnitActivation,
  residual: Tensor | null = null,
): Tensor {
  return scope(() => {
    if (!isFoldable(conv, norm)) return normalized(conv.forward(input), norm, activate, residual);
    const { runningMean, runningVar } = norm;
    const sources = [conv.weight, conv.bias, norm.weight, norm.bias, runningMean, runningVar]
      .filter((state) => state !== null)
      .map((state) => state.tensor) as [Tensor, ...Tensor[]];
    const parts = ["weight", "bias"] as const;
    const { weight, bias } = derived("conv-norm", sources, parts, () => fold(conv, norm));
    const activation = activate === true ? RELU : activate || null;
    return conv2d(input, weight, bias, { ...conv.options, activation, residual });
  });
}

/** A convolution without bias, batch normalisation with eps 1e-3, ReLU: Inception's unit. */
export class ConvNormRelu extends Module {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: readonly [number, number],
    options: Conv2dOptions = {},
  ) {
    super();
    this.conv = new Conv2d(inChannels, outChannels, kernelSize, { ...options, bias: false });
    this.bn = new BatchNorm2d(outChannels, { eps: 1e-3 });
  }

  forward(input: Tensor): Tensor {
    return convNorm(this.conv, this.bn, input, true);
  }
}
