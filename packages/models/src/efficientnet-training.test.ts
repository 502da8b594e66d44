import { noGrad, ones, scope, type Tensor, tensor } from "@fauxgrad/tensor";
import { RandomModule } from "@fauxgrad/tensor/nn";
import { EfficientNet } from "./efficientnet.ts";
import { efficientNetStages } from "./efficientnet-table.ts";
import { expect, test } from "./test-gpu.ts";
import { loadFilled, seededImages, seededMaps } from "./test-tgd.ts";

const SMALL = { widthMultiplier: 0.25, stages: efficientNetStages.slice(0, 3) } as const;
/** Of SMALL's five blocks, the first with a skip whose rate is above 0. */
const SKIPPING = 2;
const SAMPLES = 256;

test("drop-connect drops whole samples' branches, and scales the others", async ({ gpu }) => {
  const network = new EfficientNet(SMALL).to(gpu, { seed: 3 });
  const block = network.blocks[SKIPPING]!;
  // 2 / 5 of the rate: 0.25 for this block.
  network.setDropRates({ dropConnect: 0.625 });
  expect(block.dropPath?.p).toBe(0.25);
  const maps = seededMaps(5, 2, [SAMPLES, 8, 2, 2]);
  const run = () =>
    scope(() => noGrad(() => block.forward(tensor(gpu, maps, [SAMPLES, 2, 2, 8])).read()));
  network.eval();
  const kept = await run();
  expect(await run()).toEqual(kept);
  network.train();
  const masks: boolean[][] = [];
  for (let draw = 0; draw < 4; draw++) {
    const found = await run();
    const mask: boolean[] = [];
    for (let n = 0; n < SAMPLES; n++) {
      const sample = maps.subarray(n * 32, n * 32 + 32);
      const output = found.subarray(n * 32, n * 32 + 32);
      const branch = kept.subarray(n * 32, n * 32 + 32).map((value, i) => value - sample[i]!);
      const isDropped = output.every((value, i) => value === sample[i]);
      // x + branch / keep, in three roundings of numbers below 32.
      const isScaled = output.every(
        (value, i) => Math.abs(value - (sample[i]! + branch[i]! / 0.75)) < 32 * 3 * 2 ** -23,
      );
      expect(isDropped !== isScaled, `sample ${n}`).toBe(true);
      mask.push(isDropped);
    }
    masks.push(mask);
  }
  const dropped = masks.flat().filter(Boolean).length;
  // 1024 draws of 1/4: 256 ± 4 standard deviations of 13.9.
  expect(Math.abs(dropped - 256)).toBeLessThan(4 * Math.sqrt(1024 * 0.25 * 0.75));
  expect(new Set(masks.map((mask) => mask.join())).size).toBe(4);
  network.dispose();
});

test("training draws masks that a seed repeats; evaluation draws none", async ({ gpu }) => {
  const network = new EfficientNet(SMALL);
  loadFilled(gpu, network);
  const seed = () => {
    for (const module of network.modules()) {
      if (module instanceof RandomModule) module.drawState = { seed: 9, draws: 0 };
    }
  };
  const images = seededImages(8, 32);
  const run = () => scope(() => network.forward(tensor(gpu, images, [8, 32, 32, 3])).read());
  network.setDropRates({ dropout: 0.5, dropConnect: 0.9 });
  network.train();
  seed();
  const first = await run();
  expect(await run()).not.toEqual(first);
  seed();
  expect(await run()).toEqual(first);
  network.setDropRates({ dropout: 0, dropConnect: 0 });
  const without = await run();
  network.eval();
  expect(await run()).toEqual(without);
  network.dispose();
});

test("samples do not see one another, and every parameter learns", async ({ gpu }) => {
  const network = new EfficientNet(SMALL).eval();
  loadFilled(gpu, network);
  const images = seededImages(4, 32);
  const run = (first: number, count: number) =>
    scope(() => {
      const part = images.subarray(first * 3072, (first + count) * 3072);
      return network.forward(tensor(gpu, part, [count, 32, 32, 3])).read();
    });
  const whole = await run(0, 4);
  const parts = [...(await run(0, 1)), ...(await run(1, 3))];
  // The same sums; a kernel may cut another batch differently, of at most some hundred terms each.
  for (const [i, value] of parts.entries()) expect(Math.abs(value - whole[i]!)).toBeLessThan(1e-5);
  await scope(async () => {
    const output: Tensor = network.forward(tensor(gpu, images, [4, 32, 32, 3]));
    output.backward(ones(gpu, output.shape));
    for (const [name, { tensor: parameter }] of network.namedParameters()) {
      const gradient = await parameter.grad?.read();
      const learns = gradient?.some((value) => value !== 0);
      expect(learns, name).toBe(true);
    }
  });
  network.dispose();
});
