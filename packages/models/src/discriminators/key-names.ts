// StyleGAN2's discriminator goes by other names elsewhere, with the same mathematics:
//
//   genforce        rosinality/stylegan2-pytorch     NVlabs/stylegan2-ada-pytorch
//   input0          convs.0.0 and .1                 b256.fromrgb
//   layer{2i}       convs.{i+1}.conv1.0 and .1       b{r}.conv0
//   layer{2i+1}     convs.{i+1}.conv2.1 and .2       b{r}.conv1
//   skip_layer{i}   convs.{i+1}.skip.1               b{r}.skip
//   layer{2K}       final_conv.0 and .1              b4.conv
//   layer{2K+1}     final_linear.0                   b4.fc
//   layer{2K+2}     final_linear.1                   b4.out
//
// Networks trained with stylegan2-ada's `conv_clamp` limit their activations to ±256, which ours do
// not: the results differ where that limit is reached.

import type { HostTensorLike } from "@fauxgrad/tensor/nn";

/** How a checkpoint names the layers of a StyleGAN2 discriminator. */
export type KeyConvention = "genforce" | "rosinality" | "stylegan2-ada";

type Shaped = Pick<HostTensorLike, "shape">;

/** The convention of a set of names; whatever is not recognised counts as genforce's. */
export function keyConvention(names: Iterable<string>): KeyConvention {
  for (const name of names) {
    if (name === "convs.0.0.weight") return "rosinality";
    if (name === "b4.fc.weight") return "stylegan2-ada";
  }
  return "genforce";
}

/**
 * A discriminator's tensors under genforce's names, if they are rosinality's or stylegan2-ada's.
 * Names that belong to no layer stay as they are, so that a mismatch reports them.
 *
 * @returns further views of the same values; shapes are genforce's
 */
export function toGenforceNames<T extends Shaped>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  const convention = keyConvention(tensors.keys());
  if (convention === "genforce") return new Map(tensors);
  const rename = convention === "rosinality" ? fromRosinality(tensors) : fromAda(tensors);
  const renamed = new Map<string, T>();
  for (const [name, tensor] of tensors) {
    const ours = rename(name);
    if (ours !== null) renamed.set(ours, withGenforceShape(ours, tensor));
  }
  return renamed;
}

/** A name in genforce's words; null for what genforce does not store. */
type Rename = (name: string) => string | null;

function fromRosinality(tensors: ReadonlyMap<string, unknown>): Rename {
  let blocks = 0;
  while (tensors.has(`convs.${blocks + 1}.conv1.0.weight`)) blocks++;
  const fixed = new Map([
    ["convs.0.0.weight", "input0.weight"],
    ["convs.0.1.bias", "input0.bias"],
    ["final_conv.0.weight", `layer${2 * blocks}.weight`],
    ["final_conv.1.bias", `layer${2 * blocks}.bias`],
  ]);
  for (const part of ["weight", "bias"]) {
    fixed.set(`final_linear.0.${part}`, `layer${2 * blocks + 1}.${part}`);
    fixed.set(`final_linear.1.${part}`, `layer${2 * blocks + 2}.${part}`);
  }
  const parts: Readonly<Record<string, (i: number) => string>> = {
    "conv1.0.weight": (i) => `layer${2 * i}.weight`,
    "conv1.1.bias": (i) => `layer${2 * i}.bias`,
    "conv2.0.kernel": (i) => `layer${2 * i + 1}.filter.kernel`,
    "conv2.1.weight": (i) => `layer${2 * i + 1}.weight`,
    "conv2.2.bias": (i) => `layer${2 * i + 1}.bias`,
    "skip.0.kernel": (i) => `skip_layer${i}.filter.kernel`,
    "skip.1.weight": (i) => `skip_layer${i}.weight`,
  };
  return (name) => {
    const [, block, part = ""] = /^convs\.(\d+)\.(.+)$/.exec(name) ?? [];
    const inBlock = Object.hasOwn(parts, part) ? parts[part]?.(Number(block) - 1) : undefined;
    return fixed.get(name) ?? inBlock ?? name;
  };
}

function fromAda(tensors: ReadonlyMap<string, unknown>): Rename {
  const sides = [...tensors.keys()].flatMap(
    (name) => /^b(\d+)\.conv0\.weight$/.exec(name)?.[1] ?? [],
  );
  const resolution = Math.max(4, ...sides.map(Number));
  const blocks = Math.log2(resolution) - 2;
  const parts: Readonly<Record<string, (i: number) => string>> = {
    fromrgb: () => "input0",
    conv0: (i) => `layer${2 * i}`,
    conv1: (i) => `layer${2 * i + 1}`,
    skip: (i) => `skip_layer${i}`,
    conv: () => `layer${2 * blocks}`,
    fc: () => `layer${2 * blocks + 1}`,
    out: () => `layer${2 * blocks + 2}`,
  };
  return (name) => {
    const [, side, layer = "", part] = /^b(\d+)\.(?:(\w+)\.)?(\w+)$/.exec(name) ?? [];
    // Every layer has the filter, used or not; two of a block are genforce's.
    const index = Math.log2(resolution) - Math.log2(Number(side));
    if (part === "resample_filter") {
      const filtered = layer === "conv1" || layer === "skip";
      return filtered ? `${parts[layer]?.(index)}.filter.kernel` : null;
    }
    const isLayer = Object.hasOwn(parts, layer) && Number.isInteger(index);
    return isLayer ? `${parts[layer]?.(index)}.${part}` : name;
  };
}

/** Kernels are `[1, 1, 4, 4]`, biases vectors (rosinality's were `[1, C, 1, 1]` once). */
function withGenforceShape<T extends Shaped>(name: string, tensor: T): T {
  const { shape } = tensor;
  if (name.endsWith(".kernel") && shape.length === 2) return { ...tensor, shape: [1, 1, ...shape] };
  const size = shape.reduce((product, length) => product * length, 1);
  if (name.endsWith(".bias") && shape.length !== 1) return { ...tensor, shape: [size] };
  return tensor;
}
