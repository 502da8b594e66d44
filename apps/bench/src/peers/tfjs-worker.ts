/** TensorFlow.js on its WebGPU backend, on our adapter through the same Dawn. */
import type { Wait } from "@fauxgrad/kernels";
import type { Conv2dJob, Job, MatmulJob } from "../jobs.ts";
import { isDepthwise } from "../jobs.ts";
import { operand } from "../ops/operation.ts";
import { operandsOf, operationOf } from "../ops/table.ts";
import { adapterName, errorsOf, provideWebgpu } from "./node-webgpu.ts";
import { type Peer, type PreparedJob, peersRequire, serve } from "./serve.ts";
import type { ConvRest, Tensor, TensorFlow, Tensors, TfjsWork } from "./tfjs.ts";
import { networkWork } from "./tfjs-network.ts";

const REST: ConvRest = ["NHWC", 1, "floor"];

async function connect(): Promise<TensorFlow> {
  const load = peersRequire();
  const tf = load("@tensorflow/tfjs") as TensorFlow;
  load("@tensorflow/tfjs-backend-webgpu");
  if (!(await tf.setBackend("webgpu"))) throw new Error("its webgpu backend does not start");
  return tf;
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
      return "not compared";
  }
}

/** tfjs's depthwise filters are `[KH, KW, C, 1]`: the same elements in the same order. */
function shapeFor(job: Job, name: string, shape: readonly number[]): readonly number[] {
  if (job.op !== "conv2d" || name !== "weight" || !isDepthwise(job)) return shape;
  const [kh, kw] = job.weight;
  return [kh, kw, job.groups, 1];
}

function prepareKernel(tf: TensorFlow, job: Job): TfjsWork | string {
  const { operands: shapes } = operationOf(job).facts(job);
  const tensors = Object.fromEntries(
    Object.entries(operandsOf(job)).map(([name, data]) => {
      return [name, tf.tensor(data, shapeFor(job, name, shapes[name] ?? []))];
    }),
  );
  const release = () => {
    for (const tensor of Object.values(tensors)) tensor.dispose();
  };
  const compute = computation(tf, job, tensors);
  if (typeof compute !== "string") return { compute: () => [compute()], release };
  release();
  return compute;
}

/** Runs the work and keeps its last results; waits as we do. */
function prepared(tf: TensorFlow, { compute, release }: TfjsWork, wait: Wait, check: () => void) {
  let last: Tensor[] = [];
  const forget = () => {
    for (const tensor of last.splice(0)) tensor.dispose();
  };
  const job: PreparedJob = {
    async run(repeats) {
      for (let i = 0; i < repeats; i++) {
        forget();
        last = compute();
      }
      const backend = tf.backend();
      // It submits every 15 dispatches: nothing may be left. Otherwise both are needed, since a
      // submit with an open pass is an error, and computes nothing.
      if (backend.commandEncoder !== null) {
        backend.endComputePassEncoder();
        backend.submitQueue();
      }
      await wait(backend.queue.onSubmittedWorkDone());
      check();
    },
    async output() {
      if (last.length === 0) throw new Error("nothing was computed");
      const parts = await wait(Promise.all(last.map((tensor) => tensor.data())));
      return Float32Array.from(parts.flatMap((part) => [...part]));
    },
    async release() {
      forget();
      release();
    },
  };
  return job;
}

async function open(): Promise<Peer> {
  const { adapter, wait } = await provideWebgpu();
  const tf = await connect();
  const check = errorsOf(tf.backend().device);
  return {
    identity: {
      packages: `@tensorflow/tfjs-backend-webgpu ${tf.version["tfjs-core"]}`,
      adapter: adapterName(adapter),
    },
    async prepare(job) {
      if (job.op === "discriminator") return "not compared";
      const work = job.op === "network" ? networkWork(tf, job) : prepareKernel(tf, job);
      return typeof work === "string" ? work : prepared(tf, work, wait, check);
    },
  };
}

await serve(open);
