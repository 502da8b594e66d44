import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { KNOWN_FAKES } from "@fauxgrad/detectors";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../test-cli.ts";
import { targetsOf } from "./measure-results.ts";
import { compareDocument, emptyDocument, fillDocument } from "./result-document.ts";
import { findResultImages, type ResultImages } from "./result-images.ts";
import { type Level, type LevelNumbers, levelNumbers } from "./result-numbers.ts";
import { type DetectorResults, resultBlocks } from "./result-tables.ts";
import { ScoreTable } from "./score-images.ts";

/** Logits of the two squares of each image: regions 0 and 1 of photo a, 0 of photo b. */
const LOGITS: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  real: [
    [-2, -1],
    [0.5, -0.25],
    [-1, 3],
  ],
  "gan-a": [
    [2, 1],
    [0.25, -0.75],
    [3, 1],
  ],
  "gan-b": [
    [-1, 0],
    [1, 2],
    [-3, 0.5],
  ],
  "control-x": [
    [-1, 1.5],
    [-2, -2],
    [1, 0.5],
  ],
};
const NAMES = ["a-0.png", "a-1.png", "b-0.png"];
const JUDGING = { name: "d", calibration: { scale: 2, shift: -0.5 }, threshold: 0.6 };

const images: ResultImages = {
  classes: [
    { name: "real", kind: "real" },
    { name: "gan-a", kind: "gan" },
    { name: "gan-b", kind: "gan" },
    { name: "control-x", kind: "control" },
  ],
  images: Object.keys(LOGITS).flatMap((className) =>
    NAMES.map((name) => {
      const file = `${className}/${name}`;
      return { file, path: file, className, photo: name.slice(0, 1) };
    }),
  ),
};

function numbersAt(level: Level, resamples: number | null = null): LevelNumbers {
  const scores = new ScoreTable();
  for (const [className, rows] of Object.entries(LOGITS)) {
    rows.forEach((row, i) => {
      scores.set("d", "clean", `${className}/${NAMES[i]}`, row);
    });
  }
  const resampling = resamples === null ? null : { seed: 1, resamples, confidence: 0.95 };
  const source = "gan-a";
  return levelNumbers(JUDGING, { images, scores, condition: "clean", level, source, resampling });
}

/** scikit-learn 1.2.1's accuracy_score, average_precision_score, roc_auc_score. */
const EXPECTED = {
  images: {
    gans: { "gan-a": [0.666666666667, 0.866666666667, 0.777777777778], "gan-b": [0.5, 0.7, 5 / 9] },
    hard: {
      "gan-a": [0.666666666667, 0.809523809524, 0.777777777778],
      "gan-b": [0.555555555556, 0.587301587302, 0.555555555556],
    },
    rates: { real: 1 / 3, "gan-a": 2 / 3, "gan-b": 1 / 3, "control-x": 1 / 3 },
  },
  squares: {
    gans: {
      "gan-a": [0.666666666667, 0.69126984127, 0.763888888889],
      "gan-b": [0.583333333333, 0.572222222222, 0.569444444444],
    },
    hard: {
      "gan-a": [0.611111111111, 0.551587301587, 0.756944444444],
      "gan-b": [0.555555555556, 0.401653439153, 0.555555555556],
    },
    rates: { real: 1 / 3, "gan-a": 2 / 3, "gan-b": 0.5, "control-x": 0.5 },
  },
} as const;

test.each(["images", "squares"] as const)("numbers over %s are scikit-learn's", (level) => {
  const numbers = numbersAt(level);
  for (const part of ["gans", "hard"] as const) {
    for (const [gan, expected] of Object.entries(EXPECTED[level][part])) {
      const found = numbers[part].get(gan);
      const values = [found?.accuracy, found?.averagePrecision, found?.rocAuc];
      values.forEach((each, i) => {
        expect(each?.value, `${part} ${gan}`).toBeCloseTo(expected[i]!, 11);
      });
    }
  }
  for (const [name, rate] of Object.entries(EXPECTED[level].rates)) {
    expect(numbers.rates.get(name)?.value, name).toBeCloseTo(rate, 11);
  }
  // The only GAN besides the source.
  expect(numbers.others).toEqual(numbers.gans.get("gan-b"));
});

test("intervals draw photographs whole, the same ones for all classes", () => {
  const { gans, rates } = numbersAt("images", 400);
  // Two photographs: both, or one of them twice. Photo b alone: its real image is called fake.
  expect(rates.get("real")).toMatchObject({ low: 0, high: 1 });
  // Photo a alone calls one of its two gan-a images fake.
  expect(rates.get("gan-a")).toMatchObject({ low: 0.5, high: 1 });
  expect(rates.get("gan-b")).toMatchObject({ low: 0, high: 0.5 });
  expect(numbersAt("images", 400).gans).toEqual(gans);
});

