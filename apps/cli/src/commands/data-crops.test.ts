import { readFile } from "node:fs/promises";
import path from "node:path";
import { crop } from "@fauxgrad/models/transforms";
import { jpegRoundTrip } from "@fauxgrad/training";
import sharp from "sharp";
import { expect, test } from "vitest";
import { drawQuality } from "../data/cut-crops.ts";
import { testPicture, toSharp, writeTree } from "../data/test-pictures.ts";
import { decodeImage } from "../io/decode-image.ts";
import { jpegCodec } from "../io/jpeg-codec.ts";
import { runCli, temporaryFolder } from "../test-cli.ts";

const SIDE = 32;

test("crops are the image's own pixels, through the JPEG that their place draws", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const [real, fake] = [testPicture(1), testPicture(2)];
  const png = (image: typeof real) => toSharp(image).png().toBuffer();
  await writeTree(cwd, {
    "src/train/real/7-0.png": await png(real),
    "src/train/gan/7-0.png": await png(fake),
    "src/train/gan/8-0.png": await png(testPicture(3, 31, 40)),
    "src/test/gan/9-0.png": await png(fake),
  });
  const args = ["data", "crops", "src", "--out", "out", "--size", `${SIDE}`, "--splits", "train"];
  const { code, stdout, stderr } = await runCli(
    [...args, "--jpeg-share", "0.5", "--jpeg-quality", "20:60", "--seed", "3"],
    { cwd },
  );
  // 96 x 80 pixels hold 3 x 2 crops; the small image is left out and named.
  expect(code).toBe(1);
  expect(stdout).toBe("12 crops of 3 images in out\n");
  expect(stderr).toContain("31 x 40 pixels hold no crop of 32 x 32");
  const manifest = JSON.parse(await readFile(path.join(cwd, "out/manifest.json"), "utf8"));
  expect(manifest).toMatchObject({ command: "fauxgrad data crops", size: SIDE, stride: SIDE });
  const jpeg = { share: 0.5, quality: [20, 60], seed: 3 } as const;
  const qualities = new Map<string, number | null>();
  for (const { file, left, top, quality } of manifest.files) {
    const name = path.basename(file, ".png");
    expect(name).toBe(`7-0-${top}-${left}`);
    expect(quality).toBe(drawQuality(jpeg, name));
    // One name, one quality: real or fake.
    expect(qualities.get(name) ?? quality).toBe(quality);
    qualities.set(name, quality);
    const source = file.startsWith("train/real/") ? real : fake;
    const cut = crop(source, { left, top, width: SIDE, height: SIDE });
    const expected = quality === null ? cut : await jpegRoundTrip(cut, jpegCodec, { quality });
    expect(await decodeImage(path.join(cwd, "out", file))).toEqual(expected);
  }
  expect([...qualities.values()]).toContain(null);
  expect([...qualities.values()].some((quality) => quality !== null)).toBe(true);
}, 60_000);

test("overlapping crops, and what cannot be", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await writeTree(cwd, { "src/real/1.png": await toSharp(testPicture(1)).png().toBuffer() });
  const run = (...args: string[]) =>
    runCli(["data", "crops", "src", "--real", "real", "--out", "out", ...args], { cwd });
  expect(await run("--size", "128")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("96 x 80 pixels hold no crop of 128 x 128"),
  });
  expect(await run("--splits", "val")).toMatchObject({
    code: 2,
    stderr:
      "fauxgrad data crops: --splits: val hold no image\n  src has  no split\nChoose some of these.\n",
  });
  expect(await run("--jpeg-quality", "90:80")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Write lowest:highest within 1 to 100, e.g. 70:95."),
  });
  expect((await run("--size", "64", "--stride", "16")).stdout).toBe("6 crops of 1 image in out\n");
}, 60_000);

test("images are shrunk and enlarged again before they are cut", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const picture = testPicture(4, 34, 33);
  await writeTree(cwd, { "src/train/real/1.png": await toSharp(picture).png().toBuffer() });
  const args = ["--real", "real", "--out", "out", "--size", "32", "--resample", "4"];
  const refused = await runCli(["data", "crops", "src", ...args.slice(0, -1), "40"], { cwd });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    "34 x 33 pixels hold no crop of 32 x 32 in whole multiples of 40, by --resample",
  );
  expect((await runCli(["data", "crops", "src", ...args], { cwd })).code).toBe(0);
  const written = await decodeImage(path.join(cwd, "out/train/real/1-0-0.png"));
  // Sharp's own pipeline on what divides by 4.
  const whole = toSharp(crop(picture, { left: 0, top: 0, width: 32, height: 32 }));
  const small = await whole.resize(8, 8, { kernel: "cubic" }).raw().toBuffer();
  const raw = { width: 8, height: 8, channels: 3 } as const;
  const large = sharp(small, { raw }).resize(32, 32, { kernel: "cubic" });
  expect(Buffer.from(written.data)).toEqual(await large.raw().toBuffer());
}, 60_000);
