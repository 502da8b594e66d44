import { ones } from "../factories.ts";
import { expect, test } from "../test-gpu.ts";
import { ReLU, Tanh } from "./activation.ts";
import { Flatten, Identity, Sequential } from "./sequential.ts";

test("what is passed between layers is freed at once; input and output are not", ({ gpu }) => {
  const layers = new Sequential(new Identity(), new Tanh(), new ReLU(), new Identity(), new Tanh());
  const input = ones(gpu, [2, 3]);
  const output = layers.forward(input);
  expect(gpu.stats.arrays).toBe(2);
  expect(new Sequential().forward(input)).toBe(input);
  output.dispose();
  input.dispose();
});

test("layers are named by number, and keep their types", () => {
  const layers = new Sequential(new Flatten(), new Sequential(new ReLU()));
  const names = [...layers.namedModules()].map(([name]) => name);
  expect(names).toEqual(["", "0", "1", "1.0"]);
  expect(layers.layers[1].layers[0]).toBeInstanceOf(ReLU);
});
