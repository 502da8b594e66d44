import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { resize, rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { sigmoid32 } from "@fauxgrad/training";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeTestClassifier } from "../detection/test-classifier.ts";
import { decodeImage } from "../io/decode-image.ts";
import { writePng } from "../io/write-png.ts";
import { runCli, temporaryFolder } from "../test-cli.ts";

const { GPU } = process.env;
const MODEL = [
  ...["--model", "pggan", "--random-init", "7", "--set", "resolution=32"],
  ...["--set", "fmapsBase=256", "--set", "fmapsMax=16"],
];

let work: Awaited<ReturnType<typeof temporaryFolder>>;
let classifier: string;
const photo = resize(rgbImage(7, 5, img8(5, 7)), { width: 64, height: 48 });
const within = (...parts: string[]) => path.join(work.path, ...parts);

beforeAll(async () => {
  work = await temporaryFolder();
  classifier = within("classifier.safetensors");
  await writeTestClassifier(classifier);
  await mkdir(within("in/below"), { recursive: true });
  await writePng(within("in/a.png"), photo);
  await writePng(within("in/below/b.png"), rgbImage(40, 64, img8(64, 40)));
  await writeFile(within("in/broken.png"), "no picture");
});

afterAll(() => work[Symbol.asyncDispose]());

function run(command: string, ...args: string[]) {
  return runCli(["lgrad", command, "--weights", classifier, ...MODEL, ...args]);
}

describe.skipIf(GPU === "off")("lgrad detect and cam", () => {
  test("judges files and folders, writes gradients and maps, and names what failed", async () => {
    const out = ["--gradients", within("g"), "--cams", within("c")];
    const found = await run("detect", within("in"), ...out, "--json");
    expect(found.code, found.stderr).toBe(1);
    expect(found.stderr).toMatch(/broken\.png: the content is no image/);
    const { threshold, images } = JSON.parse(found.stdout);
    expect(threshold).toBe(0.5);
    expect(images.map(({ file }: { file: string }) => path.relative(work.path, file))).toEqual([
      ...["in/a.png", "in/below/b.png", "in/broken.png"],
    ]);
    for (const { probability, logit, verdict } of images.slice(0, 2)) {
      expect(probability).toBe(sigmoid32([logit])[0]);
      expect(verdict).toBe(probability > 0.5 ? "fake" : "real");
    }
    expect(images[2]).toMatchObject({ probability: null, verdict: null });
    for (const folder of ["g", "c"]) {
      expect((await readdir(within(folder), { recursive: true })).sort()).toEqual([
        ...["a.png", "below", "below/b.png"],
      ]);
    }
    const gradient = await decodeImage(within("g/a.png"));
    expect([gradient.width, Math.max(...gradient.data)]).toEqual([32, 255]);

    // A threshold below the probability, tiles, the channels exchanged: other answers.
    const csv = await run(
      ...(["detect", within("in/a.png"), "--sizes", "tile", "--channel-order", "bgr"] as const),
      ...["--threshold", "0", "--csv"],
    );
    expect(csv.code, csv.stderr).toBe(0);
    const [head, line = ""] = csv.stdout.split("\n");
    expect(head).toBe("file,probability,logit,verdict,error");
    expect(line).toMatch(/a\.png,[\d.]+,-?[\d.]+,fake,$/);
    expect(Number(line.split(",")[2])).not.toBe(images[0].logit);
  });

  test("draws seven pictures of each image, and sheets of them", async () => {
    const out = within("maps");
    const made = await run(
      "cam",
      within("in"),
      "--out",
      out,
      "--class",
      "fake",
      "--sheet-rows",
      "1",
    );
    expect(made.code, made.stderr).toBe(1);
    expect(made.stdout).toBe(`maps of 2 images, 1 failed, into ${out}\n`);
    expect((await readdir(path.join(out, "a"))).sort()).toEqual([
      ...["blue.png", "cam-gradient.png", "cam-image.png", "gradient.png"],
      ...["green.png", "image.png", "red.png"],
    ]);
    expect(await decodeImage(path.join(out, "a/image.png"))).toEqual(
      resize(photo, { width: 32, height: 32 }),
    );
    expect((await readFile(path.join(out, "sheet-2.png"))).length).toBeGreaterThan(1000);
  });
});

test("says before anything is opened what does not go together", async () => {
  const image = within("in/a.png");
  for (const [command, args, message] of [
    ["detect", ["--csv", "--json"], "--csv and --json are two forms of one result\n"],
    ["detect", ["--cams", "x", "--sizes", "tile"], "--cams: tiles have no map in common\n"],
    ["detect", ["--cams", "x", "--gradients", "x"], "--gradients and --cams name one folder\n"],
    ["cam", ["--out", "x", "--sizes", "tile"], "tiles have no map in common\n"],
  ] as const) {
    const { code, stderr } = await run(command, image, ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  }
});
