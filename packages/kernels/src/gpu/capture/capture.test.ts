import { describe } from "vitest";
import { binary } from "../../ops/elementwise/binary.ts";
import { addInto } from "../../ops/elementwise/in-place.ts";
import { unary } from "../../ops/elementwise/unary.ts";
import { expect, test } from "../../test-gpu.ts";
import { Gpu } from "../gpu.ts";
import type { GpuArray } from "../gpu-array.ts";
import { apply } from "./test-step.ts";

/** `((2x + 1) + (x + i))²`, whose middle is temporary, and a sum that goes on. */
function stepOf(gpu: Gpu, input: GpuArray, total: GpuArray, i: () => number) {
  const count = gpu.perStep(i);
  using a = apply(gpu, input, 2, 1);
  using b = apply(gpu, input, 1, () => count.value);
  using sum = binary(gpu, "add", a, b);
  const output = unary(gpu, "square", sum);
  addInto(gpu, total, output);
  return output;
}

describe.each([true, false])("with immediates: %s", (immediates) => {
  test("replays do what the step does, on new inputs and values of each step", async ({
    device,
  }) => {
    const gpu = new Gpu(device, { immediates });
    const run = async (captured: boolean) => {
      let steps = 0;
      using input = gpu.upload([0, 0, 0], [3]);
      using total = gpu.zeros([3]);
      const step = () => stepOf(gpu, input, total, () => ++steps);
      const outputs: number[][] = [];
      gpu.write(input, [1, 2, 3]);
      using capture = captured ? gpu.capture(step, { warmUp: false }) : null;
      for (let i = 0; i < 4; i++) {
        gpu.write(input, [i + 1, i + 2, i + 3]);
        if (captured && i > 0) capture?.replay();
        using eager = captured ? null : step();
        outputs.push([...(await (eager ?? capture?.result)!.read())]);
      }
      return { outputs, total: [...(await total.read())], steps };
    };
    const eager = await run(false);
    expect(eager.steps).toBe(4);
    expect(eager.outputs[1]).toEqual([81, 144, 225]);
    expect(await run(true)).toEqual(eager);
    expect(gpu.stats).toMatchObject({ arrays: 0, captures: 0, liveBytes: 0 });
    gpu.destroy();
  });

  test("replays that follow each other without a wait have their own values", async ({
    device,
  }) => {
    const gpu = new Gpu(device, { immediates });
    using input = gpu.upload([1], [1]);
    using total = gpu.zeros([1]);
    let steps = 0;
    using capture = gpu.capture(() => stepOf(gpu, input, total, () => ++steps));
    for (let i = 0; i < 70; i++) capture.replay();
    // Σ (4 + i)² over the warm-up, the recording's run and the replays.
    const expected = Array.from({ length: 72 }, (_, i) => (5 + i) ** 2).reduce((a, b) => a + b);
    expect([...(await total.read())]).toEqual([expected]);
    gpu.destroy();
  });
});

test("temporary arrays share memory, and replays make nothing", async ({ gpu }) => {
  using input = gpu.upload(new Float32Array(1000).fill(0.5), [1000]);
  const chain = () => {
    let x = input.retain();
    for (let i = 0; i < 20; i++) {
      const next = apply(gpu, x, 1, i);
      x.dispose();
      x = next;
    }
    return x;
  };
  using capture = gpu.capture(chain);
  const { dispatches, pages, pageBytes, temporaryBytes, keptBytes } = capture.stats;
  // 4000 bytes at multiples of 256; the results are not among them.
  expect({ dispatches, pages, pageBytes, temporaryBytes, keptBytes }).toEqual({
    dispatches: 20,
    pages: 2,
    pageBytes: 8192,
    temporaryBytes: 8192,
    keptBytes: 8000,
  });
  expect(capture.stats.overhead).toBeCloseTo((8192 + 2 * 4096) / (8192 + 8000), 9);
  const before = gpu.stats;
  for (let i = 0; i < 20; i++) capture.replay();
  const { created, bindGroups, pipelines, dispatches: done } = gpu.stats;
  expect({ created, bindGroups, pipelines }).toEqual({
    created: before.created,
    bindGroups: before.bindGroups,
    pipelines: before.pipelines,
  });
  expect(done - before.dispatches).toBe(400);
  expect((await capture.result.read())[0]).toBe(190.5);
});

