// What cannot be done while a step is recorded, and what is left when it fails.
import { full } from "../../ops/elementwise/in-place.ts";
import { unary } from "../../ops/elementwise/unary.ts";
import { expect, test } from "../../test-gpu.ts";
import { Gpu } from "../gpu.ts";
import type { GpuArray } from "../gpu-array.ts";
import { apply } from "./test-step.ts";

test("the host cannot read, write, wait or nest inside", async ({ gpu }) => {
  using x = gpu.upload([1], [1]);
  const inside = (step: () => unknown) => () => {
    gpu.capture(step, { warmUp: false });
  };
  expect(inside(() => gpu.write(x, [1]))).toThrow(
    "write: the host cannot write inside capture(): every replay would see the same values\n" +
      "Make the array before capture(), and gpu.write() into it before each replay().",
  );
  expect(inside(() => gpu.upload([1], [1]))).toThrow("write: the host cannot write inside");
  expect(inside(() => gpu.capture(() => null))).toThrow(
    "capture: captures do not nest\nCapture the whole step at once.",
  );
  expect(inside(() => gpu.profile(() => undefined))).toThrow(
    "profile: nothing runs inside capture()\n" +
      "Profile a replay instead: gpu.profile(() => captured.replay()).",
  );
  expect(inside(() => gpu.trim())).toThrow("trim: memory cannot be given back inside capture()");
  using other = gpu.capture(() => apply(gpu, x, 1, 0));
  expect(inside(() => other.replay())).toThrow(
    "replay: a captured step cannot be part of another\nCapture the whole step at once.",
  );
  let reading: Promise<unknown> = Promise.resolve();
  let waiting: Promise<unknown> = Promise.resolve();
  using _ = gpu.capture(
    () => {
      reading = gpu.read(x).catch(String);
      waiting = gpu.synchronize().catch(String);
      gpu.flush();
    },
    { warmUp: false },
  );
  expect(await reading).toBe(
    "UsageError: read: the host cannot read inside capture(): nothing has run yet\n" +
      "Return the array from the captured function, and read it after replay().",
  );
  expect(await waiting).toBe(
    "UsageError: synchronize: the host cannot wait inside capture(): nothing has run yet\n" +
      "Wait after replay().",
  );
  expect(inside(() => Promise.resolve())).toThrow(
    "capture: the function is asynchronous: it would go on after it was recorded\n" +
      "Pass a function that encodes its work and returns arrays; await their read() after replay().",
  );
  // After all that the Gpu works as before.
  expect([...(await other.result.read())]).toEqual([1]);
});

test("arrays that are freed are missed at once, or at the next replay", ({ gpu }) => {
  const lost = gpu.upload([1], [1]);
  const free = () => {
    const output = apply(gpu, lost, 1, 0);
    lost.dispose();
    return output;
  };
  expect(() => gpu.capture(free, { warmUp: false })).toThrow(
    "capture: an array of 4 bytes was freed inside the captured function, which uses it\n" +
      "  used by  affine\n",
  );
  const input = gpu.upload([1], [1]);
  const capture = gpu.capture(() => apply(gpu, input, 1, 0));
  capture.replay();
  input.dispose();
  expect(capture.isStale).toBe(true);
  expect(() => capture.replay()).toThrow(
    "capture: an array of 4 bytes was freed, and the captured step uses it\n",
  );
  capture.dispose();
  capture.dispose();
  expect(() => capture.replay()).toThrow(
    "replay: the captured step was disposed\nCapture it again.",
  );
});

test("a step that fails leaves nothing behind; what escaped from it says so", async ({ gpu }) => {
  const escaped: GpuArray[] = [];
  const failing = () => {
    escaped.push(full(gpu, [4], 1));
    throw new Error("no");
  };
  expect(() => gpu.capture(failing, { warmUp: false })).toThrow("no");
  using target = gpu.zeros([4]);
  expect(() => gpu.copy(escaped[0]!, target)).toThrow(
    "an array of 16 bytes was made inside capture() and has no memory\n" +
      "Use it inside the captured function alone; after a capture that failed, dispose it.",
  );
  for (const array of escaped) array.dispose();
  expect(gpu.stats.captures).toBe(0);
  using x = gpu.upload([-1], [1]);
  using y = unary(gpu, "relu", x);
  expect([...(await y.read())]).toEqual([0]);
});

test("what a step derived before it failed is forgotten", async ({ gpu }) => {
  using weight = gpu.upload([3], [1]);
  const doubled = () => {
    const known = weight.storage.derived("doubled");
    if (known !== undefined) return known;
    const made = apply(gpu, weight, 2, 0);
    weight.storage.keepDerived("doubled", made);
    return made;
  };
  const failing = () => {
    doubled();
    throw new Error("no");
  };
  expect(() => gpu.capture(failing, { warmUp: false })).toThrow("no");
  using output = apply(gpu, doubled(), 1, 1);
  expect([...(await output.read())]).toEqual([7]);
});

test("memory above the budget is refused, and given back", ({ device }) => {
  const gpu = new Gpu(device, { maxBytes: 2 ** 20 });
  const input = gpu.upload(new Float32Array(2 ** 16), [2 ** 16]);
  const wide = () => {
    const made = Array.from({ length: 4 }, (_, i) => apply(gpu, input, 1, i));
    const sums = made.map((array) => apply(gpu, array, 1, 0));
    for (const array of made) array.dispose();
    return sums;
  };
  expect(() => gpu.capture(wide, { warmUp: false })).toThrow(
    "would exceed the memory budget\n  in use  0.3 MiB\n  budget  1.0 MiB\n",
  );
  expect(gpu.stats).toMatchObject({ arrays: 1, captures: 0, liveBytes: 2 ** 18 });
  input.dispose();
  gpu.destroy();
});
