import { makeOperand } from "../operands.ts";
import type { ConvNode, NetworkGraph } from "./graph.ts";
import { imagesOf, type NetworkJob } from "./network-job.ts";

type Floats = Float32Array<ArrayBuffer>;

/** A tensor of the state dict, in PyTorch's order. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Floats;
}

/** Of what {@link makeOperand} makes: odd sixteenths from −15/16 to 15/16. */
const DEVIATION = Math.sqrt(85) / 16;
/** PyTorch's `eps` of batch normalisation. */
export const NORM_EPSILON = 1e-5;

/** Factor that gives {@link random} unit variance. */
export const unit = 1 / DEVIATION;

/** Numbers that follow from the name. */
export function random(name: string, shape: readonly number[], scale: number, centre = 0): Weight {
  const data = makeOperand(
    name,
    shape.reduce((product, side) => product * side, 1),
  );
  for (let i = 0; i < data.length; i++) data[i] = centre + scale * data[i]!;
  return { shape, data };
}

/** Keeps the mean square of activations through a layer of `fanIn` inputs. */
function spread(fanIn: number): number {
  return Math.sqrt(2 / fanIn) / DEVIATION;
}

function* convWeights(node: ConvNode): Iterable<[string, Weight]> {
  const { weight, bias, norm, inChannels, outChannels, groups, kernel } = node;
  const depth = inChannels / groups;
  const shape = [outChannels, depth, kernel, kernel];
  yield [weight, random(weight, shape, spread(depth * kernel ** 2))];
  const vector = (name: string, scale: number, centre: number): [string, Weight] => {
    return [name, random(name, [outChannels], scale, centre)];
  };
  if (bias !== null) yield vector(bias, 0.1, 0);
  if (norm === null) return;
  yield vector(`${norm}.weight`, 0.25, 0.75);
  yield vector(`${norm}.bias`, 0.1, 0);
  yield vector(`${norm}.running_mean`, 0.1, 0);
  yield vector(`${norm}.running_var`, 0.25, 1);
}

/**
 * The state dict of a network, the same in every process: values follow from the names alone.
 * Keys, shapes and orders are PyTorch's.
 */
export function networkWeights({ nodes }: NetworkGraph): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  for (const node of nodes) {
    if (node.kind === "conv") for (const [name, w] of convWeights(node)) weights.set(name, w);
    if (node.kind !== "linear") continue;
    const { weight, bias, inFeatures, outFeatures } = node;
    weights.set(weight, random(weight, [outFeatures, inFeatures], spread(inFeatures)));
    weights.set(bias, random(bias, [outFeatures], 0.1));
  }
  return weights;
}

/** The images of a job, `[N, H, W, 3]`. */
export function networkImages(job: NetworkJob): Floats {
  return makeOperand(
    "images",
    imagesOf(job).reduce((product, side) => product * side, 1),
  );
}

/** A tensor of the state dict. */
export function weightOf(weights: ReadonlyMap<string, Weight>, name: string): Weight {
  const found = weights.get(name);
  if (found === undefined) throw new Error(`there is no weight ${name}`);
  return found;
}

/**
 * A convolution with its normalisation inside, as every library has it for inference:
 * `w · s` and `β − μ · s` with `s = γ / √(σ² + ε)`.
 */
export function foldedConv(
  weights: ReadonlyMap<string, Weight>,
  { weight: name, norm, bias, outChannels }: ConvNode,
): { readonly weight: Weight; readonly bias: Floats } {
  const weight = weightOf(weights, name);
  if (norm === null) {
    const data = bias === null ? new Float32Array(outChannels) : weightOf(weights, bias).data;
    return { weight, bias: data };
  }
  const vector = (part: string) => weightOf(weights, `${norm}.${part}`).data;
  const [gamma, beta] = [vector("weight"), vector("bias")];
  const [mean, variance] = [vector("running_mean"), vector("running_var")];
  const scale = gamma.map((value, o) => value / Math.sqrt(variance[o]! + NORM_EPSILON));
  const pitch = weight.data.length / outChannels;
  const data = weight.data.map((value, i) => value * scale[Math.floor(i / pitch)]!);
  return {
    weight: { shape: weight.shape, data },
    bias: beta.map((value, o) => value - mean[o]! * scale[o]!),
  };
}

/** A tensor with its axes in another order: `axes[i]` of the old is axis `i` of the new. */
export function permuted({ shape, data }: Weight, axes: readonly number[]): Weight {
  const pitches = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const turned = axes.map((axis) => shape[axis] ?? 1);
  const steps = axes.map((axis) => pitches[axis] ?? 1);
  const result = new Float32Array(data.length);
  const counters = turned.map(() => 0);
  let from = 0;
  for (let at = 0; at < result.length; at++) {
    result[at] = data[from]!;
    for (let axis = turned.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++counters[axis]! < turned[axis]!) break;
      from -= steps[axis]! * turned[axis]!;
      counters[axis] = 0;
    }
  }
  return { shape: turned, data: result };
}

/** `[O, I, K, K]` as `[K, K, I, O]`. */
export function channelsLast(weight: Weight): Weight {
  return permuted(weight, [2, 3, 1, 0]);
}

/** `[rows, columns]` as `[columns, rows]`. */
export function transposed(weight: Weight): Weight {
  return permuted(weight, [1, 0]);
}
