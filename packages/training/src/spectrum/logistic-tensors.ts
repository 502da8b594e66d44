import {
  fromFloat32,
  type HostTensor,
  matchStateDict,
  toFloat32,
} from "@fauxgrad/models/checkpoint";
import type { LogisticModel } from "./logistic-regression.ts";

const VECTORS = ["mean", "scale", "weight"] as const;

/** The model as a checkpoint's tensors: `mean`, `scale`, `weight` `[features]`, `bias` `[]`. */
export function logisticTensors(model: LogisticModel): Map<string, HostTensor> {
  const tensors = new Map<string, HostTensor>();
  for (const name of VECTORS) {
    const values = model[name];
    tensors.set(name, fromFloat32(Float32Array.from(values), [values.length]));
  }
  return tensors.set("bias", fromFloat32(Float32Array.of(model.bias), []));
}

/**
 * The model in the tensors of {@link logisticTensors}, of any float type.
 *
 * @throws {CheckpointError} listing everything in which the tensors do not fit
 */
export function logisticFromTensors(
  tensors: ReadonlyMap<string, HostTensor>,
  features: number,
): LogisticModel {
  const shapes = new Map<string, readonly number[]>(VECTORS.map((name) => [name, [features]]));
  const matched = matchStateDict(shapes.set("bias", []), tensors);
  const values = (name: string): Float64Array => {
    const tensor = matched.get(name);
    return tensor === undefined ? new Float64Array() : Float64Array.from(toFloat32(tensor));
  };
  return {
    mean: values("mean"),
    scale: values("scale"),
    weight: values("weight"),
    bias: values("bias")[0] ?? Number.NaN,
  };
}
