import { randomFloats } from "@fauxgrad/testing";
import { tensor } from "../factories.ts";
import { mul } from "../ops/binary.ts";
import { sum } from "../ops/reduce.ts";
import { SGD } from "../optim/sgd.ts";
import { scope } from "../scope.ts";
import { expect, test } from "../test-gpu.ts";
import { ChunkedLinear } from "./chunked-linear.ts";
import { Linear } from "./linear.ts";

/** Two maps of 2 × 3 pixels and 2 channels to 10 features: in chunks of 4, 4 and 2 rows. */
const FLATTENED = [2, 2, 3] as const;
const BYTES = 4 * 12 * 5;

function layers() {
  const options = { flattened: FLATTENED, activation: { slope: 0.2 } };
  const whole = new Linear(12, 10, options);
  const chunked = new ChunkedLinear(12, 10, { ...options, maxChunkBytes: BYTES });
  return { whole, chunked };
}

test("outputs, gradients and state are those of a whole layer", async ({ gpu }) => {
  const { whole, chunked } = layers();
  expect([...chunked.expectedState()]).toEqual([...whole.expectedState()]);
  expect(chunked.numParameters()).toBe(130);
  whole.to(gpu, { seed: 4 });
  const state = await whole.stateDict();
  chunked.load(gpu, state);
  expect(chunked.weight.tensors.map(({ shape }) => shape)).toEqual([
    [12, 4],
    [12, 4],
    [12, 2],
  ]);
  expect(await chunked.stateDict()).toEqual(state);

  const run = (layer: { forward: Linear["forward"] }) =>
    scope(async () => {
      const input = tensor(gpu, randomFloats(24, 1), [2, 12], { requiresGrad: true });
      const output = layer.forward(input);
      const factors = tensor(gpu, randomFloats(20, 2), [2, 10]);
      sum(mul(output, factors)).backward();
      return { output: await output.read(), gradInput: await input.grad?.read() };
    });
  const expected = await run(whole);
  const found = await run(chunked);
  // The same terms; a chunk of few outputs may take another kernel, which adds them up otherwise.
  // Operands are below 1: 12 products and a bias, or 10 products in three parts.
  for (const [i, value] of expected.output.entries()) {
    expect(Math.abs((found.output[i] ?? Number.NaN) - value)).toBeLessThan(13 * 13 * 2 ** -24);
  }
  for (const [i, value] of (expected.gradInput ?? []).entries()) {
    expect(Math.abs((found.gradInput?.[i] ?? Number.NaN) - value)).toBeLessThan(12 * 10 * 2 ** -24);
  }
  const gradWeight = await whole.weight.tensor.grad?.read();
  const chunks = await Promise.all(chunked.weight.tensors.map(({ grad }) => grad?.read()));
  for (let i = 0; i < 12; i++) {
    const row = chunks.flatMap((chunk, c) =>
      [...(chunk ?? []).slice([4, 4, 2][c]! * i)].slice(0, [4, 4, 2][c]),
    );
    expect(row).toEqual([...(gradWeight ?? []).slice(10 * i, 10 * i + 10)]);
  }
  expect(await chunked.bias?.tensor.grad?.read()).toEqual(await whole.bias?.tensor.grad?.read());
  chunked.zeroGrad();
  expect(chunked.weight.tensors.map(({ grad }) => grad)).toEqual([null, null, null]);

  const copy = layers().chunked;
  copy.copyFrom(chunked);
  expect(await copy.stateDict()).toEqual(state);
  for (const layer of [whole, chunked, copy]) layer.dispose();
  expect(chunked.weight.isOnDevice).toBe(false);
});

test("freezing reaches every chunk, before and after it is on the device", ({ gpu }) => {
  const { chunked } = layers();
  chunked.requiresGrad_(false).to(gpu, { seed: 1 });
  expect(chunked.weight.tensors.map(({ requiresGrad }) => requiresGrad)).toEqual([
    false,
    false,
    false,
  ]);
  chunked.requiresGrad_(true);
  expect(chunked.weight.tensors.every(({ requiresGrad }) => requiresGrad)).toBe(true);
  chunked.dispose();
});

test("one chunk is a whole layer, several say why they cannot be trained", ({ gpu }) => {
  const single = new ChunkedLinear(12, 10);
  expect(() => single.weight.tensor).toThrow(
    "ChunkedParameter [10, 12] is still a description\n" +
      "Call to(gpu, { seed }) or load(gpu, tensors) on its module first.",
  );
  single.to(gpu, { seed: 1 });
  expect(single.weight.tensor.shape).toEqual([12, 10]);
  const { chunked } = layers();
  chunked.to(gpu, { seed: 1 });
  expect(() => new SGD(chunked.parameters(), { lr: 1 }).step()).toThrow(
    "ChunkedParameter [10, 12] lies in 3 chunks here\n" +
      "Use tensors. To train the others of its network, freeze it and leave it out of the " +
      "optimizer; to train it, open a device with larger buffers.",
  );
  single.dispose();
  chunked.dispose();
});
