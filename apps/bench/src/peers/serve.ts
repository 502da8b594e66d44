import { createRequire } from "node:module";
import { type Cost, costOf } from "../measure/cost.ts";
import type {
  PeerAnswers,
  PeerCall,
  PeerIdentity,
  PeerJob,
  PeerRequest,
  PeerResponse,
} from "./protocol.ts";

/** A job on the peer's side, ready to be computed. */
export interface PreparedJob {
  /** Computes it `repeats` times and waits for the last. */
  run(repeats: number): Promise<void>;
  /** As {@link run}, timed by itself: for work in another process than this one. */
  sample?(repeats: number): Promise<Cost>;
  /** What the last run gave, in our layout. */
  output(): Promise<Float32Array<ArrayBuffer>>;
  release(): Promise<void>;
}

/** A library under comparison, in a process of its own. */
export interface Peer {
  readonly identity: PeerIdentity;
  /** A string says why there is no such job. */
  prepare(job: PeerJob): Promise<PreparedJob | string>;
}

/** package.json of the folder with the peers' packages: the parent passes it on the command line. */
export function peersManifest(): string {
  const [, , manifest] = process.argv;
  if (manifest === undefined) throw new Error("usage: node PEER-WORKER PEERS/package.json");
  return manifest;
}

/** Loads from the folder with the peers' packages. */
export function peersRequire(): NodeJS.Require {
  return createRequire(peersManifest());
}

/** Answers the parent's calls until it hangs up. */
export async function serve(open: () => Promise<Peer>): Promise<void> {
  let peer: Peer | undefined;
  let prepared: PreparedJob | undefined;

  async function release(): Promise<null> {
    const previous = prepared;
    prepared = undefined;
    await previous?.release();
    return null;
  }

  function ready(): PreparedJob {
    if (prepared === undefined) throw new Error("no job is prepared");
    return prepared;
  }

  async function answer(call: PeerCall): Promise<PeerAnswers[PeerCall["kind"]]> {
    peer ??= await open();
    switch (call.kind) {
      case "hello":
        return peer.identity;
      case "prepare": {
        await release();
        const found = await peer.prepare(call.job);
        if (typeof found === "string") return found;
        prepared = found;
        return null;
      }
      case "sample": {
        const job = ready();
        return job.sample?.(call.repeats) ?? costOf(() => job.run(call.repeats));
      }
      case "output":
        return ready().output();
      case "release":
        return release();
      default:
        return call satisfies never;
    }
  }

  const respond = async ({ id, call }: PeerRequest) => {
    const response: PeerResponse = await answer(call).then(
      (value) => ({ id, answer: value }),
      (error: unknown) => ({ id, error: error instanceof Error ? error.message : String(error) }),
    );
    process.send?.(response);
  };
  process.on("message", (request: PeerRequest) => {
    void respond(request);
  });
  // Dawn would keep the process alive.
  process.on("disconnect", () => process.exit(0));
  // Ctrl-C reaches the whole process group: the parent decides.
  process.on("SIGINT", () => {});
}
