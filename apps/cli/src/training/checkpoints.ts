/*
 * A run's checkpoints: one safetensors file each, which appears whole or not at all. The last two
 * are kept, so that there is one to go back to if a power cut damaged the newest.
 */
import { readdir, unlink } from "node:fs/promises";
import path from "node:path";
import type { TrainerProgress } from "@fauxgrad/lgrad";
import {
  CheckpointError,
  type HostTensor,
  readSafetensors,
  writeSafetensors,
} from "@fauxgrad/models/checkpoint";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { fileError, readWholeFile } from "../session/files.ts";
import { systemCode } from "../terminal/errors.ts";

/** A trainer's counters: plain data, which know the steps done. */
export interface StepProgress {
  readonly sampler: { readonly step: number };
}

/** What a trainer needs to go on. */
export interface SavedState<Progress extends StepProgress> {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly progress: Progress;
}

/** What is saved. */
export interface SavedRun<Progress extends StepProgress = TrainerProgress>
  extends SavedState<Progress> {
  /** Of the files' names in their order: other images have another. */
  readonly files: string;
  /** `llvmpipe (vulkan)`: another device rounds differently. */
  readonly device: string;
}

/** A checkpoint that was read. */
export interface FoundCheckpoint<Progress extends StepProgress = TrainerProgress> {
  readonly file: string;
  readonly saved: SavedRun<Progress>;
  /** Newer ones that are damaged. */
  readonly damaged: readonly string[];
}

const KEPT = 2;
const NAME = /^step-(\d{8,})\.safetensors$/;
const UNFINISHED = /^\.step-\d+\.safetensors\.(\d+)-\d+\.tmp$/;

/** The checkpoints of one run's folder. */
export class Checkpoints<Progress extends StepProgress = TrainerProgress> {
  readonly folder: string;
  /** What the files call themselves. */
  readonly #format: string;
  /** The one written or read last. */
  latest: string | null = null;

  constructor(out: string, format = "fauxgrad-lgrad-training-1") {
    this.folder = path.join(out, "checkpoints");
    this.#format = format;
  }

  /** Writes one, then removes all but the last two. @throws {FileError} if it cannot be written */
  async write({ tensors, progress, files, device }: SavedRun<Progress>): Promise<void> {
    const name = `step-${String(progress.sampler.step).padStart(8, "0")}.safetensors`;
    const file = path.join(this.folder, name);
    const metadata = new Map([
      ["format", this.#format],
      ["progress", JSON.stringify(progress)],
      ["files", files],
      ["device", device],
    ]);
    try {
      await writeFileAtomic(file, new Uint8Array(writeSafetensors(tensors, metadata)));
    } catch (cause) {
      throw fileError("write", file, cause);
    }
    this.latest = file;
    const old = (await this.#list()).slice(KEPT);
    await Promise.all(old.map((each) => unlink(path.join(this.folder, each))));
  }

  /**
   * The newest that can be read; null if there is none.
   *
   * @throws {CheckpointError} if there are some, and all are damaged
   */
  async read(): Promise<FoundCheckpoint<Progress> | null> {
    await this.#removeUnfinished();
    const damaged: string[] = [];
    let problem: CheckpointError | null = null;
    for (const name of await this.#list()) {
      const file = path.join(this.folder, name);
      try {
        const saved = parse<Progress>(await readWholeFile(file, "the checkpoint"));
        this.latest = file;
        return { file, saved, damaged };
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
        problem ??= error;
        damaged.push(file);
      }
    }
    if (problem !== null) throw problem;
    return null;
  }

  /** Names, newest first. */
  async #list(): Promise<string[]> {
    return (await this.#entries())
      .filter((name) => NAME.test(name))
      .sort((a, b) => Number(NAME.exec(b)?.[1]) - Number(NAME.exec(a)?.[1]));
  }

  /** What a kill in the middle of a write leaves behind. */
  async #removeUnfinished(): Promise<void> {
    for (const name of await this.#entries()) {
      const owner = UNFINISHED.exec(name)?.[1];
      if (owner === undefined || isRunning(Number(owner))) continue;
      await unlink(path.join(this.folder, name));
    }
  }

  async #entries(): Promise<string[]> {
    try {
      return await readdir(this.folder);
    } catch (cause) {
      if (systemCode(cause) === "ENOENT") return [];
      throw fileError("read", this.folder, cause);
    }
  }
}

function parse<Progress extends StepProgress>(bytes: Uint8Array<ArrayBuffer>): SavedRun<Progress> {
  const { tensors, metadata } = readSafetensors(bytes);
  const progress = metadata.get("progress");
  if (progress === undefined) {
    throw new CheckpointError(
      "checkpoint: the file is no checkpoint of a training\nName the folder of a training.",
    );
  }
  return {
    tensors,
    progress: JSON.parse(progress) as Progress,
    files: metadata.get("files") ?? "",
    device: metadata.get("device") ?? "",
  };
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}
