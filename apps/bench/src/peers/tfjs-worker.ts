/** TensorFlow.js on its WebGPU backend, on our adapter through the same Dawn. */
import { adapterClass, throttledWait, type Wait } from "@fauxgrad/kernels";
import { create, globals } from "webgpu";
import { dawnFlags } from "../../../../tools/adapter/open-device.ts";
import type { Conv2dJob, Job, MatmulJob } from "../jobs.ts";
import { isDepthwise } from "../jobs.ts";
import { operand } from "../ops/operation.ts";
import { operandsOf, operationOf } from "../ops/table.ts";
import { type Peer, type PreparedJob, peersRequire, serve } from "./serve.ts";

interface Tensor {
  data(): Promise<Float32Array<ArrayBuffer>>;
  dispose(): void;
}
type Tensors = Readonly<Record<string, Tensor>>;

interface Backend {
  readonly device: GPUDevice;
  readonly queue: GPUQueue;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** The part of TensorFlow.js that the comparison uses. */
interface TensorFlow {
  readonly version: Readonly<Record<string, string>>;
  setBackend(name: string): Promise<boolean>;
  backend(): Backend;
  engine(): { runKernel(name: string, inputs: Tensors, attributes: object): Tensor };
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
  conv2d(x: Tensor, w: Tensor, stride: number, pad: number, ...rest: ConvRest): Tensor;
  depthwiseConv2d(x: Tensor, w: Tensor, stride: number, pad: number, ...rest: ConvRest): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  maxPool(x: Tensor, size: number, stride: number, pad: number, rounding: "floor"): Tensor;
  mean(x: Tensor, axes: readonly number[], keepDims: boolean): Tensor;
  sum(x: Tensor, axes: readonly number[]): Tensor;
  relu(x: Tensor): Tensor;
  add(a: Tensor, b: Tensor): Tensor;
}
type ConvRest = [layout: "NHWC", dilation: number, rounding: "floor"];

const REST: ConvRest = ["NHWC", 1, "floor"];

async function connect(): Promise<{ tf: TensorFlow; adapter: GPUAdapter }> {
  const gpu = create(dawnFlags({ unsafe: process.env["FAUXGRAD_BENCH_UNSAFE"] === "1" }));
  Object.assign(globalThis, globals);
  // Node 21 has a navigator of its own, which cannot be assigned to.
  const value = { gpu, userAgent: "node" };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true });
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error("no WebGPU adapter");
  const load = peersRequire();
  const tf = load("@tensorflow/tfjs") as TensorFlow;
  load("@tensorflow/tfjs-backend-webgpu");
  if (!(await tf.setBackend("webgpu"))) throw new Error("its webgpu backend does not start");
  return { tf, adapter };
}

function convolution(tf: TensorFlow, job: Conv2dJob, tensors: Tensors): (() => Tensor) | string {
  const depthwise = isDepthwise(job);
  if (job.groups > 1 && !depthwise) return "tfjs has no grouped convolution";
  const { stride, padding: pad, input: inputShape, weight: filterShape } = job;
  const x = () => operand(tensors, "input");
  const filter = () => operand(tensors, "weight");
  const dy = () => operand(tensors, "gradOutput");
  if (job.pass === "forward") {
    const [a, w] = [x(), filter()];
    if (depthwise) return () => tf.depthwiseConv2d(a, w, stride, pad, ...REST);
    return () => tf.conv2d(a, w, stride, pad, ...REST);
  }
  const common = { strides: [stride, stride], pad, dimRoundingMode: "floor" };
  const attributes = {
    ...common,
    ...(depthwise ? { dilations: [1, 1] } : { dataFormat: "NHWC" }),
    ...(job.pass === "gradInput" ? { inputShape } : { filterShape: depthwiseShape(job) }),
  };
  const inputs = job.pass === "gradInput" ? { dy: dy(), filter: filter() } : { x: x(), dy: dy() };
  const kernel = `${depthwise ? "DepthwiseConv2dNative" : "Conv2D"}Backprop${
    job.pass === "gradInput" ? "Input" : "Filter"
  }`;
  return () => tf.engine().runKernel(kernel, inputs, attributes);

  function depthwiseShape({ groups }: Conv2dJob) {
    const [kh, kw] = filterShape;
    return depthwise ? [kh, kw, groups, 1] : filterShape;
  }
}

