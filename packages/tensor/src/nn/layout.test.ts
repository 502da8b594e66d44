import { expect, test } from "vitest";
import {
  convolution,
  deviceShape,
  flattenedLinear,
  type Layout,
  linear,
  permutation,
  toDeviceOrder,
  toTorchOrder,
  unchanged,
} from "./layout.ts";

const counting = (count: number) => Float32Array.from({ length: count }, (_, i) => i);

test("convolution weights [O, I, KH, KW] become [KH, KW, I, O]", () => {
  const torch = [2, 3, 4, 5];
  expect(deviceShape(convolution, torch)).toEqual([4, 5, 3, 2]);
  const ours = toDeviceOrder(convolution, torch, counting(120));
  const at = (kh: number, kw: number, i: number, o: number) =>
    ours[((kh * 5 + kw) * 3 + i) * 2 + o];
  expect(at(3, 1, 2, 1)).toBe(((1 * 3 + 2) * 4 + 3) * 5 + 1);
  expect(at(0, 4, 1, 0)).toBe(((0 * 3 + 1) * 4 + 0) * 5 + 4);
});

test("linear weights are transposed", () => {
  expect(deviceShape(linear, [2, 3])).toEqual([3, 2]);
  expect([...toDeviceOrder(linear, [2, 3], counting(6))]).toEqual([0, 3, 1, 4, 2, 5]);
});

test("a linear layer over a flattened map follows our order of the map", () => {
  const [c, h, w, out] = [3, 2, 2, 4];
  const layout = flattenedLinear(c, h, w);
  expect(deviceShape(layout, [out, c * h * w])).toEqual([h * w * c, out]);
  const ours = toDeviceOrder(layout, [out, c * h * w], counting(out * c * h * w));
  for (let o = 0; o < out; o++) {
    for (let ch = 0; ch < c; ch++) {
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) {
          const torch = o * c * h * w + (ch * h + y) * w + x;
          expect(ours[((y * w + x) * c + ch) * out + o]).toBe(torch);
        }
      }
    }
  }
});

test("every layout comes back as it was", () => {
  const cases: [Layout, number[]][] = [
    [unchanged, []],
    [unchanged, [5]],
    [linear, [7, 5]],
    [convolution, [4, 1, 3, 3]],
    [convolution, [2, 3, 1, 5]],
    [flattenedLinear(5, 2, 3), [3, 30]],
    [permutation([1, 2, 0]), [2, 3, 4]],
    [permutation([4, 0, 3, 1, 2]), [2, 1, 3, 2, 2]],
  ];
  for (const [layout, shape] of cases) {
    const values = counting(shape.reduce((product, size) => product * size, 1));
    const ours = toDeviceOrder(layout, shape, values);
    expect(toTorchOrder(layout, shape, ours), layout.name).toEqual(values);
  }
});

test("a layout that does not fit is refused", () => {
  expect(() => deviceShape(convolution, [3, 4])).toThrow(
    'layout: "convolution" does not fit the parameter\n' +
      "  parameter  [3, 4], seen as [3, 4]\n" +
      "Choose the layout that has as many axes as the parameter.",
  );
  expect(() => deviceShape(flattenedLinear(2, 2, 2), [3, 9])).toThrow("seen as [3, 2, 2, 2]");
  expect(() => deviceShape(permutation([0, 0]), [3, 9])).toThrow("permutation [0, 0]");
  expect(() => toDeviceOrder(linear, [2, 3], counting(5))).toThrow(
    "layout: 5 values do not fill [2, 3] (6)",
  );
});
