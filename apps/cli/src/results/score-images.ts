/*
 * Test images through all detectors, under all conditions: every square's logit, kept in one log for
 * each detector, so that a run that was stopped goes on, and a detector that is packed anew alone is
 * judged anew.
 */
import path from "node:path";
import {
  type CropJudge,
  cutCrops,
  DEFAULT_CROPS,
  type ListedDetector,
  planCrops,
  weightsFiles,
} from "@fauxgrad/detectors";
import type { RgbImage } from "@fauxgrad/models/transforms";
import { jpegRoundTrip } from "@fauxgrad/training";
import { fileDigest, ScoreLog } from "../detection/score-log.ts";
import { DecodePool, isDecoded } from "../io/decode-pool.ts";
import { jpegCodec } from "../io/jpeg-codec.ts";
import { interruption, untilInterrupted } from "../terminal/interrupt.ts";
import { startProgress } from "../terminal/progress.ts";
import { plural } from "../terminal/units.ts";
import type { ResultImage } from "./result-images.ts";

/** What is done to an image first: nothing, or JPEG of a quality. */
export type Condition = "clean" | number;

/** Images under one condition, and the detectors that judge them. */
export interface ScorePass {
  readonly condition: Condition;
  readonly images: readonly ResultImage[];
  readonly judges: readonly CropJudge[];
}

/** Logits of an image's squares, by detector, condition and image. */
export class ScoreTable {
  readonly #logits = new Map<string, readonly number[]>();

  /** @throws {Error} if that image was not judged */
  of(detector: string, condition: Condition, image: ResultImage): readonly number[] {
    const logits = this.#logits.get(`${detector}\0${condition}\0${image.path}`);
    if (logits !== undefined) return logits;
    throw new Error(`results: ${image.path} was not judged by ${detector}, ${condition}`);
  }

  set(detector: string, condition: Condition, image: string, logits: readonly number[]): void {
    this.#logits.set(`${detector}\0${condition}\0${image}`, logits);
  }
}

/** What {@link scoreImages} needs besides. */
export interface ScoreOptions {
  /** Folder of the logs. */
  readonly cache: string;
  /** Side of the squares. */
  readonly crop: number;
  /** The device's line: scores of another are others. */
  readonly device: string;
}

/** All scores, and how many images were judged for them just now. */
export interface Scores {
  readonly table: ScoreTable;
  /** Verdicts, each of a detector about an image under a condition. */
  readonly verdicts: number;
  readonly judgedNow: number;
}

/**
 * Judges what no earlier run has judged.
 *
 * @throws {ImageError} if an image cannot be decoded: results without it would be others
 * @throws {FileError} if a log cannot be read or written
 */
export async function scoreImages(
  passes: readonly ScorePass[],
  { cache, crop, device }: ScoreOptions,
): Promise<Scores> {
  const judges = new Set(passes.flatMap((pass) => pass.judges));
  const logs = new Map<CropJudge, ScoreLog>();
  for (const judge of judges) {
    const { detector } = judge;
    const identity = { weights: hashesOf(detector), crop, crops: DEFAULT_CROPS, device };
    logs.set(judge, await ScoreLog.open(path.join(cache, `${detector.name}.jsonl`), identity));
  }
  const verdicts = passes.reduce((sum, pass) => sum + pass.images.length * pass.judges.length, 0);
  const progress = startProgress({ total: verdicts, unit: "verdicts" });
  const work: Work = { logs, crop, table: new ScoreTable(), judgedNow: 0, progress };
  const stamps = new Map<string, string>();
  const pool = new DecodePool();
  try {
    for (const pass of passes) await runPass(pass, work, stamps, pool);
  } finally {
    for (const log of logs.values()) await log.flush();
    progress.stop();
    await pool.close();
  }
  return { table: work.table, verdicts, judgedNow: work.judgedNow };
}

