import { MAX_HAMMING, type TreeOptions } from "@fauxgrad/training";
import { type Command, InvalidArgumentError } from "commander";
import { auditOf, leaks } from "../data/audit.ts";
import { auditPage } from "../data/audit-page.ts";
import { auditJson, auditLines } from "../data/audit-text.ts";
import { type Examined, examineFiles } from "../data/examine-files.ts";
import { addTreeOptions, findLabelledFiles, type LabelledFile } from "../data/labelled-files.ts";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { DecodePool } from "../io/decode-pool.ts";
import type { ImageError } from "../io/image-error.ts";
import { renderReport } from "../report/html.ts";
import { fileError } from "../session/files.ts";
import { setAction } from "../terminal/command.ts";
import { exitCodes } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { parseCount } from "../terminal/parse.ts";
import { startProgress } from "../terminal/progress.ts";
import { plural } from "../terminal/units.ts";

interface AuditOptions extends TreeOptions {
  readonly json?: boolean;
  readonly html?: string;
  readonly distance: number;
  readonly maxPixels?: number;
  readonly strict?: boolean;
}

const EXAMPLES = `
Examples:
  fauxgrad data audit dataset/
      Duplicates across splits; formats, sizes, compression: what alone gives the label away.
  fauxgrad data audit dataset/ --html audit.html --json > audit.json
  fauxgrad data audit dataset/ --strict
      For scripts: exit status 1 if there is a leak.

A detector trained on PNG fakes and JPEG photographs learns JPEG. The audit shows such differences
before the training does. Exit status 1 if a file is corrupt; it is listed and left out.`;

/** `fauxgrad data audit` */
export function addDataAudit(data: Command): void {
  const command = data
    .command("audit")
    .summary("duplicates, and what in the files gives the label away")
    .description("Examines a data set: counts, duplicates, differences between the classes.")
    .argument("<dir>", "a data set, in any layout");
  addTreeOptions(command)
    .option("--json", "print the result as JSON")
    .option("--html <file>", "write a page")
    .option("--distance <bits>", "most different bits of near-duplicates, 0 to 7", parseDistance, 6)
    .option("--max-pixels <n>", "refuse larger images", parseCount)
    .option("--strict", "exit status 1 if there is a leak")
    .addHelpText("after", EXAMPLES);
  setAction<AuditOptions>(command, audit);
}

async function audit([folder]: readonly string[], options: AuditOptions): Promise<number> {
  const found = await findLabelledFiles(folder!, options);
  const { examined, problems } = await examineAll(found.images, options);
  const result = auditOf(examined, {
    folder: folder!,
    notices: found.notices,
    distance: options.distance,
    problems: [...found.problems, ...problems],
  });
  if (options.html !== undefined)
    await writePage(options.html, renderReport(await auditPage(result)));
  if (options.json) {
    printJson(auditJson(result));
  } else {
    for (const notice of result.notices) note(notice);
    for (const line of auditLines(result)) print(line);
  }
  const bad = result.problems.length;
  if (bad > 0) note(`${plural(bad, "file")} left out.`);
  const refused = bad > 0 || (options.strict === true && leaks(result).length > 0);
  return refused ? exitCodes.failed : exitCodes.ok;
}

async function examineAll(
  images: readonly LabelledFile[],
  { maxPixels }: AuditOptions,
): Promise<{ examined: Examined[]; problems: ImageError[] }> {
  const examined: Examined[] = [];
  const problems: ImageError[] = [];
  const progress = startProgress({ total: images.length, unit: "images" });
  try {
    await using pool = new DecodePool();
    await examineFiles(images, {
      pool,
      signal: interruption,
      ...(maxPixels === undefined ? {} : { maxPixels }),
      onImage: (image) => {
        examined.push(image);
        progress.advance();
      },
      onProblem: (_, error) => {
        problems.push(error);
        progress.note(error.message);
        progress.advance();
      },
    });
  } finally {
    progress.stop();
  }
  return { examined, problems };
}

async function writePage(file: string, page: string): Promise<void> {
  try {
    await writeFileAtomic(file, page);
  } catch (cause) {
    throw fileError("write", file, cause);
  }
}

function parseDistance(text: string): number {
  const bits = Number(text);
  if (!/^\d$/.test(text.trim()) || bits > MAX_HAMMING) {
    throw new InvalidArgumentError(`Write a whole number from 0 to ${MAX_HAMMING}.`);
  }
  return bits;
}
