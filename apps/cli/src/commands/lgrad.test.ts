import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { fromFloat32, readSafetensors } from "@fauxgrad/models/checkpoint";
import { gradientToImage, normalize, type RgbImage, resize } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toChannelsFirst, toChannelsLast } from "../session/layout.ts";
import { runCli, startCli, temporaryFolder } from "../test-cli.ts";
import { blackPng } from "../test-images.ts";
import { writeTensors, writeTinyWeights } from "../test-networks.ts";

const { GPU } = process.env;
const PHOTOS = fileURLToPath(new URL("../../assets/photos/", import.meta.url));

let work: Awaited<ReturnType<typeof temporaryFolder>>;
let weights: string;

beforeAll(async () => {
  work = await temporaryFolder();
  weights = path.join(work.path, "pggan32.safetensors");
  await writeTinyWeights(weights, "pggan");
});

afterAll(() => work[Symbol.asyncDispose]());

/** The specification's test picture as a file; the name's ending decides about the format. */
async function writePicture(file: string, height = 40, width = 48): Promise<RgbImage> {
  await mkdir(path.dirname(file), { recursive: true });
  const data = img8(height, width);
  const picture = sharp(data, { raw: { width, height, channels: 3 } });
  const lower = file.toLowerCase();
  const encoded = lower.endsWith(".webp")
    ? picture.webp({ lossless: true })
    : lower.endsWith(".png")
      ? picture.png()
      : picture.jpeg();
  await writeFile(file, await encoded.toBuffer());
  return { width, height, data };
}

