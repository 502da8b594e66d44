import { create } from "webgpu";
import { expect, inErrorScopes, test } from "./index.ts";

const WRITES_42 = `
@group(0) @binding(0) var<storage, read_write> output: array<u32>;
@compute @workgroup_size(1)
fn main() { output[0] = 42u; }`;

test("a kernel runs on the device and its result is read back", async ({ device }) => {
  const storage = device.createBuffer({ size: 4, usage: 0x80 | 0x4 });
  const staging = device.createBuffer({ size: 4, usage: 0x8 | 0x1 });
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module: device.createShaderModule({ code: WRITES_42 }) },
  });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: storage } }],
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(storage, 0, staging, 0, 4);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(0x1);
  expect([...new Uint32Array(staging.getMappedRange())]).toEqual([42]);
  storage.destroy();
  staging.destroy();
});

test("the device has the adapter's limits, not the defaults", async ({ device }) => {
  const adapter = await create([]).requestAdapter({ powerPreference: "high-performance" });
  expect(adapter).not.toBeNull();
  for (const name in adapter?.limits) {
    const limit = name as keyof GPUSupportedLimits;
    expect.soft(device.limits[limit], name).toBe(adapter?.limits[limit]);
  }
});

test("a validation error inside the scopes is thrown", async ({ device }) => {
  const invalid = inErrorScopes(device, async () => {
    device.createBuffer({ size: 4, usage: 0 });
  });
  await expect(invalid).rejects.toThrow(/^WebGPU reported errors:\nvalidation: /);
});

test("an allocation that cannot succeed is thrown", async ({ device }) => {
  const tooMuch = inErrorScopes(device, async () => {
    device.createBuffer({ size: device.limits.maxBufferSize + 4, usage: 0x80 });
  });
  await expect(tooMuch).rejects.toThrow(/^WebGPU reported errors:\n(validation|out-of-memory): /);
});

test("the scopes are popped when the body throws, and its own error is kept", async ({
  device,
}) => {
  const failing = inErrorScopes(device, async () => {
    throw new Error("the body's own");
  });
  await expect(failing).rejects.toThrow("the body's own");
  // Were a scope left over, this error would land in it.
  device.pushErrorScope("validation");
  device.createBuffer({ size: 4, usage: 0 });
  expect(await device.popErrorScope()).not.toBeNull();
});
