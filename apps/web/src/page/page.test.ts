import { writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { JudgementNumbers } from "@fauxgrad/detectors";
import { testBundle } from "@fauxgrad/detectors/test-bundle";
import { img8 } from "@fauxgrad/testing";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { runInBrowser, test } from "../../../../tools/browser/index.ts";
import { decodeImage } from "../../../cli/src/io/decode-image.ts";
import { runCli, temporaryFolder } from "../../../cli/src/test-cli.ts";

const { GPU } = process.env;
const SIDE = 64;
const raw = { raw: { width: SIDE, height: SIDE, channels: 3 } } as const;
const beside = (file: string) => fileURLToPath(new URL(file, import.meta.url));
/** Software adapters compile slowly: some seconds by themselves, minutes beside other work. */
const MOST_MS = 400_000;
const inPage = (name: string, browser: string) =>
  runInBrowser(testPage(name), { browser, files, timeoutMs: MOST_MS });
const testPage = (name: string) => beside(`../test-pages/${name}.ts`);

let work: Awaited<ReturnType<typeof temporaryFolder>>;
const within = (...parts: string[]) => path.join(work.path, ...parts);
/** What the pages may fetch. */
const files: Record<string, string> = { "/index.html": beside("./index.html") };

async function offer(name: string, bytes: Uint8Array): Promise<void> {
  await writeFile(within(name), bytes);
  files[`/${name}`] = within(name);
}

beforeAll(async () => {
  work = await temporaryFolder();
  for (const [name, bytes] of await testBundle()) {
    await writeFile(within(name), bytes);
    files[`/weights/${name}`] = within(name);
  }
  const photo = () => sharp(img8(SIDE, SIDE), raw);
  const png = await photo().png().toBuffer();
  await offer("photo.png", png);
  await offer("broken.png", new TextEncoder().encode("no picture"));
  await offer("cut.png", png.subarray(0, -20));
  const turned = photo().withIccProfile("p3").withMetadata({ orientation: 6 });
  await offer("turned.jpg", await turned.clone().jpeg({ quality: 80 }).toBuffer());
  await offer("turned.png", await turned.png().toBuffer());
});

afterAll(() => work[Symbol.asyncDispose]());

/** Pictures of every kind that browsers and the command line may read differently. */
async function pictures(): Promise<string[]> {
  const rgba = { raw: { width: SIDE, height: SIDE / 2, channels: 4 } } as const;
  const transparent = img8(SIDE, SIDE).subarray(0, SIDE * (SIDE / 2) * 4);
  const deep = Uint16Array.from(img8(SIDE, SIDE), (value, i) => 256 * value + (i % 256));
  const photo = () => sharp(img8(SIDE, SIDE), raw);
  await offer("alpha.png", await sharp(transparent, rgba).png().toBuffer());
  await offer(
    "alpha.webp",
    await sharp(transparent, rgba).webp({ lossless: true, exact: true }).toBuffer(),
  );
  await offer("deep.png", await sharp(deep, raw).toColourspace("rgb16").png().toBuffer());
  await offer("grey.png", await photo().greyscale().png().toBuffer());
  await offer("grey.jpg", await photo().greyscale().jpeg().toBuffer());
  await offer("lossy.webp", await photo().webp({ quality: 75 }).toBuffer());
  await offer("progressive.jpg", await photo().jpeg({ progressive: true }).toBuffer());
  await offer("full.jpg", await photo().jpeg({ chromaSubsampling: "4:4:4" }).toBuffer());
  return [
    ...["photo.png", "turned.png", "turned.jpg", "alpha.png", "alpha.webp", "deep.png", "grey.png"],
    ...["grey.jpg", "lossy.webp", "progressive.jpg", "full.jpg"],
  ];
}

test("reads the command line's pixels, whatever the browser does with colours and alpha", async ({
  browser,
}) => {
  const names = await pictures();
  await offer("names.json", new TextEncoder().encode(JSON.stringify(names)));
  type Read = Record<string, { width: number; height: number; data: number[] }>;
  const read = (await inPage("reads", browser)) as Read;
  const differences = await Promise.all(
    names.map(async (name) => {
      const { width, height, data } = await decodeImage(within(name));
      const found = read[name];
      expect([found?.width, found?.height], name).toEqual([width, height]);
      return [name, Math.max(...data.map((value, i) => Math.abs(value - found!.data[i]!)))];
    }),
  );
  expect(Object.fromEntries(differences)).toEqual(
    Object.fromEntries(names.map((name) => [name, 0])),
  );
});

describe.skipIf(GPU === "off")("beside the command line", { timeout: 2 * MOST_MS }, () => {
  test("judges with the same numbers, refuses what is no image", async ({ browser }) => {
    const shown = (await inPage("judges", browser)) as Shown;
    expect(shown).toMatchObject({ ready: "Ready: give it a picture.", isFailureShown: false });
    expect(shown.device).toMatch(/^Computed on .+ \(on the CPU/);
    expect(shown.notes).toBeGreaterThan(3);
    const [turned, cut, broken, photo] = shown.results;
    expect(photo?.detectors).toEqual(["LGrad", "T-GD"]);
    expect(photo?.pictures).toEqual([
      "photo.png: what was judged 64 x 64",
      "photo.png: LGrad: the gradient that its classifier sees 64 x 64",
      "photo.png: LGrad: what speaks for fake, red most, blue least 64 x 64",
      "photo.png: T-GD: what speaks for fake, red most, blue least 64 x 64",
    ]);
    expect(photo?.words).toBe(photo?.numbers?.words);
    expect(broken).toMatchObject({ name: "broken.png", verdict: "Not judged", numbers: null });
    expect(broken?.words).toMatch(/^the content is no image that can be decoded\.\nbytes {3}10, /);
    expect(cut?.words).toBe(
      "the PNG data ends early: the file is truncated.\n" +
        "Restore the file from its source, or leave it out.",
    );
    expect(shown.announced).toContain("cut.png: the PNG data ends early");
    const cli = await runCli([
      "detect",
      within("photo.png"),
      within("turned.jpg"),
      "--bundle",
      work.path,
      "--json",
    ]);
    expect(cli.code, cli.stderr).toBe(0);
    const { images } = JSON.parse(cli.stdout) as { images: JudgementNumbers[] };
    expectSame(photo?.numbers, images[0]);
    expectSame(turned?.numbers, images[1]);
  });
});

test("a lost device is said, and the page starts again", { timeout: MOST_MS }, async ({
  browser,
}) => {
  expect(await inPage("loses", browser)).toEqual({
    lost: expect.stringMatching(/^The GPU was lost: .+\nStart again\.$/s),
    ...{ devices: 2, isFailureShown: false, name: "photo.png", isJudged: true },
  });
});

test("without WebGPU the page says what to do", async ({ browser }) => {
  expect(await inPage("without-webgpu", browser)).toEqual({
    failure:
      "This browser has no WebGPU.\nUse Chrome or Edge from 113 on, Safari from 26 on, or " +
      "Firefox from 141 on; on Linux, Chrome may want the flag --enable-unsafe-webgpu.",
    ...{ role: "alert", state: "" },
  });
});

interface Shown {
  readonly ready: string;
  readonly announced: string;
  readonly device: string;
  readonly isFailureShown: boolean;
  readonly notes: number;
  readonly results: readonly {
    readonly name: string;
    readonly verdict: string;
    readonly words: string;
    readonly detectors: readonly string[];
    readonly pictures: readonly string[];
    readonly numbers: JudgementNumbers | null;
  }[];
}

/**
 * How far the logits of two adapters may lie apart, of logits of order one. T-GD: 50 layers of up to
 * 1152 terms round to √(50 · 1152) · 2⁻²⁴ ≈ 1.4e-5 of the activations, of which a logit is a small
 * difference: ten times that. LGrad: its gradient's rounding, some 5e-6 of the range, is 1e-3 levels
 * of 8 bits, so that 2 in 1000 bytes may turn to the next level; six bytes of a square's 3072, each
 * 1/255 of a standard deviation of 0.22, are √(6 / 3072) · 0.018 ≈ 8e-4 of the classifier's input.
 */
const TOLERANCE: Readonly<Record<string, number>> = { lgrad: 1e-3, tgd: 1.5e-4 };

function expectSame(
  page: JudgementNumbers | null | undefined,
  cli: JudgementNumbers | undefined,
): void {
  const { detectors = [], ...exact } = page ?? {};
  const { detectors: expected = [], ...same } = cli ?? {};
  // Words, verdict, squares, statistics: none of them comes from the device.
  expect({ ...exact, file: "" }).toEqual({ ...same, file: "" });
  expect(detectors.map(({ name, verdict }) => [name, verdict])).toEqual(
    expected.map(({ name, verdict }) => [name, verdict]),
  );
  expect(expected.map(({ name }) => name)).toEqual(["lgrad", "tgd"]);
  for (const [i, { name, logit, squares, probability }] of expected.entries()) {
    const close = (value: number) =>
      expect.toSatisfy(
        (found: number) => Math.abs(found - value) <= (TOLERANCE[name] ?? 0),
        `${value}, ${name}`,
      );
    expect(detectors[i]).toMatchObject({
      logit: close(logit),
      // σ(2 · logit − ½) is at most half as steep.
      probability: close(probability),
      squares: squares.map(close),
    });
  }
}
