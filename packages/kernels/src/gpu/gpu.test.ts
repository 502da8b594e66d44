import { describe } from "vitest";
import { expect, test } from "../test-gpu.ts";
import { Gpu } from "./gpu.ts";
import type { GpuArray } from "./gpu-array.ts";
import { defineKernel } from "./kernel.ts";

const SOURCE = `// output[i] = factor * input[i] + addend
alias Element = f32;
const SIZE: u32 = 8u;
struct Params { n: u32, factor: f32, addend: f32, }
@group(0) @binding(0) var<storage, read> input: array<Element>;
@group(0) @binding(1) var<storage, read_write> output: array<Element>;
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.n) { output[id.x] = params.factor * input[id.x] + params.addend; }
}
`;

const affine = defineKernel({
  name: "affine",
  modules: { "affine.wgsl": SOURCE },
  constants: { SIZE: 8 },
  bindings: { input: "read", output: "read_write" },
  params: { n: "u32", factor: "f32", addend: "f32" },
});

function apply(gpu: Gpu, input: GpuArray, factor: number, addend: number): GpuArray {
  const output = gpu.empty(input.shape);
  affine.dispatch(gpu, { input, output }, { n: input.size, factor, addend }, { workgroups: [4] });
  return output;
}

describe.each([true, false])("with immediates: %s", (immediates) => {
  test("dispatches see their own parameters and run in order", async ({ device }) => {
    const gpu = new Gpu(device, { immediates });
    const a = gpu.upload([1, 2, 3], [3]);
    const b = apply(gpu, a, 2, 1);
    const c = apply(gpu, b, -1, 0.5);
    expect([...(await c.read())]).toEqual([-2.5, -4.5, -6.5]);
    gpu.destroy();
  });
});

test("steady state creates no buffer and no bind group", async ({ gpu }) => {
  const step = async (i: number) => {
    const a = gpu.upload([i, i, i], [3]);
    const b = apply(gpu, a, 2, 1);
    const c = apply(gpu, b, 3, i);
    a.dispose();
    const d = apply(gpu, c, 1, 1);
    for (const array of [b, c]) array.dispose();
    const values = await d.read();
    d.dispose();
    return values[0];
  };
  expect(await step(1)).toBe(11);
  await step(2);
  const { bindGroups, created } = gpu.stats;
  expect(await step(3)).toBe(25);
  expect(gpu.stats).toMatchObject({ bindGroups, created, leaked: 0, arrays: 0 });
});

test("handles share a buffer until the last is disposed", async ({ gpu }) => {
  const a = gpu.upload([1, 2, 3, 4], [2, 2]);
  const flat = a.reshape([4]);
  a.dispose();
  a.dispose();
  expect([...(await flat.read())]).toEqual([1, 2, 3, 4]);
  expect(() => a.storage).toThrow("array [2, 2] was freed");
  expect(() => flat.reshape([3])).toThrow("reshape: 4 elements do not fill [3] (3)");
  flat.dispose();
});

test("a write is ordered after encoded work that reads the old contents", async ({ gpu }) => {
  const a = gpu.upload([1], [1]);
  const b = apply(gpu, a, 1, 0);
  gpu.write(a, [5]);
  const c = apply(gpu, a, 1, 0);
  expect([...(await b.read()), ...(await c.read())]).toEqual([1, 5]);
  for (const array of [a, b, c]) array.dispose();
});

test("a kernel that does not compile is reported with file, line and constants", async ({
  device,
}) => {
  const gpu = new Gpu(device);
  const broken = defineKernel({
    ...affine.definition,
    name: "broken",
    modules: { "broken.wgsl": SOURCE.replace("params.addend", "params.missing") },
  });
  const input = gpu.upload([1], [1]);
  const output = gpu.empty([1]);
  const params = { n: 1, factor: 1, addend: 0 };
  device.pushErrorScope("validation");
  broken.dispatch(gpu, { input, output }, params, { workgroups: [1], constants: { SIZE: 16 } });
  const failure = await output.read().catch((error: unknown) => error);
  await device.popErrorScope();
  expect(String(failure)).toContain("broken: the kernel does not compile\n  broken.wgsl:10:");
  expect(String(failure)).toContain('constants  {"SIZE":16}');
});

