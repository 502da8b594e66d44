import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { readSafetensors } from "@fauxgrad/models/checkpoint";
import { readRecipe } from "@fauxgrad/tgd";
import { type MetricsRow, parseMetricsLog } from "@fauxgrad/training";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliRun, runCli, startCli, temporaryFolder } from "../test-cli.ts";
import { writeTinyGenerator } from "../tgd/tiny-images.ts";

const { GPU } = process.env;

let work: Awaited<ReturnType<typeof temporaryFolder>>;
const within = (...parts: string[]) => path.join(work.path, ...parts);
const read = (...parts: string[]) => readFile(within(...parts));

beforeAll(async () => {
  work = await temporaryFolder();
  const counts = { train: 12, val: 4, test: 4 };
  await writeTinyGenerator(within("checker"), "checkerboard", counts);
  await writeTinyGenerator(within("stripes"), "stripes", counts);
});

afterAll(() => work[Symbol.asyncDispose]());

/** Three steps an epoch, of a network of three stages. */
const SMALL = [
  ...["--batch-size", "8", "--size", "32", "--lr", "0.05", "--warmup", "none"],
  ...["--epochs", "2", "--seed", "3"],
];
const NETWORK = ["--set", "stages=3", "--set", "widthPercent=25", "--set", "standardizeSE=false"];

function pretrain(out: string, ...args: string[]): string[] {
  return ["tgd", "pretrain", "--out", within(out), ...args];
}

async function rowsOf(out: string): Promise<readonly MetricsRow[]> {
  return parseMetricsLog((await read(out, "metrics.jsonl")).toString("utf8")).rows;
}

