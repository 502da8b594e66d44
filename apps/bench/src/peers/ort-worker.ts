/** ONNX Runtime's native WebGPU provider, which carries a Dawn of its own. */
import { type Conv2dJob, convSizes, type Job, type MatmulJob } from "../jobs.ts";
import { operand } from "../ops/operation.ts";
import { operandsOf, operationOf } from "../ops/table.ts";
import { type OnnxGraph, onnxModel } from "./onnx.ts";
import { type Peer, type PreparedJob, peersRequire, serve } from "./serve.ts";

interface Tensor {
  readonly data: Float32Array<ArrayBuffer>;
  dispose(): void;
}
interface Session {
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

/** The part of onnxruntime-node that the comparison uses. */
interface OnnxRuntime {
  readonly env: { readonly versions: Readonly<Record<string, string>>; logLevel: string };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => Tensor;
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<Session>;
  };
}

const OPTIONS = {
  executionProviders: ["webgpu"],
  // A node that the provider does not take would be computed by the CPU, unnoticed.
  extra: { session: { disable_cpu_ep_fallback: "1" } },
};
/** Outputs that stay on the device, as ours do. */
const ON_DEVICE = { ...OPTIONS, preferredOutputLocation: "gpu-buffer" };

/**
 * A convolution of images that lie as ours do. ONNX's lie as `[N, C, H, W]`; the provider computes
 * in `[N, H, W, C]` and removes the two transpositions that cancel its own.
 */
function convolutionGraph(job: Conv2dJob, weight: Float32Array): OnnxGraph {
  const { kh, kw, groupC, o, output } = convSizes(job);
  const data = new Float32Array(weight.length);
  for (let tap = 0; tap < kh * kw; tap++) {
    for (let i = 0; i < groupC; i++) {
      for (let out = 0; out < o; out++) {
        data[(out * groupC + i) * kh * kw + tap] = weight[(tap * groupC + i) * o + out]!;
      }
    }
  }
  const { padding: p, stride } = job;
  const attributes = {
    kernel_shape: [kh, kw],
    strides: [stride, stride],
    pads: [p, p, p, p],
    group: job.groups,
  };
  return {
    nodes: [
      { type: "Transpose", inputs: ["x"], output: "nchw", attributes: { perm: [0, 3, 1, 2] } },
      { type: "Conv", inputs: ["nchw", "w"], output: "sum", attributes },
      { type: "Transpose", inputs: ["sum"], output: "y", attributes: { perm: [0, 2, 3, 1] } },
    ],
    constants: [{ name: "w", shape: [o, groupC, kh, kw], data }],
    inputs: [{ name: "x", shape: job.input }],
    outputs: [{ name: "y", shape: output }],
  };
}

function matmulGraph({ m, k, n }: MatmulJob, b: Float32Array<ArrayBuffer>): OnnxGraph {
  return {
    nodes: [{ type: "MatMul", inputs: ["x", "w"], output: "y" }],
    constants: [{ name: "w", shape: [k, n], data: b }],
    inputs: [{ name: "x", shape: [m, k] }],
    outputs: [{ name: "y", shape: [m, n] }],
  };
}

/** `y = op(x)` on any shape. */
function unaryModel(op: string, shape: readonly number[]): Uint8Array {
  return onnxModel({
    nodes: [{ type: op, inputs: ["x"], output: "y" }],
    constants: [],
    inputs: [{ name: "x", shape }],
    outputs: [{ name: "y", shape }],
  });
}

/** The graph of a job, and the name of the operand that is fed. */
function graphOf(job: Job): { graph: OnnxGraph; fed: string } | string {
  if ((job.op !== "conv2d" && job.op !== "matmul") || job.pass !== "forward") {
    return job.op === "conv2d" || job.op === "matmul"
      ? "its WebGPU provider has no gradients"
      : "not compared";
  }
  const operands = operandsOf(job);
  if (job.op === "matmul") return { graph: matmulGraph(job, operand(operands, "b")), fed: "a" };
  return { graph: convolutionGraph(job, operand(operands, "weight")), fed: "input" };
}

async function outputOf(session: Session, x: Tensor): Promise<Tensor> {
  return operand(await session.run({ x }), "y");
}

async function prepare(ort: OnnxRuntime, sync: () => Promise<void>, job: Job) {
  const found = graphOf(job);
  if (typeof found === "string") return found;
  const model = onnxModel(found.graph);
  const shape = operationOf(job).facts(job).operands[found.fed] ?? [];
  const host = new ort.Tensor("float32", operand(operandsOf(job), found.fed), shape);
  // An identity whose output stays on the device: an upload.
  const upload = await ort.InferenceSession.create(unaryModel("Identity", shape), ON_DEVICE);
  const x = await outputOf(upload, host);
  const session = await ort.InferenceSession.create(model, ON_DEVICE);
  let last: Tensor | undefined;
  const prepared: PreparedJob = {
    async run(repeats) {
      for (let i = 0; i < repeats; i++) {
        last?.dispose();
        last = await outputOf(session, x);
      }
      await sync();
    },
    async output() {
      if (last === undefined) throw new Error("nothing was computed");
      const { output } = operationOf(job).facts(job);
      // An identity whose output is on the host: a download. (`getData` ends the process.)
      const download = await ort.InferenceSession.create(unaryModel("Identity", output), OPTIONS);
      const copy = (await outputOf(download, last)).data.slice();
      await download.release();
      return copy;
    },
    async release() {
      last?.dispose();
      x.dispose();
      await session.release();
      await upload.release();
    },
  };
  return prepared;
}

async function open(): Promise<Peer> {
  const ort = peersRequire()("onnxruntime-node") as OnnxRuntime;
  ort.env.logLevel = "error";
  // Runs return when they are encoded. One number read back waits for all before it: the queue,
  // which all sessions share, keeps the order.
  const last = await ort.InferenceSession.create(unaryModel("Neg", [1]), OPTIONS);
  const one = new ort.Tensor("float32", Float32Array.of(1), [1]);
  const sync = async () => {
    const [value] = (await outputOf(last, one)).data;
    if (value !== -1) throw new Error(`-1 was read back as ${value}`);
  };
  return {
    identity: {
      packages: `onnxruntime-node ${ort.env.versions["node"]}`,
      adapter: "its own Dawn's choice",
    },
    prepare: (job) => prepare(ort, sync, job),
  };
}

await serve(open);
