import type { DType, Shape } from "../shape.ts";
import type { Gpu } from "./gpu.ts";
import type { GpuArray } from "./gpu-array.ts";

/** Allocates for one operation; see {@link withArrays}. */
export interface Arrays {
  /** An array that the operation returns: freed only if it throws. */
  output(shape: Shape, dtype?: DType): GpuArray;
  /** An array that the operation needs meanwhile: freed at its end in any case. */
  temporary(shape: Shape, dtype?: DType): GpuArray;
}

/** Runs `operation`; whether it returns or throws, nothing it allocated and does not return lives. */
export function withArrays<T>(gpu: Gpu, operation: (arrays: Arrays) => T): T {
  const outputs: GpuArray[] = [];
  const temporaries: GpuArray[] = [];
  const keep = (list: GpuArray[], array: GpuArray) => {
    list.push(array);
    return array;
  };
  try {
    return operation({
      output: (shape, dtype) => keep(outputs, gpu.empty(shape, dtype)),
      temporary: (shape, dtype) => keep(temporaries, gpu.empty(shape, dtype)),
    });
  } catch (error) {
    for (const array of outputs) array.dispose();
    throw error;
  } finally {
    for (const array of temporaries) array.dispose();
  }
}
