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
  const found = new Map<string, HostTensorLike>();
  for (const [name, value] of tensors) {
    if (!name.startsWith(prefix)) continue;
    const { shape } = value;
    const isCounter = value.dtype === "int64";
    const data = isCounter ? null : toFloat32(value);
    found.set(name.slice(prefix.length), data === null ? value : { dtype: "float32", shape, data });
  }
  return found;
}
