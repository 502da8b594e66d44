import { type FloatDType, UsageError } from "@fauxgrad/kernels";
import { Conv2d } from "./conv2d.ts";
import { Linear } from "./linear.ts";
import type { Module } from "./module.ts";

/**
 * Stores the weights of a module's convolutions and dense layers as `dtype`: in f16 they take half the
 * memory, and are rounded to 11 bits. Biases, normalisations, activations and all sums stay f32. It is
 * for inference: a backward pass refuses weights in f16.
 *
 * @throws {UsageError} if a weight is to be trained, or while the module is a description
 */
export function castWeights(module: Module, dtype: FloatDType): void {
  const weights = [...module.namedModules()].flatMap(([name, layer]) => {
    return layer instanceof Conv2d || layer instanceof Linear
      ? [{ name, weight: layer.weight }]
      : [];
  });
  for (const { name, weight } of weights) {
    if (dtype === "f32" || !weight.requiresGrad) continue;
    throw new UsageError(
      `castWeights: the weight of ${name === "" ? "the module" : name} is trained, in f32\n` +
        "Freeze the module first: requiresGrad_(false).",
    );
  }
  for (const { weight } of weights) weight.castTo(dtype);
}
