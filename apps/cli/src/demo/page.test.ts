import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Judgement, type ListedDetector, planCrops } from "@fauxgrad/detectors";
import { rgbImage } from "@fauxgrad/models/transforms";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../io/decode-image.ts";
import { renderReport } from "../report/html.ts";
import { type ExampleImage, exampleImages, exampleName } from "./example-images.ts";
import { demoContactSheet, demoReport, type JudgedExample, tally, tallyText } from "./page.ts";

const picture = (value: number) => rgbImage(8, 6, new Uint8Array(8 * 6 * 3).fill(value));

function judged(kind: ExampleImage["kind"], title: string, ...fakes: boolean[]): JudgedExample {
  const example: ExampleImage = {
    ...{ file: "x.webp", title, kind, credit: `${title}: Nobody, CC0 1.0, nowhere` },
    generator: kind === "real" ? null : kind === "fake" ? "isr-gans" : "control-waifu2x",
  };
  const detectors = fakes.map((isFake, i) => ({
    ...({ name: `d${i}`, title: ["LGrad", "T-GD"][i]!, kind: "tgd", logit: 0 } as const),
    ...{ probability: isFake ? 0.75 : 0.25, threshold: 0.5, isFake, cropLogits: [0] },
    explanation: { gradient: i === 0 ? picture(1) : null, map: picture(2) },
  }));
  const judgement: Judgement = {
    ...{ width: 8, height: 6, seen: picture(0), detectors, unfamiliar: [], words: "Words." },
    plan: planCrops({ width: 8, height: 6 }, 8, 1),
    verdict: "undecided",
    statistics: { texture: 1, flatness: 0, colour: 1, fineness: 1, blocking: 1 },
  };
  return { example, judgement };
}

const examples = [
  judged("real", "A <cat>", false, false),
  judged("fake", "A dog", true, false),
  judged("control", "A house", true, true),
];
const detector: ListedDetector = {
  ...({ kind: "spectrum", name: "s", title: "S", card: "cards/s.md", threshold: 0.5 } as const),
  coefficients: { file: "s.safetensors", sha256: "", bytes: 1 },
  calibration: { method: "platt", scale: 1, shift: 0 },
  training: { "validation fakes": "isr-gans" },
};
const facts = { detectors: [detector], device: "a device", ms: 1500 };

test("counts what is right, without the control", () => {
  expect(tally(examples)).toEqual([
    { title: "LGrad", right: 2, of: 2 },
    { title: "T-GD", right: 1, of: 2 },
  ]);
  expect(tallyText(examples)).toBe(
    "Of these 2 photographs and fakes LGrad calls 2 what they are, T-GD 1.",
  );
});

test("the page shows every picture, each image under what it is, and what it is worth", async () => {
  const page = renderReport(await demoReport(examples, facts));
  expect(page.match(/<img /g)).toHaveLength(3 * 4);
  expect(page).toContain("Computed on a device in 1.5 s");
  expect(page).toContain("<h3>A &#60;cat&#62; (photograph)</h3>");
  expect(page).toContain("T-GD: real, probability of fake 0.25");
  expect(page).toContain("A house: Nobody, CC0 1.0, nowhere");
  expect(page).toContain(
    "and on what generators made of those: S knows isr-gans. Any other generator is new",
  );
  expect(page).toContain("No probability here is proof.");
  const order = ["Photographs</h2>", "(photograph)</h3>", "Made by GANs", "(isr-gans)</h3>"];
  const places = [...order, "A control</h2>", "(control: waifu2x)</h3>"].map((text) =>
    page.indexOf(text),
  );
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
});

test("the contact sheet has a row for each image", () => {
  const sheet = demoContactSheet(examples);
  const one = demoContactSheet(examples.slice(0, 1));
  // The image, a gradient and two maps.
  expect(sheet.width).toBe(4 * (8 + 10) + 10);
  expect(one.width).toBe(sheet.width);
  expect(sheet.height).toBeGreaterThan(one.height);
});

const FOLDER = new URL("../../../../examples/images/", import.meta.url);
const shipped = await exampleImages(FOLDER);

test("there are photographs, fakes of four generators, and a control", () => {
  const of = (kind: string) => shipped.filter((each) => each.kind === kind);
  expect(of("real").length).toBeGreaterThanOrEqual(4);
  expect(new Set(of("fake").map(({ generator }) => generator)).size).toBe(4);
  expect(of("control")).toHaveLength(1);
  expect(of("control").map(exampleName)[0]).toMatch(/\(control: waifu2x\)$/);
});

describe("the shipped images", () => {
  test.each(shipped.map((each) => [path.basename(each.file), each] as const))(
    "are there, and credited as their list says: %s",
    async (name, { file, credit }) => {
      const { width, height } = await decodeImage(file);
      expect([width, height]).toEqual([256, 256]);
      const readme = await readFile(new URL("README.md", FOLDER), "utf8");
      const [, title, author, licence, source] =
        /^(.*): (.*), (.*), (https:.*)$/.exec(credit) ?? [];
      expect(readme).toContain(`| \`${name}\` | ${title} | ${author} | ${licence} | <${source}> |`);
    },
  );
});
