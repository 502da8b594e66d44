/** What the three ways to run ONNX Runtime have in common: models, and how a job is run. */
import { type Conv2dJob, convSizes, type Job, type MatmulJob } from "../jobs.ts";
import { CLASSES, imagesOf, type NetworkJob } from "../networks/network-job.ts";
import { graphOf } from "../networks/networks.ts";
import { networkImages, networkWeights } from "../networks/weights.ts";
import { operand } from "../ops/operation.ts";
import { operandsOf, operationOf } from "../ops/table.ts";
import { type OnnxGraph, onnxModel } from "./onnx.ts";
import { networkOnnx } from "./onnx-network.ts";
import type { PeerJob } from "./protocol.ts";
import type { PreparedJob } from "./serve.ts";

type Floats = Float32Array<ArrayBuffer>;

/** A tensor of ONNX Runtime's. */
export interface OnnxTensor {
  readonly data: Floats;
  getData(): Promise<Floats>;
  dispose(): void;
}

/** A loaded model. */
export interface OnnxSession {
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}

/** The part of onnxruntime-node and onnxruntime-web that the comparison uses. */
export interface OnnxRuntime {
  readonly env: {
    readonly versions: Readonly<Record<string, string>>;
    logLevel: string;
    readonly wasm: { numThreads: number };
    readonly webgpu: { adapter: GPUAdapter; readonly device: Promise<GPUDevice> | GPUDevice };
  };
  readonly Tensor: new (
    type: "float32",
    data: Float32Array,
    shape: readonly number[],
  ) => OnnxTensor;
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<OnnxSession>;
  };
}

/** One provider of ONNX Runtime, with its outputs where it computes. */
export interface OnnxProvider {
  /** For {@link PeerJob}s that it cannot do. */
  readonly name: string;
  session(model: Uint8Array): Promise<OnnxSession>;
  upload(data: Floats, shape: readonly number[]): Promise<OnnxTensor>;
  download(tensor: OnnxTensor, shape: readonly number[]): Promise<Floats>;
  /** Waits for everything that was run. */
  sync(): Promise<void>;
}

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

function matmulGraph({ m, k, n }: MatmulJob, b: Floats): OnnxGraph {
  return {
    nodes: [{ type: "MatMul", inputs: ["x", "w"], output: "y" }],
    constants: [{ name: "w", shape: [k, n], data: b }],
    inputs: [{ name: "x", shape: [m, k] }],
    outputs: [{ name: "y", shape: [m, n] }],
  };
}

/** `y = op(x)` on any shape. */
export function unaryModel(op: string, shape: readonly number[]): Uint8Array {
  return onnxModel({
    nodes: [{ type: op, inputs: ["x"], output: "y" }],
    constants: [],
    inputs: [{ name: "x", shape }],
    outputs: [{ name: "y", shape }],
  });
}

/** A model, what it is fed, and the shape of what it gives. */
interface Work {
  readonly graph: OnnxGraph;
  readonly fed: { readonly data: Floats; readonly shape: readonly number[] };
  readonly output: readonly number[];
}

function kernelWork(job: Job, provider: string): Work | string {
  if (job.op !== "conv2d" && job.op !== "matmul") return "not compared";
  if (job.pass !== "forward") return `${provider} has no gradients`;
  const operands = operandsOf(job);
  const { operands: shapes, output } = operationOf(job).facts(job);
  const fed = (name: string) => ({ data: operand(operands, name), shape: shapes[name] ?? [] });
  if (job.op === "matmul") {
    return { graph: matmulGraph(job, operand(operands, "b")), fed: fed("a"), output };
  }
  const graph = convolutionGraph(job, operand(operands, "weight"));
  return { graph, fed: fed("input"), output };
}

function networkWork(job: NetworkJob, provider: string): Work | string {
  if (job.pass === "training") return `${provider} cannot train`;
  const network = graphOf(job);
  return {
    graph: networkOnnx(network, networkWeights(network), job),
    fed: { data: networkImages(job), shape: imagesOf(job) },
    output: [job.batch, CLASSES],
  };
}

/** The output `y` of a run. */
export async function outputOf(session: OnnxSession, x: OnnxTensor): Promise<OnnxTensor> {
  return operand(await session.run({ x }), "y");
}

/** A job on a provider; a string says why there is none. */
export async function prepareOnnx(
  provider: OnnxProvider,
  job: PeerJob,
): Promise<PreparedJob | string> {
  if (job.op === "discriminator") return "not compared";
  const work =
    job.op === "network" ? networkWork(job, provider.name) : kernelWork(job, provider.name);
  if (typeof work === "string") return work;
  const x = await provider.upload(work.fed.data, work.fed.shape);
  const session = await provider.session(onnxModel(work.graph));
  let last: OnnxTensor | undefined;
  return {
    async run(repeats) {
      for (let i = 0; i < repeats; i++) {
        last?.dispose();
        last = await outputOf(session, x);
      }
      await provider.sync();
    },
    async output() {
      if (last === undefined) throw new Error("nothing was computed");
      return provider.download(last, work.output);
    },
    async release() {
      last?.dispose();
      x.dispose();
      await session.release();
    },
  };
}