describe("images", () => {
  test("classes are ordered, kinds follow from names, photos from numbers of regions", async () => {
    await using work = await temporaryFolder();
    for (const name of ["control-x", "zoo", "real", "gan", "src"]) {
      await mkdir(path.join(work.path, "test", name), { recursive: true });
      for (const file of ["007-0.png", "007-1.png"]) {
        await writeFile(path.join(work.path, "test", name, file), "");
      }
    }
    const found = await findResultImages(work.path, "src");
    expect(found.classes).toEqual([
      { name: "real", kind: "real" },
      { name: "src", kind: "gan" },
      { name: "gan", kind: "gan" },
      { name: "zoo", kind: "gan" },
      { name: "control-x", kind: "control" },
    ]);
    expect(found.images).toHaveLength(10);
    expect(found.images[3]).toMatchObject({ path: "src/007-1.png", photo: "007" });
    await expect(findResultImages(work.path, "none")).rejects.toThrow(
      /test has no class none\n {2}found {2}control-x, gan, real, src, zoo\n/,
    );
    await writeFile(path.join(work.path, "test", "zoo", "008-0.png"), "");
    await expect(findResultImages(work.path, "src")).rejects.toThrow(
      /real and zoo do not have the same images, e\.g\. 008-0\nEvery fake needs its real twin/,
    );
  });

  test("a detector's facts say what it was transferred to", () => {
    const gans = ["src", "gan", "my-gan"];
    const of = (fakes: string) => targetsOf({ training: { [KNOWN_FAKES]: fakes } }, gans, "src");
    expect(of("src")).toEqual([]);
    expect(of("src, gan")).toEqual(["gan"]);
    expect(of("my-gan, gan, src, other")).toEqual(["gan", "my-gan"]);
    expect(targetsOf({ training: {} }, gans, "src")).toEqual([]);
  });
});

describe("the document", () => {
  const detector: DetectorResults = {
    ...{ name: "d", title: "D", targets: [], bytes: 12, threshold: 0.6 },
    networks: ["pggan", "resnet50"],
    kind: "tgd",
    ...{ images: numbersAt("images", 50), squares: numbersAt("squares") },
    jpeg: new Map([[75, numbersAt("images")]]),
  };
  const results = { source: "gan-a", classes: images.classes, detectors: [detector] };
  const blocks = resultBlocks(results);
  const written = fillDocument(emptyDocument(blocks, ["run"]), "r.md", blocks, { run: ["On D."] });

  test("has every table, and text around them stays", () => {
    expect(written).toContain("\n| squares | gan-a | gan-b | mean without gan-a |\n");
    expect(written).toContain(
      "| D | 66.7 / 69.1 / 76.4 | 58.3 / 57.2 / 56.9 | 58.3 / 57.2 / 56.9 |",
    );
    expect(written).toContain("| D, gan-a | 66.7 | 66.7 |");
    expect(written).toContain("<!-- results: run -->\n\nOn D.\n\n<!-- results: end -->");
    const edited = written.replace("# Results", "# Ours\n\nText.");
    expect(fillDocument(edited, "r.md", blocks, {})).toBe(edited);
    expect(compareDocument(edited, "r.md", blocks)).toEqual([]);
  });

  test("a digit, a row or a column that differs is told with its place", () => {
    const digit = written.replace("| D | 66.7 / 69.1", "| D | 66.8 / 69.1");
    expect(compareDocument(digit, "r.md", blocks)).toEqual([
      {
        place: "squares, D, gan-a",
        document: "66.8 / 69.1 / 76.4",
        computed: "66.7 / 69.1 / 76.4",
      },
    ]);
    const row = written.replace(/\| D, gan-a \|.*\n/, "");
    expect(compareDocument(row, "r.md", blocks).map(({ place }) => place)).toEqual([
      "jpeg-accuracy, D, gan-a, clean",
      "jpeg-accuracy, D, gan-a, jpeg-75",
    ]);
  });

  test("a mark that is missing is told", () => {
    expect(() => compareDocument("# Results\n", "r.md", blocks)).toThrow(
      "r.md has no place for detectors\nWrite these two lines where it belongs:\n" +
        "  <!-- results: detectors -->\n  <!-- results: end -->",
    );
  });
});
