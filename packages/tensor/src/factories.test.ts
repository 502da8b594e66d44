import { full, ones, rand, randn, tensor, zeros } from "./factories.ts";
import { scope } from "./scope.ts";
import { expect, test } from "./test-gpu.ts";

test("factories fill what they promise", async ({ gpu }) => {
  await scope(async () => {
    expect([...(await zeros(gpu, [2, 3]).read())]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...(await ones(gpu, [2]).read())]).toEqual([1, 1]);
    expect([...(await full(gpu, [3], -2.5).read())]).toEqual([-2.5, -2.5, -2.5]);
    const labels = full(gpu, [2], 7, { dtype: "u32" });
    expect([...(await labels.readIntegers())]).toEqual([7, 7]);
    expect([...(await tensor(gpu, [1, 2], [2, 1]).read())]).toEqual([1, 2]);
    expect(tensor(gpu, [1], [], { requiresGrad: true }).requiresGrad).toBe(true);
    expect(() => tensor(gpu, [1, 2, 3], [2])).toThrow("upload: 3 values do not fill [2] (2)");
  });
});

test("random tensors depend on seed and offset", async ({ gpu }) => {
  await scope(async () => {
    const first = await rand(gpu, [64], { seed: 1 }).read();
    expect(await rand(gpu, [64], { seed: 1 }).read()).toEqual(first);
    expect(await rand(gpu, [64], { seed: 1, offset: 1 }).read()).not.toEqual(first);
    expect(Math.min(...first)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...first)).toBeLessThan(1);
    const gauss = await randn(gpu, [64], { seed: 1, requiresGrad: true }).read();
    expect(Math.min(...gauss)).toBeLessThan(0);
  });
});
