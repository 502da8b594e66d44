/** PyTorch in a Python of the user's, where there is one with CUDA: eager float32, TF32 off. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Job } from "../jobs.ts";
import {
  DEVIATION_EPSILON,
  type DiscriminatorJob,
  discriminatorImages,
  discriminatorLayers,
  discriminatorWeights,
} from "../networks/discriminator.ts";
import { imagesOf, LEARNING_RATE, type NetworkJob } from "../networks/network-job.ts";
import { graphOf } from "../networks/networks.ts";
import { networkImages, networkWeights, type Weight } from "../networks/weights.ts";
import { operandsOf, operationOf } from "../ops/table.ts";
import type { PeerJob } from "./protocol.ts";
import { type Peer, type PreparedJob, peersManifest, serve } from "./serve.ts";

/** What Python answers: numbers and words, and the bytes that followed them. */
interface Answer {
  readonly error?: string;
  readonly version?: string;
  readonly device?: string;
  readonly usable?: boolean;
  readonly ms?: number;
  readonly cpuMs?: number;
  readonly payload: Buffer;
}

/** A Python that answers one request at a time. */
class Python {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  constructor(script: string) {
    const { FAUXGRAD_PYTHON = "python3" } = process.env;
    this.#child = spawn(FAUXGRAD_PYTHON, [script], { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdout.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#deliver();
    });
    this.#child.stdin.on("error", () => {});
    this.#child.on("error", (error) => this.#waiting?.reject(error));
    this.#child.on("exit", () => {
      this.#waiting?.reject(new Error(`there is no ${FAUXGRAD_PYTHON} with PyTorch`));
    });
    process.on("exit", () => this.#child.kill());
  }

  /** @throws {Error} what Python says went wrong */
  async ask(request: object, tensors: readonly Weight[] = []): Promise<Answer> {
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    for (const { data } of tensors) {
      this.#child.stdin.write(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    }
    const found = await answer;
    if (found.error !== undefined) throw new Error(found.error);
    return found;
  }

  #deliver(): void {
    const end = this.#received.indexOf(10);
    if (end < 0) return;
    const head = JSON.parse(this.#received.subarray(0, end).toString()) as { bytes: number };
    const rest = this.#received.subarray(end + 1);
    if (rest.length < head.bytes) return;
    this.#received = rest.subarray(head.bytes);
    this.#waiting?.resolve({ ...head, payload: rest.subarray(0, head.bytes) });
  }
}

/** A request and its tensors, in the order in which they follow it. */
interface Work {
  readonly request: object;
  readonly tensors: ReadonlyMap<string, Weight>;
}

function networkWork(job: NetworkJob): Work {
  const graph = graphOf(job);
  const tensors = networkWeights(graph);
  tensors.set("images", { shape: imagesOf(job), data: networkImages(job) });
  const { pass } = job;
  return { request: { op: "network", graph, pass, learningRate: LEARNING_RATE }, tensors };
}

function discriminatorWork(job: DiscriminatorJob): Work {
  const tensors = discriminatorWeights(job.size);
  tensors.set("images", discriminatorImages(job));
  const layers = discriminatorLayers(job.size);
  return { request: { op: "discriminator", layers, epsilon: DEVIATION_EPSILON }, tensors };
}

function workOf(job: PeerJob): Work | string {
  if (job.op === "network") return networkWork(job);
  return job.op === "discriminator" ? discriminatorWork(job) : kernelWork(job);
}

function kernelWork(job: Job): Work | string {
  if (job.op !== "conv2d" && job.op !== "matmul") return "not compared";
  const { operands: shapes } = operationOf(job).facts(job);
  const tensors = Object.entries(operandsOf(job)).map(([name, data]) => {
    return [name, { data, shape: shapes[name] ?? [data.length] }] as const;
  });
  return { request: { op: job.op, job }, tensors: new Map(tensors) };
}

function prepared(python: Python): PreparedJob {
  return {
    async run() {
      throw new Error("Python times itself");
    },
    async sample(repeats) {
      const { ms = 0, cpuMs = 0 } = await python.ask({ call: "sample", repeats });
      return { ms, cpuMs };
    },
    async output() {
      const { payload } = await python.ask({ call: "output" });
      return new Float32Array(Uint8Array.from(payload).buffer);
    },
    release: async () => {},
  };
}

async function open(): Promise<Peer> {
  const python = new Python(join(dirname(peersManifest()), "torch_peer.py"));
  const { version, device = "", usable } = await python.ask({ call: "hello" });
  if (usable !== true) throw new Error(`skipped: PyTorch ${version} has no CUDA here`);
  return {
    identity: { packages: `PyTorch ${version}, eager float32, TF32 off`, adapter: device },
    async prepare(job) {
      const work = workOf(job);
      if (typeof work === "string") return work;
      const { request, tensors } = work;
      const specs = [...tensors].map(([name, { shape }]) => ({ name, shape }));
      const call = { call: "prepare", ...request, tensors: specs };
      await python.ask(call, [...tensors.values()]);
      return prepared(python);
    },
  };
}

await serve(open);
