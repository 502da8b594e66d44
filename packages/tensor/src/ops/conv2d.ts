import type { Conv2dOptions, Epilogue, GpuArray } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { isRecording, record } from "../autograd.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { silu } from "./unary.ts";

/** A leaky ReLU behind the sum: `gain · (v > 0 ? v : slope · v)`; slope 0 is ReLU. */
export interface LeakyActivation {
  /** At least 0. */
  readonly slope: number;
  /** Above 0; default 1. */
  readonly gain?: number;
}

/** What {@link conv2d} and {@link linear} do besides the sum, in the same pass over memory. */
export interface FusedOptions {
  /** Factor of the sum, e.g. the equalised learning rate's; default 1. */
  readonly scale?: number;
  readonly activation?: LeakyActivation | null;
}

/** What {@link conv2d} does besides the sum. */
export interface Conv2dFusedOptions extends Omit<FusedOptions, "activation"> {
  /**
   * A leaky ReLU, or `v · sigmoid(v)`, which shares the pass where no gradient is recorded: its
   * derivative does not follow from the output.
   */
  readonly activation?: LeakyActivation | "silu" | null;
  /** Added before the activation; of the output's shape. */
  readonly residual?: Tensor | null;
}

/** The activation as the kernel's epilogue wants it. */
export function epilogueOf(bias: Tensor | null, options: FusedOptions): Epilogue {
  const { scale = 1, activation } = options;
  if (activation != null) kernels.checkLeak("activation", activation.slope, activation.gain ?? 1);
  return {
    bias: bias?.data ?? null,
    scale,
    slope: activation?.slope ?? 1,
    gain: activation?.gain ?? 1,
  };
}

/**
 * The gradient before the activation. Its sign is the output's, so the output is all that was
 * saved. The caller disposes the result.
 */
export function gradBeforeActivation(
  gradOutput: GpuArray,
  output: GpuArray | null,
  activation: LeakyActivation | null | undefined,
): GpuArray {
  if (activation == null) return gradOutput.retain();
  const { slope, gain = 1 } = activation;
  return kernels.unaryGrad(gradOutput.gpu, "leakyRelu", gradOutput, output, { slope, gain });
}

/**
 * 2-D cross-correlation `output[n, o] = bias[o] + scale · Σ_c weight[o, c] ⋆ input[n, c]`, plus
 * `residual`, followed by `activation` where they are given.
 *
 * @param input  `[N, H, W, C]`
 * @param weight `[KH, KW, C / groups, O]`
 * @param bias   `[O]`, or null
 * @returns `[N, OH, OW, O]` with `OH = ⌊(H + 2·padding − dilation·(KH − 1) − 1) / stride⌋ + 1`
 * @throws {ShapeError} if channels and groups do not agree, the kernel exceeds the padded input, or
 *   the residual has not the output's shape
 * @see torch.nn.functional.conv2d, which it matches
 */
export function conv2d(
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv2dOptions & Conv2dFusedOptions = {},
): Tensor {
  const { activation = null, residual = null, ...rest } = options;
  const operands = { input, weight, bias, residual };
  if (activation !== "silu") return convolve(operands, { ...rest, activation });
  const isRecorded = Object.values(operands).some((operand) => operand?.requiresGrad === true);
  if (!isRecording() || !isRecorded) return convolve(operands, rest, true);
  return scope(() => silu(convolve(operands, rest)));
}

interface Operands {
  readonly input: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly residual: Tensor | null;
}

function convolve(
  { input, weight, bias, residual }: Operands,
  options: Conv2dOptions & FusedOptions,
  isSilu = false,
): Tensor {
  const { gpu } = input;
  const { scale = 1, activation } = options;
  const geometry = kernels.conv2dGeometry(input.shape, weight.shape, options);
  const behind = { residual: residual?.data ?? null, silu: isSilu };
  const epilogue = { ...epilogueOf(bias, options), ...behind };
  const output = kernels.conv2d(gpu, input.data, weight.data, geometry, epilogue);
  return record({
    op: "conv2d",
    output,
    inputs: [input, weight, bias, residual],
    saved: [
      weight.requiresGrad ? input.data : null,
      input.requiresGrad ? weight.data : null,
      activation != null ? output : null,
    ],
    backward: (gradOutput, [needsInput, needsWeight, needsBias, needsResidual], [x, w, y]) => {
      const grad = gradBeforeActivation(gradOutput, y, activation);
      try {
        return [
          needsInput && w ? kernels.conv2dGradInput(gpu, grad, w, geometry, scale) : null,
          needsWeight && x ? kernels.conv2dGradWeight(gpu, x, grad, geometry, scale) : null,
          needsBias ? kernels.sumChannels(gpu, grad) : null,
          needsResidual ? grad.retain() : null,
        ];
      } finally {
        grad.dispose();
      }
    },
  });
}