async function readPicture(file: string) {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

/** All files below a folder, as relative paths. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

function transform(...args: string[]) {
  return ["lgrad", "transform", ...args, "--model", "pggan"];
}

describe.skipIf(GPU === "off")("lgrad transform", () => {
  test("makes of each image the picture that the same network's gradient gives", async () => {
    const folder = path.join(work.path, "one");
    const picture = await writePicture(path.join(folder, "photo.png"));
    const out = path.join(folder, "out");
    const made = await runCli(
      transform(path.join(folder, "photo.png"), "--weights", weights, "--out", out, "--raw"),
    );
    expect(made.code, made.stderr).toBe(0);
    expect(made.stdout).toMatch(/^1 image transformed, in .* images\/s\), into .*out\n$/);
    expect(made.stderr).toMatch(/^pggan, 32 x 32, .* on .*\n1\/1 images {2}/);

    // The same by `run`, which the specification's vectors hold.
    const small = resize(picture, { width: 32, height: 32 });
    const input = toChannelsFirst(normalize(small, "half"), [1, 32, 32, 3]);
    const x = path.join(folder, "x.safetensors");
    const y = path.join(folder, "y.safetensors");
    await writeTensors(x, new Map([["input", fromFloat32(input, [1, 3, 32, 32])]]));
    const files = ["--weights", weights, "--input", x, "--output", y];
    const ran = await runCli(["run", "pggan", ...files, "--gradient"]);
    expect(ran.code, ran.stderr).toBe(0);
    const expected = await gradientIn(y);
    expect(await gradientIn(path.join(out, "photo.safetensors"))).toEqual(expected);

    const image = gradientToImage(toChannelsLast(expected, [1, 3, 32, 32]), small);
    const { channels, data, ...size } = await readPicture(path.join(out, "photo.png"));
    expect({ channels, ...size }).toEqual({ channels: 3, width: 32, height: 32 });
    expect(new Uint8Array(data)).toEqual(image.data);
    expect(Math.max(...data)).toBe(255);
  });

  test("goes through folders, skips what it cannot use, and says so", async () => {
    const folder = path.join(work.path, "many");
    const out = path.join(work.path, "many-out");
    await writePicture(path.join(folder, "good.png"));
    await writePicture(path.join(folder, "nested", "deep", "UPPER.JPG"));
    await writePicture(path.join(folder, "nested", "b.webp"));
    await writeFile(path.join(folder, "notes.txt"), "no image");
    const corrupt = path.join(folder, "corrupt.png");
    const whole = await readFile(path.join(folder, "good.png"));
    await writeFile(corrupt, whole.fill(0x5a, 60, 200));
    const truncated = path.join(folder, "truncated.jpg");
    const photo = await readFile(path.join(PHOTOS, "cat.jpg"));
    await writeFile(truncated, photo.subarray(0, photo.length / 2));
    await writeFile(path.join(folder, "wrong.bmp"), "GIF89a nothing more");
    const huge = path.join(folder, "huge.png");
    await writeFile(huge, blackPng(10_000, 10_000));

    const args = transform(folder, "--weights", weights, "--out", out);
    const first = await runCli([...args, "--batch-size", "2", "--json"]);
    expect(first.code, first.stderr).toBe(1);
    const report = JSON.parse(first.stdout);
    expect(report).toMatchObject({ model: "pggan", out, written: 3, skipped: 0, failed: 4 });
    expect(report).toMatchObject({ remaining: 0, stopped: null });
    const status = Object.fromEntries(
      report.images.map((image: { file: string; status: string }) => [
        path.relative(folder, image.file),
        image.status,
      ]),
    );
    expect(status).toEqual({
      "corrupt.png": "failed",
      "good.png": "written",
      "huge.png": "failed",
      [path.join("nested", "b.webp")]: "written",
      [path.join("nested", "deep", "UPPER.JPG")]: "written",
      "truncated.jpg": "failed",
      "wrong.bmp": "failed",
    });
    expect(first.stderr).toContain(
      `${huge}: the image has 100000000 pixels, more than the limit of 89478485\n` +
        "  size    10000 x 10000\n",
    );
    expect(first.stderr).toContain(`${truncated}: the JPEG data ends early: the file is truncated`);
    expect(first.stderr).toContain(`${corrupt}: the PNG data is corrupt`);
    const made = [
      "good.png",
      path.join("nested", "b.png"),
      path.join("nested", "deep", "UPPER.png"),
    ];
    expect(await filesIn(out)).toEqual(made);

    // Again: what exists is not done again, and what failed fails again.
    const before = await readFile(path.join(out, "good.png"));
    const second = await runCli(args);
    expect(second.code).toBe(1);
    expect(second.stdout).toBe(
      `0 images transformed, 3 skipped (their results exist), 4 failed, into ${out}\n`,
    );
    // One at a time gives the same bytes.
    const third = await runCli([...args, "--batch-size", "1", "--overwrite", "--json"]);
    expect(JSON.parse(third.stdout)).toMatchObject({ written: 3, skipped: 0, failed: 4 });
    expect(await readFile(path.join(out, "good.png"))).toEqual(before);
  });

  test("names files as the original script did, when asked", async () => {
    const folder = path.join(work.path, "official");
    const out = path.join(work.path, "official-out");
    await writePicture(path.join(folder, "0_real", "a.b.png"));
    const sizes = ["resolution=32", "fmapsBase=512", "fmapsMax=32"].flatMap((set) => [
      "--set",
      set,
    ]);
    const args = transform(folder, "--random-init", "7", ...sizes, "--out", out);
    const { code, stderr } = await runCli([...args, "--official-layout"]);
    expect(code, stderr).toBe(0);
    expect(await filesIn(out)).toEqual([path.join("0_real_grad", "a.png")]);
  });

  test("refuses to make two files one, before anything is done", async () => {
    const folder = path.join(work.path, "collision");
    const out = path.join(work.path, "collision-out");
    await writePicture(path.join(folder, "a.png"));
    await writePicture(path.join(folder, "a.jpg"));
    const { code, stdout, stderr } = await runCli(
      transform(folder, "--weights", weights, "--out", out),
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("fauxgrad lgrad transform: outputs: 1 file would be overwritten");
    expect(stderr).toContain(`both to ${path.join(out, "a.png")}`);
    expect(await filesIn(out)).toEqual([]);
  });

  test("stops at Ctrl-C with whole files only, and continues where it was", async () => {
    const folder = path.join(work.path, "interrupted");
    const out = path.join(work.path, "interrupted-out");
    const first = path.join(folder, "00.png");
    await writePicture(first);
    for (let i = 1; i < 40; i += 1) {
      await copyFile(first, path.join(folder, `${String(i).padStart(2, "0")}.png`));
    }
    const args = transform(folder, "--weights", weights, "--out", out, "--json");
    const run = startCli([...args, "--batch-size", "1"]);
    let early = false;
    void run.ended.then(() => {
      early = true;
    });
    while ((await filesIn(out)).length === 0 && !early) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    run.kill("SIGINT");
    const { code, signal, stdout, stderr } = await run.ended;
    expect({ code, signal }, stderr).toEqual({ code: 130, signal: null });
    expect(stderr).toContain("fauxgrad lgrad transform: interrupted by SIGINT\n");
    expect(stderr).toContain("Run the command again for the rest: what exists is skipped.\n");
    const report = JSON.parse(stdout);
    expect(report.stopped).toBe("interrupted");
    const made = await filesIn(out);
    expect(made.length).toBe(report.written);
    expect(made.length).toBeLessThan(40);
    for (const name of made) {
      expect(name).toMatch(/^\d\d\.png$/);
      expect(await readPicture(path.join(out, name))).toMatchObject({ width: 32, height: 32 });
    }
    const rest = await runCli(args);
    expect(JSON.parse(rest.stdout)).toMatchObject({
      written: 40 - made.length,
      skipped: made.length,
      failed: 0,
    });
  });

  test("what the device refuses ends the run, after what was done is told", async () => {
    const out = path.join(work.path, "short-out");
    const args = transform(path.join(PHOTOS, "cat.jpg"), "--weights", weights, "--out", out);
    const { code, stdout, stderr } = await runCli([...args, "--max-memory", "600kib", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      written: 0,
      remaining: 1,
      stopped: expect.stringContaining("would exceed the memory budget"),
      images: [{ status: "not reached" }],
    });
    expect(stderr).toMatch(/^fauxgrad lgrad transform: .* would exceed the memory budget$/m);
    expect(stderr).toContain("or raise --max-memory.\n");
    expect(await filesIn(out)).toEqual([]);
  });

  test("a gradient never depends on its neighbours", async () => {
    const photo = path.join(PHOTOS, "cat.jpg");
    const args = transform(photo, "--random-init", "1", "--out", path.join(work.path, "never"));
    const { code, stderr } = await runCli([...args, "--set", "minibatchStddev=batch"]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      "fauxgrad lgrad transform: images are transformed one by one: a gradient must not depend " +
        "on its neighbours\nLeave minibatchStddev out; fauxgrad run has --minibatch-stddev batch.\n",
    );
  });

  test("a network is never guessed", async () => {
    const out = path.join(work.path, "none");
    const photo = path.join(PHOTOS, "cat.jpg");
    const without = await runCli(transform(photo, "--out", out));
    expect(without.code).toBe(2);
    expect(without.stderr).toBe(
      "fauxgrad lgrad transform: pggan has no weights\n" +
        "Pass --weights FILE, or --random-init SEED for random ones.\n",
    );
    const both = ["--weights", weights, "--random-init", "1"];
    const twice = await runCli(transform(photo, "--out", out, ...both));
    expect(twice.code).toBe(2);
    expect(twice.stderr).toContain("option '--random-init <seed>' cannot be used with option");
    const unknown = ["--model", "ppgan", "--random-init", "1", "--out", out];
    const { code, stderr } = await runCli(["lgrad", "transform", photo, ...unknown]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^fauxgrad lgrad transform: there is no network "ppgan"/);
    expect(stderr).toContain("Did you mean pggan?");
  });
});

async function gradientIn(file: string): Promise<Float32Array<ArrayBuffer>> {
  const { tensors } = readSafetensors(new Uint8Array(await readFile(file)));
  const tensor = tensors.get("input_gradient");
  if (tensor?.dtype !== "float32") throw new Error(`${file} has no gradient`);
  return new Float32Array(tensor.data);
}
