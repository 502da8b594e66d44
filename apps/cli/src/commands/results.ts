import path from "node:path";
import { LIST_FILE, readDetectorList } from "@fauxgrad/detectors";
import { type Command, InvalidArgumentError } from "commander";
import { bundleReader, openDetectors } from "../detect/open-detectors.ts";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { type Measured, measureResults } from "../results/measure-results.ts";
import { compareDocument, emptyDocument, fillDocument } from "../results/result-document.ts";
import { findResultImages } from "../results/result-images.ts";
import type { Resampling } from "../results/result-numbers.ts";
import { type ResultBlock, resultBlocks } from "../results/result-tables.ts";
import { resultsJson } from "../results/results-json.ts";
import { fileError, readTextIfAny } from "../session/files.ts";
import type { GlobalOptions } from "../session/open-gpu.ts";
import { setAction } from "../terminal/command.ts";
import { exitCodes, FileError } from "../terminal/errors.ts";
import { note, print } from "../terminal/output.ts";
import { parseCount, parseSeed } from "../terminal/parse.ts";
import { formatCount, formatDuration, plural } from "../terminal/units.ts";

interface ResultsOptions extends GlobalOptions {
  readonly data: string;
  readonly out: string;
  readonly json?: string;
  readonly check?: boolean;
  readonly bundle?: string;
  readonly cache: string;
  readonly source: string;
  readonly jpeg: readonly number[];
  readonly resamples: number;
  readonly seed: number;
}

const DETAILS = `
DIR holds test/{real,GAN...,control-...}, images of one name being one region of one photograph.
Every detector of the bundle judges all of them; those that know the source alone judge them after
JPEG, too. Scores are kept in --cache, by the hashes of weights and images: Ctrl-C loses half a
second, and the same command goes on. FILE's text is kept; its tables, between the lines
<!-- results: NAME --> and <!-- results: end -->, are written anew. --check writes nothing: it lists
the cells that differ, and fails if there is one.

Examples:
  fauxgrad results --data sr-gan/
  fauxgrad results --data sr-gan/ --check
  fauxgrad results --data sr-gan/ --out my-results.md --json my-results.json --jpeg none`;

/** `fauxgrad results` */
export function addResults(program: Command): void {
  const command = program
    .command("results")
    .summary("recompute every number of docs/results.md from the shipped weights")
    .description("Measures the shipped detectors and baselines on a folder of test images.")
    .requiredOption("--data <dir>", "the folder that holds test")
    .option("--out <file>", "the document whose tables are written", "docs/results.md")
    .option("--json <file>", "write all numbers and intervals, too")
    .option("--check", "compare the document with the numbers instead of writing it")
    .option("--bundle <dir>", "detectors of another folder than the shipped one")
    .option("--cache <dir>", "where scores are kept", ".cache/results")
    .option("--source <class>", "the class that the detectors were trained on", "isr-gans")
    .option(
      "--jpeg <qualities>",
      "with commas between, or none",
      parseQualityList,
      [95, 85, 75, 65],
    )
    .option("--resamples <n>", "of the intervals", parseCount, 1000)
    .option("--seed <n>", "of the intervals", parseSeed, 0)
    .addHelpText("after", DETAILS);
  setAction<ResultsOptions>(command, results);
}

/** `95,85`, or `none` */
export function parseQualityList(text: string): number[] {
  if (text.trim() === "none") return [];
  const qualities = text.split(",").map(Number);
  if (qualities.every((each) => Number.isInteger(each) && each >= 1 && each <= 100)) {
    return qualities;
  }
  throw new InvalidArgumentError("Write whole numbers from 1 to 100, e.g. 95,75, or none.");
}

async function results(_: readonly string[], options: ResultsOptions): Promise<number> {
  const { data, out, check = false, json, resamples, seed } = options;
  const began = performance.now();
  // What can be refused early is: scoring takes long.
  const document = await readTextIfAny(out);
  if (check && document === null) {
    throw new FileError(`there is no ${out} to check\nLeave --check out to write it.`);
  }
  const resampling: Resampling = { seed, resamples, confidence: 0.95 };
  const { device, measured } = await measure(data, options, resampling);
  const blocks = resultBlocks(measured.results);
  if (json !== undefined) {
    const text = JSON.stringify(resultsJson(measured.results, { device, resampling }), null, 2);
    await write(json, `${text}\n`);
  }
  if (check && document !== null) return compare(document, out, blocks);
  const ms = performance.now() - began;
  const isKept = document !== null && measured.judgedNow === 0;
  // Where this run judged nothing, what is told of the last one stays.
  const remarks = isKept ? {} : { run: runLines(measured, device, ms, options) };
  const text = document ?? emptyDocument(blocks, ["run"]);
  await write(out, fillDocument(text, out, blocks, remarks));
  print(`${out}: ${plural(blocks.length, "table")} of ${plural(measured.verdicts, "verdict")}`);
  return exitCodes.ok;
}

async function measure(data: string, options: ResultsOptions, resampling: Resampling) {
  const { source, cache, bundle, jpeg, resamples, seed, json, out, check, ...rest } = options;
  const images = await findResultImages(data, source);
  const read = await bundleReader(bundle);
  const { detectors: listed } = readDetectorList(await read(LIST_FILE));
  const only = listed.map(({ name }) => name);
  const opened = await openDetectors({
    ...rest,
    only,
    ...(bundle === undefined ? {} : { bundle }),
  });
  const { detectors, device } = opened;
  note(opened.line);
  try {
    const measured = await measureResults({
      ...{ images, source, cache, device, resampling, qualities: jpeg },
      ...{ judges: detectors.judges, crop: detectors.list.crop },
    });
    return { device, measured };
  } finally {
    opened.close();
  }
}

/** How the numbers came about: not compared, as it is another each time. */
function runLines(
  { verdicts, judgedNow }: Measured,
  device: string,
  ms: number,
  { resamples, seed }: ResultsOptions,
): readonly string[] {
  const part = judgedNow === verdicts ? "" : `, the others in earlier runs`;
  return [
    `On ${device}: ${formatCount(judgedNow)} of ${formatCount(verdicts)} verdicts in ` +
      `${formatDuration(ms)}${part}. Intervals: ${formatCount(resamples)} resamples, seed ${seed}.`,
  ];
}

function compare(document: string, file: string, blocks: readonly ResultBlock[]): number {
  const differences = compareDocument(document, file, blocks);
  for (const { place, document: written, computed } of differences) {
    print(`${place}: the document has ${written ?? "nothing"}, computed ${computed ?? "nothing"}`);
  }
  const cells = blocks.reduce(
    (sum, { rows }) => sum + (rows.length - 1) * ((rows[0]?.length ?? 1) - 1),
    0,
  );
  if (differences.length === 0) {
    print(`${file}: all ${formatCount(cells)} cells are as computed`);
    return exitCodes.ok;
  }
  note(`${plural(differences.length, "cell")} of ${formatCount(cells)} differ.`);
  return exitCodes.failed;
}

async function write(file: string, text: string): Promise<void> {
  await writeFileAtomic(path.resolve(file), text).catch((cause: unknown) => {
    throw fileError("write", file, cause);
  });
}
