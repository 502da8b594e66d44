// A training's state between the device and a file.

import { type HostTensor, toFloat32 } from "@fauxgrad/models/checkpoint";
import type { HostTensorLike, StateTensor } from "@fauxgrad/tensor/nn";

/** A state dict's tensor as a file holds it. */
export function hostTensor({ dtype, shape, data }: StateTensor): HostTensor {
  return { dtype, shape, data } as HostTensor;
}

/** The tensors whose names begin with `prefix`, without it, in float32. */
export function section(
  tensors: ReadonlyMap<string, HostTensor>,
  prefix: string,
): Map<string, HostTensorLike> {
  const found = [...tensors].filter(([name]) => name.startsWith(prefix));
  return floatTensors(new Map(found.map(([name, value]) => [name.slice(prefix.length), value])));
}

/**
 * The network's tensors in a file: those under `model.` where there are any (a training's
 * checkpoint), all of them elsewhere.
 */
export function modelTensors(tensors: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  const prefix = "model.";
  const found = [...tensors].filter(([name]) => name.startsWith(prefix));
  if (found.length === 0) return new Map(tensors);
  return new Map(found.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** In float32, whatever the file has; counters stay whole numbers. */
export function floatTensors(
  tensors: ReadonlyMap<string, HostTensor>,
): Map<string, HostTensorLike> {
  const converted = new Map<string, HostTensorLike>();
  for (const [name, tensor] of tensors) {
    const { shape } = tensor;
    const isCounter = tensor.dtype === "int64";
    converted.set(name, isCounter ? tensor : { dtype: "float32", shape, data: toFloat32(tensor) });
  }
  return converted;
}
