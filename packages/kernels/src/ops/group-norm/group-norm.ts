import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { formatShape, numel, type Shape } from "../../shape.ts";
import type { AffineGradients, NormNeeds } from "../batch-norm/batch-norm.ts";
import { checkChannelVectors } from "../channel-norm/affine.ts";
import {
  type Affine,
  gradBeforeSilu,
  type Moments,
  moments,
  type NormView,
  normalize,
  normGradients,
} from "../channel-norm/channel-norm.ts";
import { sumRows } from "../lanes/sum-rows.ts";

/** The resolved sizes of a group normalisation. */
export interface GroupNormGeometry extends NormView {
  readonly shape: Shape;
  /** Whether a SiLU follows in the same pass. */
  readonly silu: boolean;
}

/** Shapes of a group normalisation's operands. */
export interface GroupNormShapes {
  readonly input: Shape;
  readonly weight: Shape | null;
  readonly bias: Shape | null;
}

/**
 * Sizes of a group normalisation.
 *
 * @throws {ShapeError} if the channels do not divide into `groups`, or a vector has not one value
 *   per channel
 */
export function groupNormGeometry(
  { input, ...vectors }: GroupNormShapes,
  groups: number,
  eps = 1e-5,
  silu = false,
): GroupNormGeometry {
  const [batch] = input;
  const channels = input.at(-1);
  if (input.length < 2 || batch === undefined || channels === undefined) {
    throw new ShapeError(
      `groupNorm: input has ${input.length} axes, expected at least 2\n` +
        `  input  ${formatShape(input)}\nPass [N, …, C].`,
    );
  }
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new ShapeError(
      `groupNorm: ${channels} channels do not divide into ${groups} groups\n` +
        `  input  ${formatShape(input)}\nChoose a number of groups that divides the channels.`,
    );
  }
  checkChannelVectors("groupNorm", input, channels, vectors);
  return {
    shape: input,
    batch,
    rows: numel(input) / batch / channels,
    channels,
    groups,
    eps,
    silu,
  };
}

/**
 * `y = (x − μ) / √(σ² + eps) · weight + bias` with mean and biased variance of each sample's group
 * of `C / groups` neighbouring channels, over all pixels; and where the geometry says so,
 * `y · sigmoid(y)`.
 *
 * @param input `[N, …, C]`
 * @returns `output` of the input's shape; `moments`: μ and σ² of `(n, g)`, repeated for each channel
 *   of the group, `[N, C]`, for {@link groupNormGradients}
 * @see Wu and He, "Group Normalization"; torch.nn.functional.group_norm, which it matches
 */
export function groupNorm(
  gpu: Gpu,
  input: GpuArray,
  affine: Affine,
  geometry: GroupNormGeometry,
): { output: GpuArray; moments: Moments } {
  const own = moments(gpu, input, geometry);
  const after = { activation: geometry.silu ? ("silu" as const) : null };
  try {
    return { output: normalize(gpu, input, own, affine, geometry, after), moments: own };
  } catch (error) {
    own.mean.dispose();
    own.variance.dispose();
    throw error;
  }
}

/** Gradients of {@link groupNorm}, with the moments it returned. Only what is needed is computed. */
export function groupNormGradients(
  gpu: Gpu,
  gradOutput: GpuArray,
  input: GpuArray,
  used: Moments,
  affine: Affine,
  geometry: GroupNormGeometry,
  needs: NormNeeds,
): AffineGradients {
  using gradNormalized = geometry.silu
    ? gradBeforeSilu(gpu, gradOutput, input, used, affine, geometry)
    : gradOutput.retain();
  return gradientsOfNormalized(gpu, gradNormalized, input, used, affine.weight, geometry, needs);
}

function gradientsOfNormalized(
  gpu: Gpu,
  gradOutput: GpuArray,
  input: GpuArray,
  used: Moments,
  weight: GpuArray | null,
  geometry: GroupNormGeometry,
  needs: NormNeeds,
): AffineGradients {
  const { batch, channels } = geometry;
  const { gradInput, sumGrad, sumProduct } = normGradients(gpu, gradOutput, input, used, geometry, {
    weight,
    needsInput: needs.input,
    needsSums: needs.weight || needs.bias,
    centered: true,
  });
  const made: GpuArray[] = gradInput === null ? [] : [gradInput];
  const sumOverBatch = (sums: GpuArray | null, isWanted: boolean) => {
    if (sums === null || !isWanted) return null;
    const vector = sumRows(gpu, sums, [1, batch, channels], [channels], 1);
    made.push(vector);
    return vector;
  };
  try {
    const gradWeight = sumOverBatch(sumProduct, needs.weight);
    return { gradInput, gradWeight, gradBias: sumOverBatch(sumGrad, needs.bias) };
  } catch (error) {
    for (const array of made) array.dispose();
    throw error;
  } finally {
    sumGrad?.dispose();
    sumProduct?.dispose();
  }
}
