import type { Contestant } from "../measure/rounds.ts";
import type { PeerReport } from "../report/report.ts";
import { ensurePeers } from "./install.ts";
import { PeerProcess } from "./peer-process.ts";
import type { PeerJob } from "./protocol.ts";

/** Where the peers are. */
export interface PeerPlaces {
  /** The folder with the peers' package.json. */
  readonly folder: string;
  /** The modules to run, by peer. */
  readonly workers: Readonly<Record<string, string>>;
}

/** Throws unless a peer's output is what ours is. */
export type Compare = (output: Float32Array) => void;

const MOST_STARTS = 3;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One peer through the whole bench: a process that is started again if a case breaks it. */
class PeerSlot {
  readonly name: string;
  readonly #worker: string;
  readonly #manifest: string;
  #process: PeerProcess | undefined;
  #starts = 0;

  constructor(name: string, worker: string, folder: string) {
    this.name = name;
    this.#worker = worker;
    this.#manifest = `${folder}/package.json`;
  }

  async start(): Promise<PeerReport> {
    const { name } = this;
    this.#starts++;
    try {
      const { peer, identity } = await PeerProcess.start(name, this.#worker, this.#manifest);
      this.#process = peer;
      return { name, ...identity, unavailable: null };
    } catch (error) {
      return { name, packages: null, adapter: null, unavailable: messageOf(error) };
    }
  }

  /** The peer at a job, cross-checked; a string says why not. */
  async contestant(job: PeerJob, compare: Compare): Promise<Contestant | string> {
    const found = await this.#alive();
    if (typeof found === "string") return found;
    try {
      const unsupported = await found.prepare(job);
      if (unsupported !== null) return unsupported;
      const contestant: Contestant = {
        name: this.name,
        isWarm: true,
        sample: (repeats) => found.sample(repeats),
        check: async () => compare(await found.output()),
      };
      await contestant.sample(1);
      await contestant.check();
      return contestant;
    } catch (error) {
      return `not counted: ${messageOf(error)}`;
    }
  }

  async release(): Promise<void> {
    // Nothing is left to free in a process that is gone, or goes.
    if (this.#process?.isAlive) await this.#process.release().catch(() => this.#process?.stop());
  }

  stop(): void {
    this.#process?.stop();
  }

  async #alive(): Promise<PeerProcess | string> {
    if (this.#process?.isAlive) return this.#process;
    if (this.#starts >= MOST_STARTS) return `not counted: it broke ${MOST_STARTS} times`;
    const { unavailable } = await this.start();
    return unavailable ?? this.#process ?? "not counted: it did not start";
  }
}

/** The peers of one bench. */
export class Peers {
  readonly reports: readonly PeerReport[];
  readonly #slots: readonly PeerSlot[];

  private constructor(reports: readonly PeerReport[], slots: readonly PeerSlot[]) {
    this.reports = reports;
    this.#slots = slots;
  }

  /** No peers at all. */
  static none(): Peers {
    return new Peers([], []);
  }

  /** Installs the peers if need be and starts them; those that do not start say why. */
  static async open({ folder, workers }: PeerPlaces, log: (line: string) => void): Promise<Peers> {
    const names = Object.keys(workers);
    const problem = await ensurePeers(folder, log);
    if (problem !== undefined) {
      const absent = { packages: null, adapter: null, unavailable: problem };
      return new Peers(
        names.map((name) => ({ name, ...absent })),
        [],
      );
    }
    const slots = Object.entries(workers).map(([name, worker]) => {
      return new PeerSlot(name, worker, folder);
    });
    const reports: PeerReport[] = [];
    for (const slot of slots) reports.push(await slot.start());
    const started = slots.filter((_, at) => reports[at]?.unavailable === null);
    return new Peers(reports, started);
  }

  /** Names of the peers that started. */
  get names(): string[] {
    return this.#slots.map(({ name }) => name);
  }

  /**
   * Each peer at a job, or why not.
   *
   * @param names of those that are asked; default: all
   */
  async contestants(
    job: PeerJob,
    compare: Compare,
    names: readonly string[] = this.names,
  ): Promise<Map<string, Contestant | string>> {
    const found = new Map<string, Contestant | string>();
    for (const slot of this.#slots) {
      if (names.includes(slot.name)) found.set(slot.name, await slot.contestant(job, compare));
    }
    return found;
  }

  /** Frees what the last job needed. */
  async release(): Promise<void> {
    for (const slot of this.#slots) await slot.release();
  }

  /** Ends all processes. */
  stop(): void {
    for (const slot of this.#slots) slot.stop();
  }
}
