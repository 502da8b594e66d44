import { type ChildProcess, fork } from "node:child_process";
import type { Cost } from "../measure/cost.ts";
import type {
  PeerAnswers,
  PeerCall,
  PeerIdentity,
  PeerJob,
  PeerRequest,
  PeerResponse,
} from "./protocol.ts";

/**
 * Patience with one call: compiling and a few runs of the slowest case. jax-js needs more than two
 * minutes of CPU to trace and compile a training step of ResNet-50.
 */
const CALL_TIMEOUT_MS = 600_000;
const STDERR_KEPT = 4000;

/** A peer's process that is gone, or does not answer. */
export class PeerError extends Error {
  override readonly name = "PeerError";
}

interface Pending {
  resolve(answer: PeerAnswers[PeerCall["kind"]]): void;
  reject(error: Error): void;
}

/** A peer in a process of its own: what breaks it does not break the bench, nor another peer. */
export class PeerProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #timeoutMs: number;
  #nextId = 0;
  #stderr = "";
  #gone: PeerError | undefined;

  private constructor(name: string, child: ChildProcess, timeoutMs: number) {
    this.name = name;
    this.#child = child;
    this.#timeoutMs = timeoutMs;
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_KEPT);
    });
    child.on("message", (response: PeerResponse) => this.#receive(response));
    child.on("error", (error) => this.#lose(error.message));
    child.on("exit", (code, signal) => this.#lose(`its process ended with ${signal ?? code}`));
  }

  /**
   * Starts a peer.
   *
   * @param worker   the module to run
   * @param manifest package.json of the folder that has the peer's packages
   * @throws {PeerError} if it does not come up
   */
  static async start(
    name: string,
    worker: string,
    manifest: string,
    timeoutMs = CALL_TIMEOUT_MS,
  ): Promise<{ peer: PeerProcess; identity: PeerIdentity }> {
    const child = fork(worker, [manifest], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const peer = new PeerProcess(name, child, timeoutMs);
    try {
      return { peer, identity: await peer.#call({ kind: "hello" }) };
    } catch (error) {
      peer.stop();
      throw error;
    }
  }

  /** Makes the job ready; a string says why the peer has no such job. */
  prepare(job: PeerJob): Promise<string | null> {
    return this.#call({ kind: "prepare", job });
  }

  /** Cost of `repeats` computations of the prepared job, by the peer's own clocks. */
  sample(repeats: number): Promise<Cost> {
    return this.#call({ kind: "sample", repeats });
  }

  /** What the last computation gave, in our layout. */
  output(): Promise<Float32Array<ArrayBuffer>> {
    return this.#call({ kind: "output" });
  }

  /** Frees the prepared job. */
  async release(): Promise<void> {
    await this.#call({ kind: "release" });
  }

  /** Whether the process still answers. */
  get isAlive(): boolean {
    return this.#gone === undefined;
  }

  /** Ends the process. */
  stop(): void {
    this.#gone ??= new PeerError(`${this.name} was stopped`);
    this.#child.kill("SIGKILL");
  }

  async #call<K extends PeerCall["kind"]>(
    call: Extract<PeerCall, { readonly kind: K }>,
  ): Promise<PeerAnswers[K]> {
    if (this.#gone !== undefined) throw this.#gone;
    const id = this.#nextId++;
    const request: PeerRequest = { id, call };
    const answer = new Promise<PeerAnswers[PeerCall["kind"]]>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.send(request);
    });
    const timer = setTimeout(() => {
      this.#lose(`no answer within ${this.#timeoutMs / 1000} s`);
      this.#child.kill("SIGKILL");
    }, this.#timeoutMs);
    try {
      return (await answer) as PeerAnswers[K];
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  #receive(response: PeerResponse): void {
    const pending = this.#pending.get(response.id);
    if (pending === undefined) return;
    if ("error" in response) pending.reject(new PeerError(firstLine(response.error)));
    else pending.resolve(response.answer);
  }

  #lose(reason: string): void {
    const last = this.#stderr.trim().split("\n").at(-1) ?? "";
    this.#gone ??= new PeerError(last === "" ? reason : `${reason}: ${last}`);
    for (const { reject } of this.#pending.values()) reject(this.#gone);
  }
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}
