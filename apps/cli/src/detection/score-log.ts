/*
 * Scores as they are made, in a file: an evaluation that was interrupted goes on where it was, and
 * one that is repeated with other thresholds or intervals computes nothing again.
 *
 * The first line says what the scores are of; scores of anything else are not taken. A line cut off
 * by a kill is ignored.
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { appendFile, stat } from "node:fs/promises";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { fileError, readTextIfAny } from "../session/files.ts";

/** What decides about scores: networks, options, the device. */
export type ScoreIdentity = Readonly<Record<string, string | number | boolean | null>>;

/** One image's score. */
export interface LoggedScore {
  /** `test`, `validation`: which part of the evaluation. */
  readonly set: string;
  /** Of the image, below the data. */
  readonly path: string;
  /** Size and time of the file, so that another image of the same name is none. */
  readonly stamp: string;
  readonly logit: number;
  readonly probability: number;
  /** The second of two logits. */
  readonly logit1?: number;
  /** What was done to the image first; null for nothing. */
  readonly perturbation: string | null;
}

const FORMAT = "fauxgrad-scores-1";
/** Between two writes, in ms: what a kill may lose. */
const INTERVAL_MS = 500;

/** The scores of one run, and those that an earlier one left. */
export class ScoreLog {
  readonly file: string;
  /** Whether the file held scores of something else. */
  readonly replaced: boolean;
  readonly #known: ReadonlyMap<string, LoggedScore>;
  #waiting: string[] = [];
  #writtenAt = performance.now();

  private constructor(file: string, known: ReadonlyMap<string, LoggedScore>, replaced: boolean) {
    this.file = file;
    this.#known = known;
    this.replaced = replaced;
  }

  /**
   * Opens a file, or begins it.
   *
   * @throws {FileError} if it cannot be read or written
   */
  static async open(file: string, identity: ScoreIdentity): Promise<ScoreLog> {
    const first = JSON.stringify({ format: FORMAT, ...identity });
    try {
      const { head, scores } = await readScores(file);
      const isOurs = head === first;
      const kept = isOurs ? scores : [];
      // Written anew: without the half line that a kill left.
      const lines = [first, ...kept.map((score) => JSON.stringify(score))];
      await writeFileAtomic(file, `${lines.join("\n")}\n`);
      const known = new Map(kept.map((score) => [keyOf(score), score]));
      return new ScoreLog(file, known, head !== null && !isOurs);
    } catch (cause) {
      throw fileError("open", file, cause);
    }
  }

  /** The score of an image that an earlier run judged; null if none did. */
  find(image: Pick<LoggedScore, "set" | "path" | "stamp">): LoggedScore | null {
    const score = this.#known.get(keyOf(image));
    return score?.stamp === image.stamp ? score : null;
  }

  /** Notes a score; it is in the file half a second later at most, or after {@link flush}. */
  async add(score: LoggedScore): Promise<void> {
    // Of what is no number JSON keeps nothing.
    if (Number.isFinite(score.logit)) this.#waiting.push(`${JSON.stringify(score)}\n`);
    if (performance.now() - this.#writtenAt >= INTERVAL_MS) await this.flush();
  }

  /** @throws {FileError} if the disk refuses */
  async flush(): Promise<void> {
    const lines = this.#waiting.join("");
    this.#waiting = [];
    try {
      if (lines !== "") await appendFile(this.file, lines);
    } catch (cause) {
      throw fileError("write", this.file, cause);
    }
    this.#writtenAt = performance.now();
  }
}

/** Of an image file: changes if it does. */
export async function stampOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => null);
  return found === null ? "" : `${found.size} ${Math.round(found.mtimeMs)}`;
}

/** SHA-256 of a file's bytes. @throws {FileError} if it cannot be read */
export async function fileDigest(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const part of createReadStream(file)) hash.update(part);
  } catch (cause) {
    throw fileError("read", file, cause);
  }
  return hash.digest("hex");
}

function keyOf({ set, path }: Pick<LoggedScore, "set" | "path">): string {
  return `${set}\0${path}`;
}

async function readScores(
  file: string,
): Promise<{ readonly head: string | null; readonly scores: LoggedScore[] }> {
  const text = await readTextIfAny(file);
  if (text === null) return { head: null, scores: [] };
  const [head = "", ...lines] = text.split("\n");
  return { head, scores: lines.flatMap(parseLine) };
}

function parseLine(line: string): LoggedScore[] {
  try {
    const value: unknown = JSON.parse(line);
    const isScore =
      typeof value === "object" && value !== null && "logit" in value && "stamp" in value;
    return isScore ? [value as LoggedScore] : [];
  } catch {
    // Cut off.
    return [];
  }
}
