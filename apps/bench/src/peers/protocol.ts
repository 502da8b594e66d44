import type { Job } from "../jobs.ts";
import type { Cost } from "../measure/cost.ts";
import type { DiscriminatorJob } from "../networks/discriminator.ts";
import type { NetworkJob } from "../networks/network-job.ts";

/** A whole network. */
export type WholeJob = NetworkJob | DiscriminatorJob;

/** What a peer can be asked to compute: a kernel's job, or a whole network. */
export type PeerJob = Job | WholeJob;

/** Whether a job is of a whole network. */
export function isWhole(job: PeerJob): job is WholeJob {
  return job.op === "network" || job.op === "discriminator";
}

/** What a peer says of itself. */
export interface PeerIdentity {
  /** Packages and versions. */
  readonly packages: string;
  /** The adapter it computes on, or that it does not tell. */
  readonly adapter: string;
}

/** Messages to a peer's process. */
export type PeerCall =
  | { readonly kind: "hello" }
  | { readonly kind: "prepare"; readonly job: PeerJob }
  | { readonly kind: "sample"; readonly repeats: number }
  | { readonly kind: "output" }
  | { readonly kind: "release" };

/** What each call answers. */
export interface PeerAnswers {
  readonly hello: PeerIdentity;
  /** Why the peer does not do such jobs, or null. */
  readonly prepare: string | null;
  readonly sample: Cost;
  /** What the last computation gave, in our layout. */
  readonly output: Float32Array<ArrayBuffer>;
  readonly release: null;
}

/** A call on its way. */
export interface PeerRequest {
  readonly id: number;
  readonly call: PeerCall;
}

/** Its answer. */
export type PeerResponse =
  | { readonly id: number; readonly answer: PeerAnswers[PeerCall["kind"]] }
  | { readonly id: number; readonly error: string };
