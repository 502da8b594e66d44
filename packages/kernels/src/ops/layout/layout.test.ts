import { dot, randomFloats } from "@fauxgrad/testing";
import { expect as expectValue, test as plainTest } from "vitest";
import { numel, type Shape } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import { broadcastTo, flip, inversePermutation, slice, transpose } from "./gather.ts";
import { type PadPair, pad } from "./pad.ts";
import { rearrange } from "./reference.ts";

/** Distinct values, exact in f32: a moved element shows. */
function host(shape: Shape) {
  return { data: Float64Array.from({ length: numel(shape) }, (_, i) => i + 1), shape };
}

const EXACT = { terms: 0 };

test("transpose matches the reference, contiguous last axis or not", async ({ gpu }) => {
  for (const [shape, permutation] of [
    [[5], [0]],
    [
      [3, 7],
      [1, 0],
    ],
    [
      [33, 65],
      [-1, -2],
    ],
    [
      [2, 3, 4, 8],
      [0, 2, 1, 3],
    ],
    [
      [2, 3, 5, 7],
      [0, 3, 1, 2],
    ],
    [
      [3, 3, 4, 6],
      [3, 2, 0, 1],
    ],
    [
      [2, 3, 2, 3, 2, 3],
      [5, 3, 1, 4, 2, 0],
    ],
    [
      [2, 1, 3, 2, 1, 3, 2],
      [6, 0, 5, 2, 4, 3, 1],
    ],
  ] as const) {
    const x = host(shape);
    const axes = permutation.map((axis) => (axis < 0 ? axis + shape.length : axis));
    const result = axes.map((axis) => shape[axis]!);
    const expected = rearrange(x, result, (index) => {
      const source = new Array<number>(axes.length);
      for (const [to, from] of axes.entries()) source[from] = index[to]!;
      return source;
    });
    using input = gpu.upload(x.data, shape);
    using output = transpose(gpu, input, permutation);
    expect(output.shape).toEqual(result);
    expect(await output.read()).toMatchReference(expected, EXACT);
    using back = transpose(gpu, output, inversePermutation(permutation));
    expect([...(await back.read())]).toEqual([...x.data]);
  }
});

test("slice and pad match the reference and are each other's adjoint", async ({ gpu }) => {
  for (const [shape, pads] of [
    [[5], [[2, 1]]],
    [
      [3, 4],
      [
        [0, 0],
        [4, 8],
      ],
    ],
    [
      [2, 5, 5, 4],
      [
        [0, 0],
        [1, 2],
        [3, 0],
        [0, 0],
      ],
    ],
    [
      [2, 3, 3, 3],
      [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ],
    ],
    [
      [1, 17, 61],
      [
        [1, 0],
        [0, 3],
        [1, 2],
      ],
    ],
  ] as readonly (readonly [number[], PadPair[]])[]) {
    const x = host(shape);
    const padded = shape.map((size, axis) => size + pads[axis]![0] + pads[axis]![1]);
    const before = pads.map(([amount]) => amount);
    const expected = rearrange(x, padded, (index) => index.map((i, k) => i - before[k]!), -0.5);
    using input = gpu.upload(x.data, shape);
    using output = pad(gpu, input, pads, -0.5);
    expect(output.shape).toEqual(padded);
    expect(await output.read()).toMatchReference(expected, EXACT);
    using middle = slice(gpu, output, before, shape);
    expect([...(await middle.read())]).toEqual([...x.data]);
    // ⟨slice(y), x⟩ = ⟨y, pad(x)⟩, exact on small integers.
    const y = host(padded);
    using whole = gpu.upload(y.data, padded);
    using part = slice(gpu, whole, before, shape);
    using zeroPadded = pad(gpu, input, pads);
    expect(dot(await part.read(), x.data)).toBe(dot(y.data, await zeroPadded.read()));
  }
});

test("slice matches the reference for aligned and odd boxes", async ({ gpu }) => {
  const x = host([3, 6, 8]);
  using input = gpu.upload(x.data, x.shape);
  for (const [starts, sizes] of [
    [
      [0, 0, 0],
      [3, 6, 8],
    ],
    [
      [1, 2, 4],
      [2, 3, 4],
    ],
    [
      [2, 5, 7],
      [1, 1, 1],
    ],
    [
      [0, 1, 1],
      [3, 4, 5],
    ],
  ] as const) {
    using output = slice(gpu, input, starts, sizes);
    const expected = rearrange(x, sizes, (index) => index.map((i, k) => i + starts[k]!));
    expect(await output.read()).toMatchReference(expected, EXACT);
  }
});