test("requests above the limits are refused before launch, with sizes and a remedy", ({
  device,
}) => {
  const gpu = new Gpu(device, { maxBytes: 2 ** 20 });
  expect(() => gpu.empty([2 ** 19])).toThrow(
    "array [524288]: 2.0 MiB more would exceed the memory budget\n" +
      "  in use  0.0 MiB\n  budget  1.0 MiB\n" +
      "Use a smaller batch or image, free arrays earlier, or raise maxBytes.",
  );
  const limit = device.limits.maxStorageBufferBindingSize;
  expect(() => new Gpu(device).empty([limit / 2])).toThrow("is above this adapter's limit of");
  expect(() => gpu.empty([0, 3])).toThrow("array: [0, 3] is not a shape");
  gpu.destroy();
});

/** The device with some of its properties replaced. */
function standIn(
  device: GPUDevice,
  replaced: Partial<Record<keyof GPUDevice, unknown>>,
): GPUDevice {
  return new Proxy(device, {
    get(target, name) {
      if (name in replaced) return replaced[name as keyof GPUDevice];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("a lost device is reported to the owner and by every later call", async ({ device }) => {
  const errors: Error[] = [];
  const lost = Promise.resolve({ reason: "unknown", message: "the driver was reset" });
  const gpu = new Gpu(standIn(device, { lost }), { onError: (error) => errors.push(error) });
  await lost;
  await Promise.resolve();
  const message =
    "the device was lost: the driver was reset\n" +
    "Open a new device; what was on the old one is gone (resume from a checkpoint).";
  expect(errors.map(String)).toEqual([`DeviceError: ${message}`]);
  expect(() => gpu.empty([1])).toThrow(message);
  gpu.destroy();
});

test("what the device reports on its own reaches the owner as a typed error", async ({
  device,
}) => {
  const listeners: ((event: unknown) => void)[] = [];
  const addEventListener = (_: string, listener: (event: unknown) => void) => {
    listeners.push(listener);
  };
  const errors: { kind?: string; message: string }[] = [];
  const gpu = new Gpu(standIn(device, { addEventListener }), {
    onError: (error) => errors.push(error),
  });
  class GPUOutOfMemoryError {
    readonly message = "no memory left";
  }
  for (const listener of listeners) listener({ error: new GPUOutOfMemoryError() });
  expect(errors[0]).toMatchObject({
    kind: "out-of-memory",
    message: "the device reported: no memory left\nUse a smaller batch or image.",
  });
  expect(() => gpu.empty([1])).toThrow("no memory left");
  gpu.destroy();
});

test("memory above the cap goes back to the device, and trim gives back the rest", ({ device }) => {
  const gpu = new Gpu(device, { maxIdleBytes: 2048 });
  const arrays = [gpu.empty([512]), gpu.empty([512]), gpu.empty([512])];
  for (const array of arrays) array.dispose();
  expect(gpu.stats).toMatchObject({ liveBytes: 0, idleBytes: 2048, peakLiveBytes: 6144 });
  gpu.trim();
  expect(gpu.stats.idleBytes).toBe(0);
  gpu.destroy();
});

test("a profile names every dispatch", async ({ gpu }) => {
  const a = gpu.upload([1], [1]);
  const { kernels, dispatches } = await gpu.profile(() => {
    apply(gpu, a, 1, 0).dispose();
    apply(gpu, a, 2, 0).dispose();
  });
  expect(kernels.map(({ name, dispatches: count }) => [name, count])).toEqual([["affine", 2]]);
  expect(dispatches.every(({ ms }) => ms > 0)).toBe(true);
  a.dispose();
});
