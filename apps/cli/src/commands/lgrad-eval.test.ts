import { cp, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { img8 } from "@fauxgrad/testing";
import { measure } from "@fauxgrad/training";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeTestClassifier } from "../detection/test-classifier.ts";
import { runCli, temporaryFolder } from "../test-cli.ts";

const { GPU } = process.env;
const MODEL = [
  ...["--model", "pggan", "--random-init", "7", "--set", "resolution=32"],
  ...["--set", "fmapsBase=256", "--set", "fmapsMax=16"],
];
const SIDE = 64;

let work: Awaited<ReturnType<typeof temporaryFolder>>;
let classifier: string;

const within = (...parts: string[]) => path.join(work.path, ...parts);

beforeAll(async () => {
  work = await temporaryFolder();
  classifier = within("classifier.safetensors");
  await writeTestClassifier(classifier);
  for (const [i, folder] of [
    ...["test/progan/cat/0_real", "test/progan/cat/1_fake", "test/progan/car/1_fake"],
    ...["test/biggan/0_real", "test/biggan/1_fake"],
  ].entries()) {
    await mkdir(within("data", folder), { recursive: true });
    await writePicture(within("data", folder, "a.png"), i);
  }
});

afterAll(() => work[Symbol.asyncDispose]());

/** Another part of the specification's test picture for each number. */
async function writePicture(file: string, part: number): Promise<void> {
  const bytes = SIDE * SIDE * 3;
  const data = img8(SIDE * 8, SIDE).subarray(part * bytes, (part + 1) * bytes);
  await sharp(data, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .png()
    .toFile(file);
}

interface Row {
  readonly [name: string]: string;
}

async function readCsv(file: string): Promise<Row[]> {
  const [head = "", ...lines] = (await readFile(file, "utf8")).trimEnd().split("\n");
  const names = head.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ""]));
  });
}

function evaluate(...args: string[]) {
  return runCli(["lgrad", "eval", "--weights", classifier, ...args]);
}

