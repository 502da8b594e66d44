/*
 * Decoding and resampling in worker threads, so that the thread that feeds the GPU never waits for a
 * JPEG. Results come in the order of the files; at most `prefetch` of them exist unread, so a slow
 * consumer does not fill the memory. A file that fails is a result like any other.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { ResizeFilter, ResizeSize, RgbImage } from "@fauxgrad/models/transforms";
// On Linux the main thread has to load libvips before a worker does, and keep it (sharp's manual,
// "Worker threads"): this import is for that.
import "sharp";
import { DEFAULT_MAX_PIXELS } from "./decode-image.ts";
import type { Augmentation, DecodeReply, DecodeRequest, DecodeTask } from "./decode-messages.ts";
import { ImageError } from "./image-error.ts";

/** How many threads, and from which file. */
export interface DecodePoolOptions {
  /** Threads; each decodes one image at a time, of up to `maxPixels · 4` bytes before resampling. */
  readonly threads?: number;
  /** The bundled worker; beside the bundled program by default. */
  readonly workerUrl?: URL;
}

/** What {@link DecodePool.decode} does with each file. */
export interface DecodeAllOptions {
  /** Resampled to this size; by default each image keeps its own. */
  readonly size?: ResizeSize;
  readonly filter?: ResizeFilter;
  readonly maxPixels?: number;
  /** T-GD's augmentation of the image at a place, from 0, in the order of the files. */
  readonly augment?: (index: number) => Augmentation;
  /** Images decoded ahead of the one that is being read. */
  readonly prefetch?: number;
  /** Ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** One file's outcome; `index` counts from 0 in the order of the files. */
export type Decoded =
  | {
      readonly index: number;
      readonly file: string;
      readonly image: RgbImage;
      /** The size before resampling. */
      readonly source: ResizeSize;
    }
  | { readonly index: number; readonly file: string; readonly error: ImageError };

/** Tells the two kinds of {@link Decoded} apart. */
export function isDecoded(result: Decoded): result is Extract<Decoded, { image: RgbImage }> {
  return "image" in result;
}

interface Job {
  readonly request: Extract<DecodeRequest, { type: "decode" }>;
  readonly settle: (reply: DecodeReply) => void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | null;
}

/** How long {@link DecodePool.close} lets a thread finish its image, in ms. */
const GRACE_MS = 10_000;

/** Worker threads that decode. Close it, or bind it with `await using`. */
export class DecodePool {
  readonly #threads: number;
  readonly #workerUrl: URL;
  readonly #running = new Set<Thread>();
  readonly #queue: Job[] = [];
  #closed = false;

