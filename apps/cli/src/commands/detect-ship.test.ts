import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { readDetectorList } from "@fauxgrad/detectors";
import { resize, rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { logisticTensors } from "@fauxgrad/training";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writePng } from "../io/write-png.ts";
import { runCli, temporaryFolder } from "../test-cli.ts";
import { writeTensors } from "../test-networks.ts";

const { GPU } = process.env;
const SIDE = 128;
const CLASSES = ["real", "gan"] as const;

let work: Awaited<ReturnType<typeof temporaryFolder>>;
const within = (...parts: string[]) => path.join(work.path, ...parts);

/** Fakes have more fine structure than real ones. */
async function writePictures(): Promise<void> {
  const size = { width: SIDE, height: SIDE };
  for (const split of ["train", "val"]) {
    for (const [c, name] of CLASSES.entries()) {
      await mkdir(within("data", split, name), { recursive: true });
      for (let i = 0; i < 3; i += 1) {
        const side = 16 << (2 * c);
        const data = img8(4 * SIDE, SIDE).subarray(i * 3000, i * 3000 + 3 * side * side);
        const picture = resize(rgbImage(side, side, data), size, "bicubic");
        await writePng(within("data", split, name, `00${i}-0.png`), picture);
      }
    }
  }
}

beforeAll(async () => {
  work = await temporaryFolder();
  await writePictures();
  await mkdir(within("runs"));
  const weight = Float64Array.from({ length: SIDE / 2 }, (_, i) => (i > 20 ? 0.05 : 0));
  const [mean, scale] = [new Float64Array(SIDE / 2), new Float64Array(SIDE / 2).fill(1)];
  const spectrum = logisticTensors({ mean, scale, weight, bias: 0 });
  await writeTensors(within("runs/spectrum.safetensors"), spectrum);
});

afterAll(() => work[Symbol.asyncDispose]());

function ship(spec: object, out: string, ...args: string[]) {
  const file = within("spec.json");
  return writeFile(file, JSON.stringify(spec)).then(() =>
    runCli(["ship-detectors", file, "--data", within("data"), "--out", out, ...args]),
  );
}

const spectrum = {
  ...{ name: "spectrum", kind: "spectrum", title: "Spectrum", fakes: ["gan"] },
  ...{ run: "runs/spectrum.safetensors", card: "baselines.md" },
};

describe.skipIf(GPU === "off")("ship-detectors", () => {
  test("packs trainings so that detect runs by them, twice the same", async () => {
    const spec = {
      defaults: ["spectrum"],
      known: CLASSES,
      detectors: [spectrum],
    };
    const made = await ship(spec, within("out"));
    expect(made.code, made.stderr).toBe(0);
    const bytes = await readFile(within("out/weights/detectors.json"));
    const list = readDetectorList(bytes);
    const [only] = list.detectors;
    expect(only?.training["validation auroc"]).toBe(1);
    expect(only?.training["validation images"]).toBe(12);
    expect(only?.calibration.scale).toBeGreaterThan(0);
    // Three images of two classes, each twice.
    expect(list.familiarity.images).toBe(12);
    expect(await readFile(within("out/cards/baselines.md"), "utf8")).toContain("`spectrum`");
    await ship(spec, within("again"));
    expect(await readFile(within("again/weights/detectors.json"))).toEqual(bytes);
    const kept = await ship(spec, within("again"), "--keep");
    expect(kept.stderr).not.toContain("calibrating");
    expect(await readFile(within("again/weights/detectors.json"))).toEqual(bytes);

    const fake = within("data/val/gan/001-0.png");
    const judged = await runCli(["detect", fake, "--bundle", within("out/weights"), "--json"]);
    expect(judged.code, judged.stderr).toBe(0);
    expect(JSON.parse(judged.stdout).images[0].verdict).toBe("fake");
  });

  test("refuses a detector that ranks the wrong way, and leaves nothing", async () => {
    const spec = { defaults: ["spectrum"], known: ["gan", "real"] };
    const out = within("wrong");
    const made = await ship({ ...spec, detectors: [{ ...spectrum, fakes: ["real"] }] }, out);
    expect(made.code).toBe(1);
    expect(made.stderr).toContain("spectrum: its logits are higher for real than for fake images");
    await expect(readdir(out)).rejects.toThrow("ENOENT");
  });
});