/** Waits for something that a run writes; rejects if the run ends before. */
async function waitFor(run: CliRun, happened: () => Promise<boolean>): Promise<void> {
  let ended: string | null = null;
  void run.ended.then(({ stderr }) => {
    ended = stderr;
  });
  while (!(await happened())) {
    if (ended !== null) throw new Error(`ended too early:\n${ended}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const logHas = (out: string, text: string) => async () =>
  (await read(out, "metrics.jsonl").catch(() => "")).includes(text);

const LAST = "model_epoch_last.safetensors";

describe.skipIf(GPU === "off")("tgd, from pretraining to maps", () => {
  test("a pretraining that is killed and resumed ends with the bits of one that was not", async () => {
    const begin = [within("checker"), ...SMALL, ...NETWORK];
    const whole = await runCli(pretrain("source", ...begin, "--json"));
    expect(whole.code, whole.stderr).toBe(0);
    expect(JSON.parse(whole.stdout)).toMatchObject({ epochs: 2, steps: 6 });
    expect(whole.stderr).toContain("train: 12 real, 12 fake\nval: 4 real, 4 fake\n");

    const first = startCli(pretrain("parts", ...begin));
    await waitFor(first, logHas("parts", '"step":2'));
    first.kill("SIGINT");
    const stopped = await first.ended;
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(stopped.stderr).toContain(`To go on: fauxgrad tgd pretrain --out ${within("parts")}`);
    const second = startCli(pretrain("parts", "--resume"));
    await waitFor(second, logHas("parts", '"step":4'));
    second.kill("SIGKILL");
    expect((await second.ended).signal).toBe("SIGKILL");
    const third = await runCli(pretrain("parts", "--resume"));
    expect(third.code, third.stderr).toBe(0);
    expect(third.stderr).toMatch(/Going on from .*: 1 epoch finished, 3 steps done\./);
    for (const name of [LAST, "checkpoints/step-00000006.safetensors", "metrics.jsonl"]) {
      expect((await read("parts", name)).equals(await read("source", name)), name).toBe(true);
    }

    const { metadata } = readSafetensors(new Uint8Array(await read("source", LAST)));
    const recipe = readRecipe(JSON.parse(metadata.get("recipe") ?? ""));
    expect(recipe).toMatchObject({ stage: "pretrain", batchSize: 8, seed: 3 });
    expect(recipe.network.options).toMatchObject({ stages: "3", widthPercent: "25" });
    const again = await runCli(pretrain("source", "--resume", "--lr", "0.1"));
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("the training was begun already, with its options: --lr\n");
    const shorter = await runCli(pretrain("source", "--resume", "--epochs", "1"));
    expect(shorter.code).toBe(1);
    expect(shorter.stderr).toContain("--epochs 1: 6 steps of 3 are done already\nPass as many");
    const { recipe: kept } = JSON.parse((await read("source", "run.json")).toString("utf8"));
    expect(kept.duration).toEqual({ count: 2, unit: "epochs" });
  }, 600_000);

  test("a folder whose weights cannot be read is not begun: the next try is a first one", async () => {
    const wrong = await runCli(pretrain("retry", within("checker"), "--weights", "no.pth"));
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("no.pth");
    expect(await readdir(within("retry"))).not.toContain("run.json");
  }, 60_000);

  test("a transfer logs its penalties, validates on both, and keeps the best epoch", async () => {
    const made = await runCli([
      ...["tgd", "transfer", within("stripes"), "--source", within("source")],
      ...["--source-val", within("checker"), "--out", within("target"), ...SMALL],
      ...["--feedback", "2 steps", "--blur", "1", "--jpeg", "1"],
    ]);
    expect(made.code, made.stderr).toBe(0);
    expect(made.stderr).toContain("source val: 4 real, 4 fake\n");
    expect(made.stderr).toMatch(/transfer by tgd, sgd 0\.05, .*, s 1, feedback every 2 steps/);
    const rows = await rowsOf("target");
    const steps = rows.filter(({ kind }) => kind === "step");
    expect(steps).toHaveLength(6);
    const { values } = steps[0]!;
    // The teacher is the student's copy, but for what the student drops.
    expect(values["omegaSp"]).toBe(0);
    expect(values["gamma"]).toBeCloseTo(1 / (1 + Math.exp(values["teacherLoss"]!)), 6);
    for (const name of ["loss", "omegaFc", "fcNorm", "gradNorm", "learningRate"]) {
      expect(values[name], name).toBeGreaterThan(0);
    }
    const last = rows.at(-1)!.values;
    expect(Object.keys(last)).toEqual([
      ...["loss", "accuracy", "averagePrecision", "rocAuc"],
      ...["sourceLoss", "sourceAccuracy", "sourceAveragePrecision", "sourceRocAuc"],
    ]);
    const page = (await read("target", "report.html")).toString("utf8");
    for (const title of ["AUROC and accuracy", "Gamma", "Penalties", "Norms"]) {
      expect(page).toContain(`<title>${title}</title>`);
    }
    const best = "model_epoch_best.safetensors";
    const { metadata } = readSafetensors(new Uint8Array(await read("target", best)));
    const sums = rows.flatMap(({ kind, values: each }) =>
      kind === "validation" ? [each["rocAuc"]! + each["sourceRocAuc"]!] : [],
    );
    const found = sums.indexOf(Math.max(...sums)) + 1;
    expect(metadata.get("epoch")).toBe(String(found));
  }, 300_000);

  test("an evaluation tells what was forgotten, and goes on from its scores", async () => {
    const out = within("evaluated");
    const args = [
      ...["tgd", "eval", "--weights", within("target"), "--out", out, "--json"],
      ...["--data", `Checker=${within("checker")}`, "--data", `Stripes=${within("stripes")}`],
      ...["--source", "Checker", "--before", within("source", LAST), "--per-batch", "4"],
      ...["--calibrate", within("stripes"), "--save-calibration", "--bootstrap", "20"],
    ];
    const whole = await runCli(args);
    expect(whole.code, whole.stderr).toBe(0);
    const { sets, before, forgetting, calibration } = JSON.parse(whole.stdout);
    expect(sets.map(({ name }: { name: string }) => name)).toEqual(["Checker", "Stripes"]);
    expect(before).toHaveLength(2);
    const [checker] = sets;
    expect(forgetting).toEqual({
      ...{ source: "Checker", before: before[0].rocAuc, after: checker.rocAuc },
      forgotten: before[0].rocAuc - checker.rocAuc,
    });
    expect(checker).toMatchObject({ real: 4, fake: 4, batchMean: { batchSize: 4 } });
    expect(checker.intervals.rocAuc.value).toBe(checker.rocAuc);
    const { platt } = calibration;
    const saved = JSON.parse((await read("target", "calibration.json")).toString("utf8"));
    expect(saved).toMatchObject({ ...platt, images: 8 });
    expect((await readdir(out)).sort()).toEqual([
      ...["predictions.csv", "report.html", "results.csv", "results.json", "scores.jsonl"],
      "table.md",
    ]);
    const page = (await read("evaluated", "report.html")).toString("utf8");
    expect(page).toContain("Forgetting of Checker");
    expect(page).toContain("<title>Receiver operating characteristic</title>");

    const file = path.join(out, "scores.jsonl");
    const lines = (await readFile(file, "utf8")).split("\n");
    // As a kill leaves it.
    await writeFile(file, `${lines.slice(0, 6).join("\n")}\n${lines[6]?.slice(0, 30)}`);
    const results = await read("evaluated", "results.json");
    const resumed = await runCli(args);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain(`5 scores of an earlier run are in ${file}.`);
    expect((await read("evaluated", "results.json")).equals(results)).toBe(true);
  }, 300_000);

  test("detection is calibrated, and one bad file does not stop the others", async () => {
    const broken = within("broken.png");
    await writeFile(broken, "no picture");
    const image = within("stripes/test/1_fake/0.png");
    const args = ["tgd", "detect", image, broken, "--weights", within("target"), "--json"];
    const judged = await runCli(args);
    expect(judged.code).toBe(1);
    expect(judged.stderr).toMatch(/broken\.png: the content is no image/);
    const { threshold, images } = JSON.parse(judged.stdout);
    const saved = JSON.parse((await read("target", "calibration.json")).toString("utf8"));
    expect(threshold).toBe(saved.threshold);
    const [first, second] = images;
    const { margin, probability } = first;
    expect(probability).toBeCloseTo(1 / (1 + Math.exp(-(saved.scale * margin + saved.shift))), 12);
    expect(second).toMatchObject({ file: broken, verdict: null, margin: null });
    const others = within("stripes/test/0_real");
    const plain = await runCli([...args, others, "--no-calibration", "--batch-size", "3"]);
    const [alone] = JSON.parse(plain.stdout).images;
    expect(alone.margin).toBe(margin);
    expect(alone.probability).toBeCloseTo(1 / (1 + Math.exp(-margin)), 12);
  }, 120_000);

  test("maps of two models stand side by side", async () => {
    const out = within("maps");
    const made = await runCli([
      ...["tgd", "cam", within("stripes/test/1_fake"), "--weights", within("target")],
      ...["--before", within("source"), "--layer", "block1", "--class", "margin", "--out", out],
    ]);
    expect(made.code, made.stderr).toBe(0);
    expect((await readdir(path.join(out, "0"))).sort()).toEqual([
      ...["cam-before.png", "cam.png", "image.png"],
    ]);
    expect(await readdir(out)).toContain("sheet-1.png");
    const before = await read("maps", "0", "cam-before.png");
    expect(before.equals(await read("maps", "0", "cam.png"))).toBe(false);
    const wrong = await runCli([
      ...["tgd", "cam", within("stripes/test/1_fake"), "--weights", within("target")],
      ...["--layer", "block99", "--out", out],
    ]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('there is no layer "block99"');
  }, 120_000);

  test("a collapsed classifier is told with its numbers and the last good checkpoint", async () => {
    const made = await runCli([
      ...["tgd", "transfer", within("stripes"), "--source", within("source")],
      ...["--out", within("collapsed"), ...SMALL, "--lr", "0.00005", "--epochs", "16"],
      ...["--strength", "fixed:0,20000", "--preset", "script"],
    ]);
    expect(made.code, made.stderr).toBe(1);
    expect(made.stderr).toMatch(
      /the training has diverged: the classifier has collapsed: \d+ steps at a loss of ln 2/,
    );
    expect(made.stderr).toMatch(/\|w_fc\| +\S+, \S+ at the start/);
    expect(made.stderr).toMatch(/last good checkpoint {2}.*step-\d+\.safetensors/);
    const page = (await read("collapsed", "report.html")).toString("utf8");
    expect(page).toContain("the training has diverged");
  }, 300_000);
});

describe("the command line of tgd", () => {
  test("says what is missing or does not go together, and touches nothing", async () => {
    const checker = within("checker");
    const cases: [string[], string][] = [
      [["pretrain"], "there are no images\nName the folder that holds train and val."],
      [["pretrain", checker, "--tiny"], "--tiny makes its own images"],
      [["pretrain", checker, "--resume"], "holds no training\nLeave --resume out"],
      [["pretrain", checker, "--epochs", "1", "--steps", "2"], "two lengths of one run"],
      [["pretrain", checker, "--drop-rate", "2"], "Write a share from 0 to 1, such as 0.2."],
      [["pretrain", checker, "--network", "resnet50"], "Allowed choices are tgd_efficientnet_b0"],
      [["transfer", checker], "there is nothing to transfer\nPass --source RUN"],
      [["transfer", checker, "--feedback", "often"], 'Write "200 steps", "1 epochs", or none.'],
      [["transfer", checker, "--strength", "fixed:1"], "fixed:0.1,0.01."],
    ];
    for (const [[command = "", ...args], message] of cases) {
      const ran = await runCli(["tgd", command, ...args, "--out", within("none")]);
      expect(ran.code, ran.stderr).toBe(2);
      expect(ran.stderr).toContain(message);
    }
    expect(await readdir(work.path)).not.toContain("none");
  });
});
