import path from "node:path";
import { pathToFileURL } from "node:url";
import type { RgbImage } from "@fauxgrad/models/transforms";
import type { Gpu } from "@fauxgrad/tensor";
import type { Command } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { demoContactSheet } from "../demo/contact.ts";
import { type DemoSection, demoReport } from "../demo/page.ts";
import { drawPanels, type Panels } from "../demo/panels.ts";
import { demoPhotos } from "../demo/photos.ts";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { DecodePool, isDecoded } from "../io/decode-pool.ts";
import { writePng } from "../io/write-png.ts";
import { renderReport } from "../report/html.ts";
import { fileError } from "../session/files.ts";
import { findNetwork, loadTransformer, type NetworkOptions } from "../session/network.ts";
import { deviceLine, type GlobalOptions, openGpu } from "../session/open-gpu.ts";
import { setAction } from "../terminal/command.ts";
import { exitCodes } from "../terminal/errors.ts";
import { untilInterrupted } from "../terminal/interrupt.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { type Progress, startProgress } from "../terminal/progress.ts";
import { formatDuration } from "../terminal/units.ts";

interface DemoOptions extends GlobalOptions {
  readonly out: string;
  readonly json?: boolean;
}

interface DemoNetwork extends Omit<DemoSection, "panels"> {
  readonly model: string;
  readonly options: NetworkOptions;
}

const SEED = 1;

const NETWORKS: readonly DemoNetwork[] = [
  {
    model: "pggan",
    options: { randomInit: SEED },
    short: `ProGAN's discriminator, random weights (seed ${SEED})`,
    title: "ProGAN's discriminator with random weights",
    paragraphs: [
      "The paper's own control: the discriminator's architecture at 256 x 256, with weights drawn " +
        "from a normal distribution and never trained. Even so its gradient follows edges and " +
        "textures: which pixels reach the output, and through which signs, is decided by the " +
        "picture.",
    ],
  },
  {
    model: "inception_v3_nsfwjs",
    options: {},
    short: "Inception-V3 (nsfwjs), pretrained",
    title: "Inception-V3 (nsfwjs), pretrained",
    paragraphs: [
      "A real pretrained network: the Inception-V3 backbone that the npm package nsfwjs ships, " +
        "trained on a large collection of images. Only its features are used, the gradient is that " +
        "of their sum; the classes it was trained for play no part. Weights are 8-bit in the " +
        "package.",
    ],
  },
];

const PHOTOS = demoPhotos();

/** `fauxgrad demo` */
export function addDemo(program: Command): void {
  const command = program
    .command("demo")
    .summary("show gradients of real photographs, on one page")
    .description(
      "Transforms the photographs that come with the program, with a random-initialised ProGAN " +
        "discriminator and with a pretrained Inception-V3, and writes one HTML page and one " +
        "contact sheet. Two minutes on a software adapter, seconds on a GPU.",
    )
    .option("--out <dir>", "the folder to write into", "fauxgrad-demo")
    .option("--json", "print the result as JSON");
  setAction<DemoOptions>(command, (_, options) => demo(options));
}

async function demo(options: DemoOptions): Promise<number> {
  const began = performance.now();
  const { gpu, info, close } = await openGpu(options);
  const device = deviceLine(info);
  const total = NETWORKS.length * PHOTOS.length;
  note(`Transforming ${PHOTOS.length} photographs by ${NETWORKS.length} networks on ${device}`);
  const progress = startProgress({ total, unit: "gradients", intervalMs: 2000 });
  const sections: DemoSection[] = [];
  try {
    for (const network of NETWORKS) {
      sections.push({ ...network, panels: await untilInterrupted(run(gpu, network, progress)) });
    }
  } finally {
    progress.stop();
  }
  close();
  const ms = performance.now() - began;
  const files = await write(options.out, sections, device, ms);
  if (options.json === true) {
    printJson({ ...files, device, seconds: Math.round(ms) / 1000 });
  } else {
    print(`${total} gradients in ${formatDuration(ms)} on ${device}`);
    print(`  page           ${pathToFileURL(files.page).href}`);
    print(`  contact sheet  ${files.contactSheet}`);
  }
  return exitCodes.ok;
}

/** All photographs through one network. */
async function run(gpu: Gpu, network: DemoNetwork, progress: Progress): Promise<Panels[]> {
  const source = loadTransformer(gpu, await findNetwork(network.model, network.options));
  const panels: Panels[] = [];
  for (const [i, image] of (await decode(source.size)).entries()) {
    const start = performance.now();
    const [gradient] = await source.gradients([image]);
    const ms = performance.now() - start;
    panels.push(drawPanels(PHOTOS[i]!.title, image, gradient!, ms));
    progress.advance();
  }
  source.dispose();
  return panels;
}

async function decode(side: number): Promise<RgbImage[]> {
  await using pool = new DecodePool();
  const images: RgbImage[] = [];
  const files = PHOTOS.map(({ file }) => file);
  for await (const decoded of pool.decode(files, { size: { width: side, height: side } })) {
    if (!isDecoded(decoded)) throw decoded.error;
    images.push(decoded.image);
  }
  return images;
}

async function write(out: string, sections: readonly DemoSection[], device: string, ms: number) {
  const page = path.resolve(out, "index.html");
  const sheet = path.resolve(out, "contact-sheet.png");
  const footer = [
    `Made by fauxgrad ${manifest.version} (fauxgrad demo) in ${formatDuration(ms)}. The method: ` +
      "C. Tan et al., “Learning on Gradients: Generalized Artifacts Representation for " +
      "GAN-Generated Images Detection”, CVPR 2023. Inception-V3's weights: nsfwjs, © Infinite " +
      "Red, Inc., MIT licence.",
    "Photographs, reduced in size:",
    ...PHOTOS.map(({ credit }) => credit),
  ];
  try {
    await writeFileAtomic(page, renderReport(await demoReport(sections, device, footer)));
    await writePng(sheet, demoContactSheet(sections));
  } catch (cause) {
    throw fileError("write into", out, cause);
  }
  return { page, contactSheet: sheet };
}
