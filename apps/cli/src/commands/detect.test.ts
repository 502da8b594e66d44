import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { testBundle } from "@fauxgrad/detectors/test-bundle";
import { rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "../io/decode-image.ts";
import { writePng } from "../io/write-png.ts";
import { runCli, temporaryFolder } from "../test-cli.ts";

const { GPU } = process.env;
const SIDE = 64;
const CMYK = fileURLToPath(new URL("../io/fixtures/cmyk.jpg", import.meta.url));

let work: Awaited<ReturnType<typeof temporaryFolder>>;
const within = (...parts: string[]) => path.join(work.path, ...parts);
const photo = rgbImage(SIDE, SIDE, img8(SIDE, SIDE));
const raw = { raw: { width: SIDE, height: SIDE, channels: 3 } } as const;

beforeAll(async () => {
  work = await temporaryFolder();
  await mkdir(within("bundle"));
  for (const [name, bytes] of await testBundle()) await writeFile(within("bundle", name), bytes);
  await mkdir(within("in/below"), { recursive: true });
  await writePng(within("in/a.png"), photo);
  await sharp(photo.data, raw).jpeg({ quality: 40 }).toFile(within("in/b.jpg"));
  const deep = Uint16Array.from(photo.data, (value) => 257 * value);
  await sharp(deep, raw).toColourspace("rgb16").png().toFile(within("in/below/deep.png"));
  await copyFile(CMYK, within("in/cmyk.jpg"));
  const drawing = sharp({ create: { ...raw.raw, background: "#2060c0" } });
  await drawing.png().toFile(within("in/drawing.png"));
  await writeFile(within("in/broken.png"), "no picture");
});

afterAll(() => work[Symbol.asyncDispose]());

function detect(...args: string[]) {
  return runCli(["detect", "--bundle", within("bundle"), ...args]);
}

interface PrintedImage {
  readonly file: string;
  readonly verdict: string | null;
  readonly words: string;
  readonly detectors: readonly { readonly name: string; readonly probability: number }[];
  readonly unfamiliar: readonly { readonly what: string }[];
  readonly error: string | null;
}

describe.skipIf(GPU === "off")("detect", () => {
  test("judges what is an image, in every form, and leaves out what is none", async () => {
    const outputs = ["--csv", within("out/v.csv"), "--html", within("out/v.html")];
    const made = await detect(within("in"), "--json", ...outputs, "--explain", within("maps"));
    expect(made.code, made.stderr).toBe(1);
    expect(made.stderr).toMatch(/broken\.png: the content is no image/);
    expect(made.stderr).toContain("1 file failed.\n");
    const { images } = JSON.parse(made.stdout) as { images: PrintedImage[] };
    const byName = new Map(images.map((image) => [path.basename(image.file), image]));
    expect([...byName.keys()]).toEqual([
      ...["a.png", "b.jpg", "deep.png", "broken.png", "cmyk.jpg", "drawing.png"],
    ]);
    const plain = byName.get("a.png")!;
    // 16 bits of which the upper eight are the same picture.
    expect(byName.get("deep.png")?.detectors).toEqual(plain.detectors);
    expect(byName.get("b.jpg")?.detectors).not.toEqual(plain.detectors);
    expect(byName.get("cmyk.jpg")?.detectors).toHaveLength(2);
    expect(byName.get("drawing.png")?.unfamiliar.map(({ what }) => what)).toEqual([
      ...["texture", "flatness", "fineness"],
    ]);
    expect(byName.get("drawing.png")?.words).toContain(
      "This image lies outside what the detectors know: it has hardly any texture; large parts " +
        "of it are of one colour, as in drawings and screenshots;",
    );
    expect(byName.get("broken.png")).toEqual({
      file: within("in/broken.png"),
      verdict: null,
      error: "the content is no image that can be decoded",
    });

    const [head = "", first = "", ...lines] = (await readFile(within("out/v.csv"), "utf8"))
      .trimEnd()
      .split("\n");
    expect(head).toBe(
      "file,verdict,lgrad probability,lgrad logit,lgrad verdict,tgd probability,tgd logit," +
        "tgd verdict,unfamiliar,width,height,squares,error",
    );
    expect(first.split(",").slice(0, 3)).toEqual([
      ...[within("in/a.png"), plain.verdict, String(plain.detectors[0]?.probability)],
    ]);
    expect(first.split(",").slice(-4)).toEqual(["64", "64", "4", ""]);
    expect(lines).toHaveLength(5);

    const page = await readFile(within("out/v.html"), "utf8");
    // The image, the gradient and two maps of five images.
    expect(page.match(/<img /g)).toHaveLength(20);
    expect(page).toContain("broken.png");
    expect(page).not.toContain("https:");
    expect((await readdir(within("maps/below/deep"))).sort()).toEqual([
      ...["lgrad-gradient.png", "lgrad-map.png", "seen.png", "tgd-map.png"],
    ]);
    expect(await decodeImage(within("maps/below/deep/seen.png"))).toEqual(photo);
  });

  test("prints a table, the words of a single image, and what is unfamiliar among several", async () => {
    const one = await detect(within("in/a.png"), "--only", "tgd");
    expect(one.code, one.stderr).toBe(0);
    expect(one.stdout).toMatch(
      /^verdict +T-GD +file\n(?:fake|real)(?: \?)? +0\.\d{4} +.*a\.png\n\nT-GD finds (?:no )?traces of a GAN\./,
    );
    const two = await detect(within("in/a.png"), within("in/drawing.png"), "--only", "tgd");
    expect(two.stdout).toMatch(
      /\n\? Outside what the detectors know; the verdict means little:\n(?: {2}.*a\.png: .*\n)? {2}.*drawing\.png: it has hardly any texture;/,
    );
  });

  test("names what is missing", async () => {
    const { code, stderr } = await runCli(["detect", within("in/a.png"), "--bundle", within("in")]);
    expect([code, stderr]).toEqual([
      1,
      `fauxgrad detect: ${within("in")} holds no detectors: there is no detectors.json\n` +
        "Pass a folder that fauxgrad ship-detectors wrote, or leave --bundle out.\n",
    ]);
    const other = await detect(within("in/a.png"), "--only", "lgrad,vit");
    expect([other.code, other.stderr]).toEqual([
      1,
      'fauxgrad detect: Detectors: there is no detector "vit"\n' +
        "  known  lgrad, tgd, plain-resnet50, spectrum\nChoose one of these.\n",
    ]);
    const nowhere = await detect(within("nowhere.png"));
    expect(nowhere.code).toBe(1);
    expect(nowhere.stdout).toContain("failed");
  });
});
