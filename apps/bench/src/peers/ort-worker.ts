/** ONNX Runtime's native WebGPU provider, which carries a Dawn of its own. */
import {
  type OnnxProvider,
  type OnnxRuntime,
  outputOf,
  prepareOnnx,
  unaryModel,
} from "./onnx-runtime.ts";
import { type Peer, peersRequire, serve } from "./serve.ts";

const OPTIONS = {
  executionProviders: ["webgpu"],
  // A node that the provider does not take would be computed by the CPU, unnoticed.
  extra: { session: { disable_cpu_ep_fallback: "1" } },
};
/** Outputs that stay on the device, as ours do. */
const ON_DEVICE = { ...OPTIONS, preferredOutputLocation: "gpu-buffer" };

async function open(): Promise<Peer> {
  const ort = peersRequire()("onnxruntime-node") as OnnxRuntime;
  ort.env.logLevel = "error";
  const { create } = ort.InferenceSession;
  // Runs return when they are encoded. One number read back waits for all before it: the queue,
  // which all sessions share, keeps the order.
  const last = await create(unaryModel("Neg", [1]), OPTIONS);
  const one = new ort.Tensor("float32", Float32Array.of(1), [1]);
  const provider: OnnxProvider = {
    name: "its WebGPU provider",
    session: (model) => create(model, ON_DEVICE),
    async upload(data, shape) {
      // An identity whose output stays on the device. Its session owns the memory: a release before
      // the tensor's end would end the process.
      const session = await create(unaryModel("Identity", shape), ON_DEVICE);
      return outputOf(session, new ort.Tensor("float32", data, shape));
    },
    async download(tensor, shape) {
      // An identity whose output is on the host. (`getData` ends the process.)
      const session = await create(unaryModel("Identity", shape), OPTIONS);
      const copy = (await outputOf(session, tensor)).data.slice();
      await session.release();
      return copy;
    },
    async sync() {
      const [value] = (await outputOf(last, one)).data;
      if (value !== -1) throw new Error(`-1 was read back as ${value}`);
    },
  };
  return {
    identity: {
      packages: `onnxruntime-node ${ort.env.versions["node"]}`,
      adapter: "its own Dawn's choice",
    },
    prepare: (job) => prepareOnnx(provider, job),
  };
}

await serve(open);
