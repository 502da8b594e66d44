import { expect, test } from "vitest";
import { heatMap, jet } from "./heat-map.ts";

const colours = (data: Uint8Array) =>
  Array.from({ length: data.length / 3 }, (_, i) => [...data.subarray(i * 3, i * 3 + 3)]);

test("runs from dark blue over green to dark red", () => {
  expect(jet(0)).toEqual([0, 0, 128]);
  expect(jet(0.25)).toEqual([0, 128, 255]);
  expect(jet(0.5)).toEqual([128, 255, 128]);
  expect(jet(0.75)).toEqual([255, 128, 0]);
  expect(jet(1)).toEqual([128, 0, 0]);
  expect(jet(-3)).toEqual(jet(0));
  expect(jet(7)).toEqual(jet(1));
});

test("scales the chosen channel alone", () => {
  const gradient = new Float32Array([-1, 100, 7, 0, 200, 7, 1, 300, 7]);
  const draw = (channel: 0 | 1 | 2) =>
    colours(heatMap(gradient, { width: 3, height: 1, channel }).data);
  expect(draw(0)).toEqual([jet(0), jet(0.5), jet(1)]);
  expect(draw(1)).toEqual([jet(0), jet(0.5), jet(1)]);
  expect(draw(2)).toEqual([jet(0.5), jet(0.5), jet(0.5)]);
});

test("lets a share of outliers saturate", () => {
  const values = [-1000, 0, 1, 2, 3, 4, 5, 6, 8, 1000];
  const gradient = new Float32Array(values.flatMap((value) => [value, 0, 0]));
  const { data } = heatMap(gradient, { width: 10, height: 1, channel: 0, saturate: 0.1 });
  expect(colours(data)).toEqual([0, 0, 1, 2, 3, 4, 5, 6, 8, 8].map((value) => jet(value / 8)));
});

test("refuses what has no scale", () => {
  const options = { width: 1, height: 1, channel: 0 } as const;
  expect(() =>
    heatMap(new Float32Array(2), options),
  ).toThrow(`heatMap: the gradient has 2 elements, its size needs 3
  size    1 x 1
Pass the gradient of one image, [H, W, 3].`);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(() =>
      heatMap(new Float32Array([value, 0, 0]), options),
    ).toThrow(`heatMap: channel 0 holds a value that is not finite
  size    1 x 1
Check the network's weights: a finite gradient cannot give this.`);
  }
  expect(() => heatMap(new Float32Array(3), { ...options, saturate: 0.5 })).toThrow(
    "heatMap: saturate is 0.5\nPass a share in [0, 0.5).",
  );
});
