// Rearrangements as functions from an output index to an input index, or to nothing.

import { numel, type Shape } from "../../shape.ts";

/** An array on the host. */
export interface HostArray {
  readonly data: Float64Array;
  readonly shape: Shape;
}

/** Builds an array by asking, for each of its indices, which element of `input` stands there. */
export function rearrange(
  input: HostArray,
  shape: Shape,
  sourceOf: (index: readonly number[]) => readonly number[],
  outside = 0,
): HostArray {
  const data = new Float64Array(numel(shape));
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < data.length; i++) {
    data[i] = elementAt(input, sourceOf(index)) ?? outside;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return { data, shape };
}

/** The element at an index; undefined outside the array. */
function elementAt({ data, shape }: HostArray, index: readonly number[]): number | undefined {
  let at = 0;
  for (const [axis, size] of shape.entries()) {
    const i = index[axis]!;
    if (i < 0 || i >= size) return undefined;
    at = at * size + i;
  }
  return data[at];
}