function product(tf: TensorFlow, { pass }: MatmulJob, tensors: Tensors): () => Tensor {
  const [a, b, dy] = [tensors["a"], tensors["b"], tensors["gradOutput"]];
  if (pass === "forward" && a && b) return () => tf.matMul(a, b);
  if (pass === "gradInput" && dy && b) return () => tf.matMul(dy, b, false, true);
  if (pass === "gradWeight" && a && dy) return () => tf.matMul(a, dy, true, false);
  throw new Error("an operand is missing");
}

function computation(tf: TensorFlow, job: Job, tensors: Tensors): (() => Tensor) | string {
  const named = (name: string) => operand(tensors, name);
  switch (job.op) {
    case "conv2d":
      return convolution(tf, job, tensors);
    case "matmul":
      return product(tf, job, tensors);
    case "maxPool2d": {
      const x = named("input");
      return () => tf.maxPool(x, job.kernelSize, job.stride, job.padding, "floor");
    }
    case "globalAverage": {
      const x = named("input");
      return () => tf.mean(x, [1, 2], true);
    }
    case "relu": {
      const a = named("a");
      return () => tf.relu(a);
    }
    case "add": {
      const [a, b] = [named("a"), named("b")];
      return () => tf.add(a, b);
    }
    case "sumChannels": {
      const x = named("input");
      return () => tf.sum(x, [0, 1, 2]);
    }
    case "blur":
      return "tfjs has no upfirdn2d";
    default:
      return job satisfies never;
  }
}

/** tfjs's depthwise filters are `[KH, KW, C, 1]`: the same elements in the same order. */
function shapeFor(job: Job, name: string, shape: readonly number[]): readonly number[] {
  if (job.op !== "conv2d" || name !== "weight" || !isDepthwise(job)) return shape;
  const [kh, kw] = job.weight;
  return [kh, kw, job.groups, 1];
}

function prepare(tf: TensorFlow, wait: Wait, errors: string[], job: Job): PreparedJob | string {
  const { operands: shapes } = operationOf(job).facts(job);
  const tensors = Object.fromEntries(
    Object.entries(operandsOf(job)).map(([name, data]) => {
      return [name, tf.tensor(data, shapeFor(job, name, shapes[name] ?? []))];
    }),
  );
  let last: Tensor | undefined;
  const release = async () => {
    last?.dispose();
    for (const tensor of Object.values(tensors)) tensor.dispose();
  };
  const compute = computation(tf, job, tensors);
  if (typeof compute === "string") {
    void release();
    return compute;
  }
  return {
    async run(repeats) {
      for (let i = 0; i < repeats; i++) {
        last?.dispose();
        last = compute();
      }
      const backend = tf.backend();
      // Both are needed: a submit with an open pass is an error, and computes nothing.
      backend.endComputePassEncoder();
      backend.submitQueue();
      await wait(backend.queue.onSubmittedWorkDone());
      const [problem] = errors.splice(0);
      if (problem !== undefined) throw new Error(problem);
    },
    async output() {
      if (last === undefined) throw new Error("nothing was computed");
      return await wait(last.data());
    },
    release,
  };
}

async function open(): Promise<Peer> {
  const { tf, adapter } = await connect();
  const { info } = adapter;
  // The same waiter as ours: polling at full speed would take a core from a software adapter.
  const wait: Wait = adapterClass(info) === "software" ? throttledWait() : (promise) => promise;
  // What is not valid is not computed, fast: it must not pass for a time.
  const errors: string[] = [];
  tf.backend().device.onuncapturederror = ({ error }) => errors.push(error.message);
  return {
    identity: {
      packages: `@tensorflow/tfjs-backend-webgpu ${tf.version["tfjs-core"]}`,
      adapter: info.description || info.device,
    },
    prepare: async (job) => prepare(tf, wait, errors, job),
  };
}

await serve(open);