test("zeros and copies are replayed, and pages are where they belong", async ({ gpu }) => {
  using input = gpu.upload([1, 2], [2]);
  using capture = gpu.capture(() => {
    using sum = gpu.zeros([2]);
    addInto(gpu, sum, input);
    using copy = gpu.empty([2]);
    gpu.copy(sum, copy);
    addInto(gpu, sum, copy);
    return { sum: sum.retain(), twice: binary(gpu, "add", sum, copy) };
  });
  gpu.write(input, [10, 20]);
  capture.replay();
  capture.replay();
  expect([...(await capture.result.sum.read())]).toEqual([20, 40]);
  expect([...(await capture.result.twice.read())]).toEqual([30, 60]);
});

test("what is derived from an array inside is derived anew, outside it stays", async ({ gpu }) => {
  using weight = gpu.upload([1], [1]);
  const doubled = (x: GpuArray) => {
    const known = x.storage.derived("doubled");
    if (known !== undefined) return known;
    const made = apply(gpu, x, 2, 0);
    x.storage.keepDerived("doubled", made);
    return made;
  };
  const capture = gpu.capture(() => apply(gpu, doubled(weight), 1, 1), { warmUp: false });
  expect(weight.storage.derived("doubled")).toBeUndefined();
  gpu.write(weight, [5]);
  capture.replay();
  expect([...(await capture.result.read())]).toEqual([11]);
  capture.dispose();

  using kept = gpu.capture(() => apply(gpu, doubled(weight), 1, 1));
  expect(kept.stats.dispatches).toBe(1);
  expect(kept.isStale).toBe(false);
  gpu.write(weight, [6]);
  expect(kept.isStale).toBe(true);
  expect(() => kept.replay()).toThrow(
    "capture: an array of 4 bytes was freed, and the captured step uses it\n  used by  affine\n" +
      "Keep it alive, gpu.write() into it instead of replacing it, or capture the step again.",
  );
});

test("a pinned array must stay as it was", ({ gpu }) => {
  using mean = gpu.upload([1], [1]);
  using input = gpu.upload([1], [1]);
  using capture = gpu.capture(() => {
    gpu.pin([mean]);
    return apply(gpu, input, 1, 0);
  });
  capture.replay();
  gpu.write(mean, [2]);
  expect(capture.isStale).toBe(true);
  expect(() => capture.replay()).toThrow(
    "replay: an array of 4 bytes was written, and the captured step uses what was computed from " +
      "its old contents\nCapture the step again.",
  );
});

test("what lasts is made outside of the recording", async ({ gpu }) => {
  using input = gpu.upload([1], [1]);
  let memory: GpuArray | undefined;
  const step = () => {
    memory ??= gpu.outsideCapture(() => gpu.upload([100], [1]));
    addInto(gpu, memory, input);
  };
  using capture = gpu.capture(step, { warmUp: false });
  capture.replay();
  expect([...(await memory!.read())]).toEqual([102]);
  memory?.dispose();
});

test("a replay can be profiled, and a Gpu that is destroyed takes its captures with it", async ({
  device,
}) => {
  const gpu = new Gpu(device);
  const input = gpu.upload([1], [1]);
  const capture = gpu.capture(() => apply(gpu, input, 3, 0));
  const { kernels } = await gpu.profile(() => capture.replay());
  expect(kernels.map(({ name, dispatches }) => [name, dispatches])).toEqual([["affine", 1]]);
  expect([...(await capture.result.read())]).toEqual([3]);
  expect(gpu.stats.captures).toBe(1);
  gpu.destroy();
  expect(capture.isDisposed).toBe(true);
});
