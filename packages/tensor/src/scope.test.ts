import { Gpu, UsageError } from "@fauxgrad/kernels";
import { contextStore, StackStore } from "./context.ts";
import { tensor } from "./factories.ts";
import { keep, leakReport, scope } from "./scope.ts";
import type { Tensor } from "./tensor.ts";
import { expect, test } from "./test-gpu.ts";
import { times } from "./test-ops.ts";

const pause = () => new Promise((resolve) => setTimeout(resolve, 1));

test("what is returned survives, in whatever it is wrapped; the rest is freed", ({ gpu }) => {
  const made: Tensor[] = [];
  const make = () => {
    const one = tensor(gpu, [1], [1]);
    made.push(one);
    return one;
  };
  const result = scope(() => {
    make();
    return { list: [make(), [make()]], map: new Map([["key", make()]]), set: new Set([make()]) };
  });
  expect(made.map(({ isDisposed }) => isDisposed)).toEqual([true, false, false, false, false]);
  for (const one of made) one.dispose();
  expect(result.list).toHaveLength(2);
});

test("what an inner scope returns belongs to the outer one", ({ gpu }) => {
  const escaped = scope(() => {
    const inner = scope(() => tensor(gpu, [1], [1]));
    expect(inner.isDisposed).toBe(false);
    return { size: inner.size, inner: [inner] }.size;
  });
  expect(escaped).toBe(1);
  expect(gpu.stats.arrays).toBe(0);
});

test("keep lets a tensor outlive its scope", ({ gpu }) => {
  let kept: Tensor | undefined;
  scope(() => {
    kept = keep(tensor(gpu, [1], [1]));
  });
  expect(kept?.isDisposed).toBe(false);
  kept?.dispose();
});

test("a scope that throws frees everything, synchronous or not", async ({ gpu }) => {
  expect(() =>
    scope(() => {
      tensor(gpu, [1], [1]);
      throw new Error("first");
    }),
  ).toThrow("first");
  await expect(
    scope(async () => {
      await pause();
      tensor(gpu, [1], [1]);
      throw new Error("second");
    }),
  ).rejects.toThrow("second");
  expect(gpu.stats.arrays).toBe(0);
});

test("asynchronous scopes that run at the same time keep apart", async ({ gpu }) => {
  const work = (values: number[]) =>
    scope(async () => {
      const mine: Tensor[] = [];
      for (const value of values) {
        mine.push(tensor(gpu, [value], [1]));
        await pause();
        expect(mine.every(({ isDisposed }) => !isDisposed)).toBe(true);
      }
      return mine.at(-1)!;
    });
  const [a, b] = await Promise.all([work([1, 2]), work([3, 4, 5, 6])]);
  expect(gpu.stats.arrays).toBe(2);
  expect([await a.item(), await b.item()]).toEqual([2, 6]);
  a.dispose();
  b.dispose();
});

test("work that outlives its scope falls to the surrounding one", async ({ gpu }) => {
  await scope(async () => {
    let late: Promise<Tensor> | undefined;
    scope(() => {
      late = pause().then(() => tensor(gpu, [1], [1]));
    });
    const made = await late;
    expect(made?.isDisposed).toBe(false);
  });
  expect(gpu.stats.arrays).toBe(0);
});

test("a gradient can leave without its leaf", async ({ gpu }) => {
  const grad = scope(() => {
    const x = tensor(gpu, [3], [1], { requiresGrad: true });
    times(x, x).backward();
    return x.grad;
  });
  expect(gpu.stats.arrays).toBe(1);
  expect(await grad?.item()).toBe(6);
  grad?.dispose();
});

test("a returned result can be differentiated after its scope", async ({ gpu }) => {
  const x = tensor(gpu, [3], [1], { requiresGrad: true });
  const loss = scope(() => times(times(x, x), x));
  loss.backward();
  expect(await x.grad!.item()).toBe(27);
  loss.dispose();
  x.dispose();
});

test("`using` frees a tensor at the end of its block", ({ gpu }) => {
  {
    using one = tensor(gpu, [1], [1]);
    expect(one.isDisposed).toBe(false);
  }
  expect(gpu.stats.arrays).toBe(0);
});

test("leakReport groups what is alive by where it was made", ({ gpu, device }) => {
  const made = [1, 2, 3].map((value) => tensor(gpu, [value], [1]));
  const other = tensor(gpu, [1, 2], [2]);
  const report = leakReport(gpu);
  expect(report.map(({ arrays }) => arrays).sort()).toEqual([1, 3]);
  expect(report[0]?.stack).toContain("scope.test.ts");
  for (const one of [...made, other]) one.dispose();

  const untracked = new Gpu(device);
  tensor(untracked, [1], [1]);
  expect(leakReport(untracked).map(({ stack }) => stack)).toEqual(["unknown"]);
  untracked.destroy();
});

test("tensors print what they are", ({ gpu }) => {
  scope(() => {
    const x = tensor(gpu, [3], [1], { requiresGrad: true });
    const labels = tensor(gpu, [3], [1], { dtype: "u32" });
    expect(String(x)).toBe("Tensor([1], requiresGrad)");
    expect(String(times(x, x))).toBe("Tensor([1], times)");
    expect(String(labels)).toBe("Tensor([1], u32)");
    labels.dispose();
    expect(String(labels)).toBe("Tensor([1], u32, disposed)");
  });
});

test("reading says which function fits the elements", async ({ gpu }) => {
  await scope(async () => {
    const integers = tensor(gpu, [3, 4], [2], { dtype: "i32" });
    expect([...(await integers.readIntegers())]).toEqual([3, 4]);
    await expect(integers.read()).rejects.toThrow(
      "read: the elements are i32\nUse readIntegers().",
    );
    await expect(integers.item()).rejects.toThrow(
      "item: the tensor has 2 elements, not one\n  tensor  [2]\nUse read() for all of them.",
    );
    const floats = tensor(gpu, [1], [1]);
    await expect(floats.readIntegers()).rejects.toThrow("the elements are f32\nUse read().");
  });
});

test("without AsyncLocalStorage, nested work is exact and interleaved work is refused", async () => {
  const store = contextStore({});
  expect(store).toBeInstanceOf(StackStore);
  const silent = { owner: null, recording: false };
  const nested = await store.run(silent, async () => {
    await pause();
    return store.run({ owner: null, recording: true }, async () => {
      await pause();
      return store.current().recording;
    });
  });
  expect(nested).toBe(true);
  const message =
    "scope: asynchronous scopes ran at the same time, on a host without AsyncLocalStorage\n" +
    "Await one scope (or noGrad) before the next begins, or run in Node 20.16 or later.";
  const first = store.run(silent, () => pause());
  const second = store.run(silent, () => pause().then(pause));
  await expect(first).rejects.toThrow(new UsageError(message));
  await expect(second).rejects.toThrow(new UsageError(message));
  expect(store.current()).toEqual({ owner: null, recording: true });
});
