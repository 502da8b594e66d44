import path from "node:path";
import { pathToFileURL } from "node:url";
import type { RgbImage } from "@fauxgrad/models/transforms";
import type { Command } from "commander";
import { type ExampleImage, exampleImages, exampleName } from "../demo/example-images.ts";
import { demoContactSheet, demoReport, type JudgedExample, tallyText } from "../demo/page.ts";
import {
  type DetectorsChoice,
  type OpenDetectors,
  openDetectors,
} from "../detect/open-detectors.ts";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { DecodePool, isDecoded } from "../io/decode-pool.ts";
import { writePng } from "../io/write-png.ts";
import { renderReport } from "../report/html.ts";
import { fileError } from "../session/files.ts";
import { setAction } from "../terminal/command.ts";
import { exitCodes } from "../terminal/errors.ts";
import { interruption, untilInterrupted } from "../terminal/interrupt.ts";
import { columns, note, print, printJson } from "../terminal/output.ts";
import { startProgress } from "../terminal/progress.ts";
import { formatDuration } from "../terminal/units.ts";

interface DemoOptions extends DetectorsChoice {
  readonly out: string;
  readonly json?: boolean;
}

/** `fauxgrad demo` */
export function addDemo(program: Command): void {
  const command = program
    .command("demo")
    .summary("judge the photographs and fakes that come with the program, on one page")
    .description(
      "Judges the photographs and the fakes that come with the program by the detectors that come " +
        "with it, and writes one HTML page and one contact sheet. A minute or two on two cores, " +
        "seconds on a GPU.",
    )
    .option("--out <dir>", "the folder to write into", "fauxgrad-demo")
    .option("--bundle <dir>", "detectors of another folder than the shipped one")
    .option("--json", "print the result as JSON");
  setAction<DemoOptions>(command, (_, options) => demo(options));
}

async function demo(options: DemoOptions): Promise<number> {
  const began = performance.now();
  const examples = await exampleImages();
  const images = await decode(examples);
  const opened = await openDetectors(options);
  note(opened.line);
  const judged = await judge(examples, images, opened);
  opened.close();
  const ms = performance.now() - began;
  const { device } = opened;
  const detectors = opened.detectors.judges.map(({ detector }) => detector);
  const files = await write(options.out, judged, () =>
    demoReport(judged, { detectors, device, ms }),
  );
  if (options.json === true) {
    const verdicts = judged.map(({ example, judgement }) => ({
      ...{ file: path.basename(example.file), kind: example.kind, verdict: judgement.verdict },
      probabilities: Object.fromEntries(
        judgement.detectors.map(({ name, probability }) => [name, probability]),
      ),
    }));
    printJson({ ...files, device, seconds: Math.round(ms) / 1000, images: verdicts });
    return exitCodes.ok;
  }
  const rows = judged.map(({ example, judgement }) => [
    judgement.verdict,
    ...judgement.detectors.map(({ probability }) => probability.toFixed(2)),
    exampleName(example),
  ]);
  print(
    columns([["verdict", ...detectors.map(({ title }) => title), "image"], ...rows]).join("\n"),
  );
  print(tallyText(judged));
  print(`${judged.length} images in ${formatDuration(ms)} on ${device}`);
  print(`  page           ${pathToFileURL(files.page).href}`);
  print(`  contact sheet  ${files.contactSheet}`);
  return exitCodes.ok;
}

async function decode(examples: readonly ExampleImage[]): Promise<RgbImage[]> {
  await using pool = new DecodePool();
  const images: RgbImage[] = [];
  for await (const decoded of pool.decode(examples.map(({ file }) => file))) {
    if (!isDecoded(decoded)) throw decoded.error;
    images.push(decoded.image);
  }
  return images;
}

async function judge(
  examples: readonly ExampleImage[],
  images: readonly RgbImage[],
  { detectors }: OpenDetectors,
): Promise<JudgedExample[]> {
  const progress = startProgress({ total: examples.length, unit: "images", intervalMs: 2000 });
  const judged: JudgedExample[] = [];
  try {
    for (const [i, example] of examples.entries()) {
      const work = detectors.detect(images[i]!, { explain: true, signal: interruption });
      judged.push({ example, judgement: await untilInterrupted(work) });
      progress.advance();
    }
  } finally {
    progress.stop();
  }
  return judged;
}

async function write(
  out: string,
  judged: readonly JudgedExample[],
  report: () => ReturnType<typeof demoReport>,
) {
  const page = path.resolve(out, "index.html");
  const sheet = path.resolve(out, "contact-sheet.png");
  try {
    await writeFileAtomic(page, renderReport(await report()));
    await writePng(sheet, demoContactSheet(judged));
  } catch (cause) {
    throw fileError("write into", out, cause);
  }
  return { page, contactSheet: sheet };
}
