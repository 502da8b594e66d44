const DOUBLES = `
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3u) { values[id.x] = 2 * values[id.x]; }`;

/** Doubles four numbers by a kernel, on whatever adapter the page gets. */
export async function run(): Promise<{ adapter: string; doubled: number[] }> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("the page gets no adapter");
  const device = await adapter.requestDevice();
  const size = 16;
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const storage = device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
  const staging = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(storage, 0, new Float32Array([1, -2, 0.25, 1e6]));
  const pipeline = device.createComputePipeline({
    layout: "auto",
    compute: { module: device.createShaderModule({ code: DOUBLES }) },
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
  encoder.copyBufferToBuffer(storage, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const doubled = [...new Float32Array(staging.getMappedRange())];
  return { adapter: adapter.info.vendor, doubled };
}