describe.skipIf(GPU === "off")("lgrad eval", () => {
  test("measures a tree of images; a corrupt one is left out, missing generators noted", async () => {
    const data = within("data-corrupt");
    await cp(within("data"), data, { recursive: true });
    await writeFile(path.join(data, "test/biggan/1_fake/broken.png"), "no picture");
    const out = within("out");
    const row = ["--paper-row", "table3/stylegan-bedroom-4"];
    const made = await evaluate(...MODEL, "--data", data, "--out", out, ...row, "--bootstrap", "9");
    expect(made.code, made.stderr).toBe(1);
    expect(made.stderr).toContain(
      "Not there, and left out: stylegan, stylegan2, cyclegan, stargan, gaugan, deepfake.\n",
    );
    expect(made.stderr).toMatch(/broken\.png: the content is no image/);
    expect(made.stderr).toContain("1 file left out.\n");
    expect(made.stdout).toMatch(/\(0 progan {4}\) acc: .*\n\(1 biggan {4}\) .*\n\(2 Mean {6}\) /);
    expect((await readdir(out)).sort()).toEqual([
      ...["predictions.csv", "report.html", "results.csv", "results.json", "scores.jsonl"],
      "table.md",
    ]);

    const predictions = await readCsv(path.join(out, "predictions.csv"));
    expect(predictions.map((each) => each["path"])).toEqual([
      ...["test/progan/car/1_fake/a.png", "test/progan/cat/0_real/a.png"],
      ...["test/progan/cat/1_fake/a.png", "test/biggan/0_real/a.png"],
      "test/biggan/1_fake/a.png",
    ]);
    const logits = predictions.map((each) => Number(each["logit"]));
    expect(new Set(logits).size).toBe(5);
    const progan = measure([1, 0, 1], logits.slice(0, 3));
    const [first] = await readCsv(path.join(out, "results.csv"));
    expect(Number(first?.["accuracy"])).toBe(progan.accuracy);
    expect(Number(first?.["average_precision"])).toBe(progan.averagePrecision);
    const results = JSON.parse(await readFile(path.join(out, "results.json"), "utf8"));
    expect(results.generators[0].metrics).toEqual(progan);
    expect(results.paper.cells.progan).toEqual({ accuracy: 99.9, averagePrecision: 100 });
    expect(results.failures).toHaveLength(1);
    const { averagePrecision } = progan;
    expect(made.stdout).toContain(`ap: ${(100 * averagePrecision).toFixed(2)}\n(1 biggan`);
    expect(await readFile(path.join(out, "table.md"), "utf8")).toContain("| 99.9/100.0 |");
    const { meanIntervals, mean } = results;
    expect(meanIntervals.accuracy.value).toBe(mean.accuracy);
    const page = await readFile(path.join(out, "report.html"), "utf8");
    expect(page).toContain("<title>Receiver operating characteristic</title>");
    expect(page).toContain("<td>Mean</td>");
  });

  test("goes on from the scores that an earlier run left, and takes none of another's", async () => {
    const out = within("resumed");
    const args = [...MODEL, "--data", within("data"), "--out", out];
    const whole = await evaluate(...args);
    expect(whole.code, whole.stderr).toBe(0);
    const results = await readFile(path.join(out, "results.json"), "utf8");
    const file = path.join(out, "scores.jsonl");
    const lines = (await readFile(file, "utf8")).split("\n");
    // As a kill leaves it: two scores, and half of the third.
    await writeFile(file, `${lines.slice(0, 3).join("\n")}\n${lines[3]?.slice(0, 40)}`);
    const resumed = await evaluate(...args);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain(`2 scores of an earlier run are in ${file}.\n`);
    expect(await readFile(path.join(out, "results.json"), "utf8")).toBe(results);
    expect((await readFile(file, "utf8")).split("\n").sort()).toEqual([...lines].sort());
    // A score is taken, not computed again: here a false one shows it.
    await writeFile(file, lines.join("\n").replace(/"logit":[^,]+/, '"logit":3'));
    const taken = await evaluate(...args);
    expect(taken.stderr).toContain("5 scores of an earlier run");
    const [first] = await readCsv(path.join(out, "predictions.csv"));
    expect(first?.["logit"]).toBe("3");
    const other = await evaluate(...args, "--channel-order", "bgr");
    expect(other.stderr).toContain("held scores of other networks or options: they are replaced.");
    expect(other.stderr).not.toContain("of an earlier run");
  });

  test("gradient images that transform wrote get the logits of the images they were made of", async () => {
    const grads = within("grads");
    const made = await runCli(["lgrad", "transform", within("data"), "--out", grads, ...MODEL]);
    expect(made.code, made.stderr).toBe(0);
    for (const folder of ["0_real", "1_fake"]) {
      const below = path.join(grads, "test/biggan");
      await rename(path.join(below, folder), path.join(below, `${folder}_grad`));
    }
    const both = ["--generators", "biggan", "--scores", "logits"];
    const from = await evaluate("--data", grads, ...both, "--out", within("a"));
    expect(from.code, from.stderr).toBe(0);
    expect(from.stderr).toContain("gradient images; classifier of ");
    const real = within("data/test/biggan/0_real");
    const fake = within("data/test/biggan/1_fake");
    const sets = ["--real", real, "--fake", fake, "--calibrate", within("data")];
    const images = await evaluate(...MODEL, ...sets, "--out", within("b"), "--json");
    expect(images.code, images.stderr).toBe(0);
    const [a, b] = await Promise.all(
      ["a", "b"].map((name) => readCsv(within(name, "predictions.csv"))),
    );
    const logits = (rows: Row[] | undefined) => rows?.map((row) => Number(row["logit"]));
    expect(logits(a)).toHaveLength(2);
    expect(logits(a)).toEqual(logits(b));
    const { calibration, calibrated } = JSON.parse(images.stdout);
    expect(calibration.images).toBe(5);
    expect(calibrated.generators).toHaveLength(1);
  });

  test("a perturbed run says what was done to which image, by the seed", async () => {
    const args = [...MODEL, "--data", within("data"), "--generators", "progan", "--perturb"];
    const done = async (seed: string, out: string) => {
      const made = await evaluate(...args, "noise", "--seed", seed, "--out", within(out));
      expect(made.code, made.stderr).toBe(0);
      return readCsv(within(out, "predictions.csv"));
    };
    const first = await done("2", "p1");
    expect(await done("2", "p2")).toEqual(first);
    const plain = await readCsv(within("out", "predictions.csv"));
    for (const [i, row] of first.entries()) {
      expect(row["logit"] === plain[i]?.["logit"]).toBe(row["perturbation"] === "");
    }
    expect(first.some((row) => row["perturbation"]?.startsWith("noise sigma="))).toBe(true);
  });
});

test("says before anything is opened what does not go together", async () => {
  const data = within("data");
  await mkdir(within("g/biggan/0_real_grad"), { recursive: true });
  await writePicture(within("g/biggan/0_real_grad/a.png"), 0);
  const gradients = ["--data", within("g")];
  await mkdir(within("one/horse/0_real"), { recursive: true });
  await writePicture(within("one/horse/0_real/a.png"), 0);
  for (const [args, message] of [
    [["--data", data], "there is no transformation model, which makes the gradients\n"],
    [["--data", data, "--model", "pggan"], "pggan has no weights\nPass --model-weights FILE, or "],
    [[...gradients, ...MODEL], "the images are gradient images already\nLeave --model out;"],
    [[...gradients, "--perturb", "blur"], "--perturb blur is for images: these are gradient"],
    [
      ["--data", data, "--paper-row", "table3/stylegan-bedroom"],
      "Did you mean table5/stylegan-bedroom?\n",
    ],
    [["--data", data, ...MODEL, "--calibrate", within("one")], "one: all images are of one class"],
    [[...gradients, "--calibrate", data], "the test set holds gradient images, the validation set"],
    [["--real", data], "it is not clear which images to evaluate\n"],
  ] as const) {
    const { code, stderr } = await evaluate(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  }
});
