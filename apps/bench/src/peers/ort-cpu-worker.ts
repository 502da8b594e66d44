/** ONNX Runtime's CPU provider: native SIMD code, no GPU's and no other's of this comparison. */
import { cpus } from "node:os";
import { type OnnxProvider, type OnnxRuntime, prepareOnnx } from "./onnx-runtime.ts";
import { type Peer, peersRequire, serve } from "./serve.ts";

async function open(): Promise<Peer> {
  const ort = peersRequire()("onnxruntime-node") as OnnxRuntime;
  ort.env.logLevel = "error";
  const provider: OnnxProvider = {
    name: "its CPU provider",
    session: (model) => ort.InferenceSession.create(model, { executionProviders: ["cpu"] }),
    upload: async (data, shape) => new ort.Tensor("float32", data, shape),
    download: async (tensor) => tensor.data.slice(),
    // A run returns when it is done.
    sync: async () => {},
  };
  return {
    identity: {
      packages: `onnxruntime-node ${ort.env.versions["node"]}`,
      adapter: cpus()[0]?.model ?? "the CPU",
    },
    prepare: (job) => prepareOnnx(provider, job),
  };
}

await serve(open);
