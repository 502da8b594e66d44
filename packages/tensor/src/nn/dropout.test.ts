import { UsageError } from "@fauxgrad/kernels";
import { ones } from "../factories.ts";
import { scope } from "../scope.ts";
import { expect, test } from "../test-gpu.ts";
import { Dropout, DropPath } from "./dropout.ts";
import { Sequential } from "./sequential.ts";

test("every draw is another, and a saved state gives the next one again", async ({ gpu }) => {
  await scope(async () => {
    const input = ones(gpu, [64]);
    const dropout = new Dropout(0.5).to(gpu, { seed: 1 });
    const draw = async () => [...(await dropout.forward(input).read())];
    const first = await draw();
    expect(new Set(first)).toEqual(new Set([0, 2]));
    const state = dropout.drawState;
    expect(state).toEqual({ seed: expect.any(Number), draws: 1 });
    const second = await draw();
    expect(second).not.toEqual(first);
    dropout.drawState = state;
    expect(await draw()).toEqual(second);
    dropout.to(gpu, { seed: 1 });
    expect(await draw()).toEqual(first);
  });
});

test("two dropouts of one module draw apart", ({ gpu }) => {
  const pair = new Sequential(new Dropout(), new Dropout()).to(gpu, { seed: 1 });
  const [a, b] = pair.layers.map(({ drawState }) => drawState?.seed);
  expect(a).not.toBe(b);
});

test("dropped paths are whole samples", async ({ gpu }) => {
  await scope(async () => {
    const path = new DropPath(0.5).to(gpu, { seed: 3 });
    const values = await path.forward(ones(gpu, [32, 2, 2])).read();
    const samples = Array.from({ length: 32 }, (_, n) => new Set(values.slice(4 * n, 4 * n + 4)));
    expect(samples.every((sample) => sample.size === 1)).toBe(true);
    expect(new Set(values)).toEqual(new Set([0, 2]));
  });
});

test("a part of a batch has the masks of the whole one, by its first sample", async ({ gpu }) => {
  await scope(async () => {
    for (const layer of [new Dropout(0.5), new DropPath(0.5)]) {
      const seed = 4;
      layer.drawState = { seed, draws: 7 };
      const whole = [...(await layer.forward(ones(gpu, [16, 3])).read())];
      layer.drawState = { seed, draws: 7, firstSample: 5 };
      const part = [...(await layer.forward(ones(gpu, [6, 3])).read())];
      expect(part).toEqual(whole.slice(15, 33));
      expect(layer.drawState).toEqual({ seed, draws: 8, firstSample: 5 });
    }
  });
});

test("in eval mode, and at probability 0, the input passes as it is", ({ gpu }) => {
  scope(() => {
    const input = ones(gpu, [4]);
    expect(new Dropout().eval().forward(input)).toBe(input);
    expect(new DropPath(0).forward(input)).toBe(input);
  });
});

test("training without a seed is refused, also after load", ({ gpu }) => {
  scope(() => {
    const dropout = new Dropout();
    dropout.load(gpu, new Map());
    expect(() => dropout.forward(ones(gpu, [4]))).toThrow(
      new UsageError(
        "Dropout draws random numbers in training mode and has no seed\n" +
          "Pass one to to(gpu, { seed }) or load(gpu, tensors, { seed }), or call eval().",
      ),
    );
  });
});
