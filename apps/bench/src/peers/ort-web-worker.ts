/** ONNX Runtime for browsers (JSEP), on our adapter through the same Dawn. */
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { adapterName, errorsOf, provideWebgpu } from "./node-webgpu.ts";
import {
  type OnnxProvider,
  type OnnxRuntime,
  outputOf,
  prepareOnnx,
  unaryModel,
} from "./onnx-runtime.ts";
import { type Peer, peersManifest, serve } from "./serve.ts";

const BUNDLE = "node_modules/onnxruntime-web/dist/ort.bundle.min.mjs";
const OPTIONS = { executionProviders: ["webgpu"], preferredOutputLocation: "gpu-buffer" };

/** dawn.node does not take shared memory, which browsers do: it is copied. */
function acceptSharedMemory(): void {
  const { prototype } = GPUQueue;
  const write = prototype.writeBuffer;
  prototype.writeBuffer = function (buffer, offset, data, start = 0, size) {
    const isView = ArrayBuffer.isView(data);
    const memory = isView ? data.buffer : data;
    // Places are in elements of a view, and in bytes of a buffer.
    const unit = isView && "BYTES_PER_ELEMENT" in data ? Number(data.BYTES_PER_ELEMENT) : 1;
    const from = (isView ? data.byteOffset : 0) + start * unit;
    const length = size === undefined ? data.byteLength - start * unit : size * unit;
    write.call(this, buffer, offset, new Uint8Array(memory, from, length).slice());
  };
}

async function open(): Promise<Peer> {
  const { adapter, wait } = await provideWebgpu();
  acceptSharedMemory();
  const bundle = pathToFileURL(join(dirname(peersManifest()), BUNDLE)).href;
  const ort = (await import(bundle)) as OnnxRuntime;
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1;
  ort.env.webgpu.adapter = adapter;
  const { create } = ort.InferenceSession;
  // It opens the device. Sessions of helpers are kept: releasing one destroys its buffers, which
  // may wait in commands that are not submitted.
  await create(unaryModel("Neg", [1]), OPTIONS);
  const device = await ort.env.webgpu.device;
  const check = errorsOf(device);
  const provider: OnnxProvider = {
    name: "its WebGPU provider",
    session: (model) => wait(create(model, OPTIONS)),
    async upload(data, shape) {
      const session = await create(unaryModel("Identity", shape), OPTIONS);
      return wait(outputOf(session, new ort.Tensor("float32", data, shape)));
    },
    download: async (tensor) => (await wait(tensor.getData())).slice(),
    async sync() {
      await wait(device.queue.onSubmittedWorkDone());
      check();
    },
  };
  return {
    identity: {
      packages: `onnxruntime-web ${ort.env.versions["web"]}`,
      adapter: adapterName(adapter),
    },
    prepare: (job) => prepareOnnx(provider, job),
  };
}

await serve(open);
