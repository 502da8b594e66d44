import { numericalGradient } from "@fauxgrad/testing";
import { enableGrad, noGrad, record } from "./autograd.ts";
import { tensor } from "./factories.ts";
import { reshape } from "./ops/reshape.ts";
import { scope } from "./scope.ts";
import type { Tensor } from "./tensor.ts";
import { expect, test } from "./test-gpu.ts";
import { apply, plus, times } from "./test-ops.ts";

/** micrograd's habit: one expression, written once for numbers and once for tensors. */
function onNumbers(a: number, b: number): number {
  const c = a + b;
  const d = a * b + b;
  const e = c * d + c;
  return e * e + a;
}

function onTensors(a: Tensor, b: Tensor): Tensor {
  const c = plus(a, b);
  const d = plus(times(a, b), b);
  const e = plus(times(c, d), c);
  return plus(times(e, e), a);
}

test("gradients of an expression equal central differences in float64", async ({ gpu }) => {
  const [a, b] = [-0.75, 1.25];
  const expected = numericalGradient((x) => onNumbers(x[0]!, x[1]!), [a, b]);
  await scope(async () => {
    const x = tensor(gpu, [a], [1], { requiresGrad: true });
    const y = tensor(gpu, [b], [1], { requiresGrad: true });
    const output = onTensors(x, y);
    expect(await output.item()).toBeCloseTo(onNumbers(a, b), 5);
    output.backward();
    // Fewer than 20 roundings; all partial sums are below 10.
    const bound = 20 * 2 ** -24 * 10;
    expect(Math.abs((await x.grad!.item()) - expected[0]!)).toBeLessThan(bound);
    expect(Math.abs((await y.grad!.item()) - expected[1]!)).toBeLessThan(bound);
  });
});

test("a tensor used twice, and by itself, collects both gradients", async ({ gpu }) => {
  await scope(async () => {
    const x = tensor(gpu, [3], [1], { requiresGrad: true });
    const square = times(x, x);
    plus(plus(square, square), x).backward(); // 2x² + x
    expect(await x.grad!.item()).toBe(4 * 3 + 1);
  });
});

test("a node waits for the longest path that leads to it", async ({ gpu }) => {
  await scope(async () => {
    const x = tensor(gpu, [3], [1], { requiresGrad: true });
    const square = times(x, x);
    // The square is one step from the result, and three.
    times(square, plus(plus(square, x), x)).backward(); // x⁴ + 2x³
    expect(await x.grad!.item()).toBe(4 * 27 + 6 * 9);
  });
});

test("leaves accumulate over passes, in one buffer", async ({ gpu }) => {
  await scope(async () => {
    const x = tensor(gpu, [3, 5], [2], { requiresGrad: true });
    const seed = tensor(gpu, [1, 2], [2]);
    plus(x, x).backward(seed);
    const { grad } = x;
    plus(x, x).backward(seed);
    expect(x.grad).toBe(grad);
    expect([...(await x.grad!.read())]).toEqual([4, 8]);
    x.zeroGrad();
    expect(x.grad).toBeNull();
  });
});

test("a leaf's gradient is its own buffer, whatever handles the backward returned", async ({
  gpu,
}) => {
  await scope(async () => {
    const x = tensor(gpu, [3], [1], { requiresGrad: true });
    const y = tensor(gpu, [4], [1], { requiresGrad: true });
    const seed = tensor(gpu, [7], [1]);
    plus(x, y).backward(seed);
    const storages = [x.grad!, y.grad!, seed].map(({ data }) => data.storage);
    expect(new Set(storages).size).toBe(3);
    const detached = x.grad!.detach();
    plus(x, y).backward(seed);
    expect(await x.grad!.item()).toBe(14);
    expect(await detached.item()).toBe(7);
  });
});