test("flip reverses the axes that are named", async ({ gpu }) => {
  const x = host([2, 3, 4]);
  using input = gpu.upload(x.data, x.shape);
  for (const axes of [[1], [-1], [0, 2], []]) {
    using output = flip(gpu, input, axes);
    const reversed = axes.map((axis) => (axis < 0 ? axis + 3 : axis));
    const expected = rearrange(x, x.shape, (index) =>
      index.map((i, k) => (reversed.includes(k) ? x.shape[k]! - 1 - i : i)),
    );
    expect(await output.read()).toMatchReference(expected, EXACT);
  }
});

test("broadcastTo repeats axes of size 1", async ({ gpu }) => {
  for (const [from, to] of [
    [[], [3, 5]],
    [[4], [3, 4]],
    [
      [2, 1, 4],
      [2, 3, 4],
    ],
    [
      [3, 1],
      [2, 3, 7],
    ],
  ] as const) {
    const x = host(from);
    using input = gpu.upload(x.data, from);
    using output = broadcastTo(gpu, input, to);
    const lead = to.length - from.length;
    const expected = rearrange(x, to, (index) =>
      from.map((size, k) => (size === 1 ? 0 : index[k + lead]!)),
    );
    expect(await output.read()).toMatchReference(expected, EXACT);
  }
});

test("integers and NaN are moved bit by bit", async ({ gpu }) => {
  const bits = [0x7fc12345, 0xffffffff, 0, 5, 6, 7];
  using input = gpu.upload(bits, [2, 3], "u32");
  using turned = transpose(gpu, input, [1, 0]);
  expect(turned.dtype).toBe("u32");
  expect([...new Uint32Array(await gpu.read(turned))]).toEqual([
    0x7fc12345, 5, 0xffffffff, 6, 0, 7,
  ]);
  using padded = pad(
    gpu,
    input,
    [
      [0, 1],
      [0, 0],
    ],
    9,
  );
  expect([...new Uint32Array(await gpu.read(padded))]).toEqual([...bits, 9, 9, 9]);
});

test("a control: one element moved elsewhere is found", async ({ gpu }) => {
  using input = gpu.upload(randomFloats(12, 1), [3, 4]);
  using output = transpose(gpu, input, [1, 0]);
  const values = Float64Array.from(await output.read());
  const swapped = values.with(0, values[1]!).with(1, values[0]!);
  expect(await output.read()).not.toMatchReference({ data: swapped, shape: [4, 3] }, EXACT);
});

plainTest("the reference agrees with NumPy", () => {
  // np.arange(1, 7).reshape(2, 3).T
  const x = host([2, 3]);
  const turned = rearrange(x, [3, 2], ([i, j]) => [j!, i!]);
  expectValue([...turned.data]).toEqual([1, 4, 2, 5, 3, 6]);
});

test("wrong arguments are refused with the operands", ({ gpu }) => {
  using x = gpu.zeros([2, 3]);
  using many = gpu.zeros([2, 2, 2, 2, 2, 2, 2]);
  expect(() => transpose(gpu, x, [0, 0])).toThrow(
    "transpose: [0, 0] does not name every axis once\n  input  [2, 3]",
  );
  expect(() => transpose(gpu, many, [6, 5, 4, 3, 2, 1, 0])).toThrow(
    "transpose: 7 axes remain after joining neighbours, at most 6 are supported\n" +
      "  input  [2, 2, 2, 2, 2, 2, 2]\nReshape axes that stay together into one.",
  );
  expect(() => slice(gpu, x, [0, 1], [2, 3])).toThrow(
    "slice: the box is empty or reaches beyond the input\n" +
      "  input   [2, 3]\n  starts  [0, 1]\n  sizes   [2, 3]\nPass a start and a size for every axis.",
  );
  expect(() => pad(gpu, x, [[0, -1]])).toThrow(
    "pad: every axis needs two integers of at least 0\n  input  [2, 3]\n  pads   0+-1\n" +
      "To cut, use slice.",
  );
  expect(() => broadcastTo(gpu, x, [2])).toThrow(
    "broadcastTo: the input does not broadcast to [2]\n  input  [2, 3]\n  shape  [2]\n" +
      "Axes are aligned at the right; sizes must be equal, or 1 in the input.",
  );
});