/** Of all files that a detector consists of. */
function hashesOf(detector: ListedDetector): string {
  return weightsFiles(detector)
    .map(({ sha256 }) => sha256)
    .join(" ");
}

interface Work {
  readonly logs: ReadonlyMap<CropJudge, ScoreLog>;
  readonly crop: number;
  readonly table: ScoreTable;
  readonly progress: ReturnType<typeof startProgress>;
  judgedNow: number;
}

/** An image, and the detectors that have not judged it. */
interface Open {
  readonly image: ResultImage;
  readonly stamp: string;
  readonly judges: readonly CropJudge[];
}

async function runPass(
  { condition, images, judges }: ScorePass,
  work: Work,
  stamps: Map<string, string>,
  pool: DecodePool,
): Promise<void> {
  const open: Open[] = [];
  for (const image of images) {
    const stamp = stamps.get(image.file) ?? (await fileDigest(image.file));
    stamps.set(image.file, stamp);
    const left = judges.filter((judge) => !recall(judge, { condition, image, stamp }, work));
    if (left.length > 0) open.push({ image, stamp, judges: left });
  }
  const known =
    images.length * judges.length - open.reduce((sum, each) => sum + each.judges.length, 0);
  if (known > 0) {
    work.progress.note(`${nameOf(condition)}: ${plural(known, "verdict")} of an earlier run.`);
    work.progress.advance(known);
  }
  const files = open.map(({ image }) => image.file);
  for await (const decoded of pool.decode(files, { signal: interruption })) {
    if (!isDecoded(decoded)) throw decoded.error;
    const crops = await cropsOf(decoded.image, condition, work.crop);
    await judgeCrops(crops, open[decoded.index]!, condition, work);
  }
}

async function cropsOf(image: RgbImage, condition: Condition, side: number): Promise<RgbImage[]> {
  const seen =
    condition === "clean" ? image : await jpegRoundTrip(image, jpegCodec, { quality: condition });
  return cutCrops(seen, planCrops(seen, side, DEFAULT_CROPS));
}

async function judgeCrops(
  crops: readonly RgbImage[],
  { image, stamp, judges }: Open,
  condition: Condition,
  work: Work,
): Promise<void> {
  for (const judge of judges) {
    const logits = await untilInterrupted(judge.score(crops));
    const log = work.logs.get(judge);
    for (const [i, logit] of logits.entries()) {
      const square = { set: setOf(condition, i, logits.length), path: image.path, stamp, logit };
      await log?.add({ ...square, probability: 1 / (1 + Math.exp(-logit)), perturbation: null });
    }
    work.table.set(judge.detector.name, condition, image.path, logits);
    work.judgedNow += 1;
    work.progress.advance(1, nameOf(condition));
  }
}

/** Whether all squares of an image are in the log; then they are in the table, too. */
function recall(
  judge: CropJudge,
  { condition, image, stamp }: { condition: Condition; image: ResultImage; stamp: string },
  { logs, table }: Work,
): boolean {
  const log = logs.get(judge);
  const find = (square: number, squares: number) =>
    log?.find({ set: setOf(condition, square, squares), path: image.path, stamp }) ?? null;
  for (let count = 1; count <= DEFAULT_CROPS; count += 1) {
    if (find(0, count) === null) continue;
    const logits = Array.from({ length: count }, (_, i) => find(i, count)?.logit ?? Number.NaN);
    // The last ones may have been lost by a kill.
    if (logits.some(Number.isNaN)) return false;
    table.set(judge.detector.name, condition, image.path, logits);
    return true;
  }
  return false;
}

/** `jpeg-75 2/4`: the third of four squares. */
function setOf(condition: Condition, square: number, squares: number): string {
  return `${nameOf(condition)} ${square}/${squares}`;
}

/** `clean`, `jpeg-75` */
export function nameOf(condition: Condition): string {
  return condition === "clean" ? condition : `jpeg-${condition}`;
}