test("gradients that nobody asked for are not computed", ({ gpu }) => {
  scope(() => {
    const image = tensor(gpu, [2], [1], { requiresGrad: true });
    const frozen = tensor(gpu, [3], [1]);
    const seen: boolean[][] = [];
    const output = record({
      op: "spy",
      output: apply(image.data, frozen.data, true),
      inputs: [image, frozen, null],
      backward: (gradOutput, needs) => {
        seen.push([...needs]);
        return [gradOutput.retain(), null, null];
      },
    });
    output.backward();
    expect(seen).toEqual([[true, false, false]]);
    expect(frozen.grad).toBeNull();
  });
});

test("a leaf that was disposed or frozen after the forward pass gets none", ({ gpu }) => {
  scope(() => {
    const x = tensor(gpu, [2], [1], { requiresGrad: true });
    const y = tensor(gpu, [3], [1], { requiresGrad: true });
    const before = gpu.stats.dispatches;
    const product = times(x, y);
    x.requiresGrad = false;
    y.dispose();
    product.backward();
    expect(x.grad).toBeNull();
    // The product and the implied gradient, but neither of the factors' gradients.
    expect(gpu.stats.dispatches - before).toBe(2);
  });
});

test("a chain of 100,000 operations goes back, and is released, without recursion", async ({
  gpu,
}) => {
  const length = 100_000;
  const chain = (x: Tensor) =>
    scope(() => {
      let last = x;
      for (let i = 0; i < length; i++) last = reshape(last, [1]);
      return last;
    });
  const x = tensor(gpu, [3], [1], { requiresGrad: true });
  const output = chain(x);
  output.backward();
  expect(await x.grad!.item()).toBe(1);
  output.dispose();
  chain(x).dispose();
  x.dispose();
});

test("nothing is saved under noGrad, also after an await; enableGrad undoes it", async ({
  gpu,
}) => {
  await scope(async () => {
    const x = tensor(gpu, [2], [1], { requiresGrad: true });
    expect(noGrad(() => times(x, x)).requiresGrad).toBe(false);
    await noGrad(async () => {
      await x.read();
      expect(times(x, x).requiresGrad).toBe(false);
      expect(enableGrad(() => times(x, x)).requiresGrad).toBe(true);
    });
    expect(times(x, x).requiresGrad).toBe(true);
  });
});

test("only what a backward reads stays alive, and each backward frees it", ({ gpu }) => {
  const x = tensor(gpu, [2], [1], { requiresGrad: true });
  const y = tensor(gpu, [3], [1]);
  const output = scope(() => {
    const sum = plus(x, x); // saves nothing; its output is saved by nobody: y does not want a gradient
    return times(sum, y);
  });
  expect(gpu.stats.arrays).toBe(3); // x, y, output
  const square = scope(() => times(plus(x, x), plus(x, x)));
  expect(gpu.stats.arrays).toBe(6); // and square with its two saved factors
  square.backward();
  expect(gpu.stats.arrays).toBe(5); // the factors went, the gradient came
  for (const tensor of [x, y, output, square]) tensor.dispose();
  expect(gpu.stats.arrays).toBe(0);
});

test("a result that is dropped without backward releases its graph", ({ gpu }) => {
  const x = tensor(gpu, [2], [1], { requiresGrad: true });
  const loss = scope(() => times(times(plus(x, x), x), x));
  expect(gpu.stats.arrays).toBeGreaterThan(2);
  loss.dispose();
  expect(gpu.stats.arrays).toBe(1);
  x.dispose();
});

test("a trunk shared by two results survives until both are dropped", async ({ gpu }) => {
  const x = tensor(gpu, [2], [1], { requiresGrad: true });
  const [first, second] = scope(() => {
    const trunk = times(x, x);
    return [times(trunk, x), times(trunk, trunk)] as const;
  });
  first.dispose();
  second.backward();
  expect(await x.grad!.item()).toBe(4 * 8); // ∂x⁴
  second.dispose();
  x.dispose();
});