  constructor(options: DecodePoolOptions = {}) {
    // One core feeds the GPU; more than four threads wait for the disk and for memory.
    this.#threads = options.threads ?? Math.max(1, Math.min(4, availableParallelism() - 1));
    this.#workerUrl = options.workerUrl ?? new URL("./decode-worker.js", import.meta.url);
    if (!Number.isInteger(this.#threads) || this.#threads < 1) {
      throw new RangeError(`DecodePool: threads is ${this.#threads}\nPass a whole number from 1.`);
    }
    if (!existsSync(this.#workerUrl)) {
      throw new Error(
        "DecodePool: the bundle of its worker is missing\n" +
          `  worker  ${this.#workerUrl.href}\n` +
          "Build the program (npm run build), or pass workerUrl.",
      );
    }
  }

  /**
   * Decodes files in order, ahead of the reader. Leaving the loop early drops what was not begun.
   *
   * @throws {Error} if the pool is closed
   * @throws the signal's reason when it is aborted
   */
  async *decode(files: Iterable<string>, options: DecodeAllOptions = {}): AsyncGenerator<Decoded> {
    const { prefetch = this.#threads + 2, signal, augment } = options;
    const task: DecodeTask = {
      size: options.size ?? null,
      filter: options.filter ?? "bilinear",
      maxPixels: options.maxPixels ?? DEFAULT_MAX_PIXELS,
      augmentation: null,
    };
    const pending: { index: number; file: string; job: Job; reply: Promise<DecodeReply> }[] = [];
    const source = files[Symbol.iterator]();
    let begun = 0;
    try {
      for (;;) {
        signal?.throwIfAborted();
        while (pending.length < Math.max(1, prefetch)) {
          const next = source.next();
          if (next.done === true) break;
          const own = augment === undefined ? task : { ...task, augmentation: augment(begun) };
          pending.push({ index: begun, file: next.value, ...this.#enqueue(next.value, own) });
          begun += 1;
        }
        const first = pending.shift();
        if (first === undefined) return;
        const { index, file } = first;
        const reply = await orAbort(first.reply, signal);
        yield reply.type === "image"
          ? { index, file, image: reply.image, source: reply.source }
          : { index, file, error: new ImageError(reply.problem) };
      }
    } finally {
      for (const { job } of pending) this.#withdraw(job);
    }
  }

  /**
   * Ends the threads: each finishes the image it has in hand (libvips cannot be interrupted), and
   * is terminated if that takes too long. What still waits is answered with an error.
   */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#queue.splice(0)) job.settle(failure(job, "the decoder was closed"));
    await Promise.all([...this.#running].map(stop));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #enqueue(file: string, task: DecodeTask): { job: Job; reply: Promise<DecodeReply> } {
    if (this.#closed) throw new Error("DecodePool: it is closed\nMake a new one.");
    const { promise, settle } = deferred();
    const job: Job = { request: { type: "decode", file, task }, settle };
    this.#queue.push(job);
    this.#dispatch();
    return { job, reply: promise };
  }

  #withdraw(job: Job): void {
    const at = this.#queue.indexOf(job);
    if (at !== -1) this.#queue.splice(at, 1);
  }

  /** Gives waiting jobs to idle threads, and starts threads while there are fewer than allowed. */
  #dispatch(): void {
    while (this.#queue.length > 0) {
      let thread = [...this.#running].find(({ job }) => job === null);
      if (thread === undefined) {
        if (this.#running.size >= this.#threads) return;
        thread = this.#start();
      }
      const job = this.#queue.shift()!;
      thread.job = job;
      thread.worker.ref();
      thread.worker.postMessage(job.request);
    }
  }

  #start(): Thread {
    const thread: Thread = { worker: new Worker(this.#workerUrl), job: null };
    this.#running.add(thread);
    const answer = (reply: (job: Job) => DecodeReply): void => {
      const { job } = thread;
      thread.job = null;
      if (job !== null) job.settle(reply(job));
    };
    thread.worker.on("message", (reply: DecodeReply) => {
      answer(() => reply);
      // An idle thread must not keep the process alive; a busy or an ending one must.
      if (!this.#closed) thread.worker.unref();
      this.#dispatch();
    });
    let cause = "the thread ended";
    thread.worker.on("error", (error) => {
      cause = error instanceof Error ? error.message : String(error);
    });
    // A thread that died (out of memory, mostly) costs its image; the next image gets a new one.
    thread.worker.on("exit", () => {
      this.#running.delete(thread);
      answer((job) => failure(job, cause));
      this.#dispatch();
    });
    return thread;
  }
}

function failure({ request }: Job, cause: string): DecodeReply {
  const problem = {
    file: request.file,
    problem: "decoding was cut off",
    details: [`cause   ${cause}`],
    remedy: "Try it again alone; if it fails again, shrink the image or leave it out.",
  };
  return { type: "problem", problem };
}

async function stop({ worker }: Thread): Promise<void> {
  worker.ref();
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const timer = setTimeout(() => void worker.terminate(), GRACE_MS);
  worker.postMessage({ type: "close" } satisfies DecodeRequest);
  await ended;
  clearTimeout(timer);
}

function deferred(): { promise: Promise<DecodeReply>; settle: (reply: DecodeReply) => void } {
  let settle: (reply: DecodeReply) => void = () => undefined;
  const promise = new Promise<DecodeReply>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}

/** The promise, or the signal's reason if that comes first. */
async function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
