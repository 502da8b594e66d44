import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../test-cli.ts";
import { estimateSteps } from "./estimate.ts";
import { WeightFiles } from "./find-weights.ts";
import { parseLGradExperiment } from "./lgrad-experiment.ts";
import { type LGradSources, planLGrad } from "./lgrad-plan.ts";
import { planText } from "./plan-text.ts";
import type { Step } from "./step.ts";

const row = (id: string, model: string | null, classes: string[], more = {}) => ({
  ...{ id, label: id.toUpperCase(), model, classes, ...more },
});

const experiment = parseLGradExperiment(
  "t.json",
  JSON.stringify({
    format: "fauxgrad-lgrad-experiment-1",
    title: "T",
    models: {
      random: { network: "pggan", randomInit: 3 },
      bedroom: { network: "stylegan", weights: ["Bedroom256.pth"], size: 256 },
    },
    training: {
      ...{ preset: "official", epochs: 10, batchSize: 16, learningRate: 5e-4, seed: 0 },
      weights: ["resnet50.pth"],
    },
    test: { folder: "test", columns: ["progan", "biggan"] },
    rows: [
      row("one", "bedroom", ["horse"]),
      row("two", "bedroom", ["horse", "car"]),
      row("few", "bedroom", ["horse"], { images: 2 }),
      row("many", "bedroom", ["horse"], { images: 4000 }),
      row("jpeg", "bedroom", ["horse"], {
        perturb: { mode: "jpeg", parameters: "intended", seed: 5 },
      }),
      row("plain", null, ["horse"]),
      row("cats", "random", ["cat"]),
    ],
  }),
);

let work: Awaited<ReturnType<typeof temporaryFolder>>;
const within = (...parts: string[]) => path.join(work.path, ...parts);

beforeAll(async () => {
  work = await temporaryFolder();
  for (const file of [
    ...["train/horse/0_real/a.png", "train/horse/1_fake/b.png", "train/car/0_real/c.png"],
    ...["train/car/1_fake/d.png", "val/horse/0_real/e.png", "test/progan/x/0_real/f.png"],
  ]) {
    await mkdir(path.dirname(within("data", file)), { recursive: true });
    await writeFile(within("data", file), "");
  }
  await mkdir(within("weights/below"), { recursive: true });
  await writeFile(within("weights/below/bedroom256.PTH"), "12345");
  await writeFile(within("r.pth"), "123");
});

afterAll(() => work[Symbol.asyncDispose]());

const KEYS = ["random", "bedroom", "classifier"];

async function plan(models: readonly string[], more: Partial<LGradSources> = {}) {
  const weights = await WeightFiles.open(models, KEYS);
  const sources = { data: within("data"), out: within("out"), weights, fromScratch: false };
  return planLGrad(experiment, { ...sources, ...more });
}

const idsOf = (steps: readonly Step[]) => steps.map(({ id }) => id);

test("rows share gradients and trainings; what is missing is named, row by row", async () => {
  const { steps, rows } = await plan([within("weights"), `classifier=${within("r.pth")}`]);
  expect(idsOf(steps)).toEqual([
    "gradients/bedroom/train/horse",
    "gradients/bedroom/val/horse",
    "trainings/bedroom/horse",
    "gradients/bedroom/test/progan",
    "evaluations/bedroom/horse/test",
    "gradients/bedroom/train/car",
    "trainings/bedroom/horse+car",
    "evaluations/bedroom/horse+car/test",
    "trainings/bedroom/horse-2",
    "evaluations/bedroom/horse-2/test",
    "evaluations/bedroom/horse/test-jpeg-intended-5",
    "trainings/images/horse",
    "evaluations/images/horse/test",
  ]);
  const known = new Set<string>();
  for (const { id, needs } of steps) {
    expect(
      needs.filter((need) => !known.has(need)),
      id,
    ).toEqual([]);
    known.add(id);
  }
  const noBiggan = `no images in test/biggan below ${within("data")}.`;
  expect(
    rows.map(({ id, step, missing, notices }) => [id, step !== null, missing, notices]),
  ).toEqual([
    ["one", true, [], [noBiggan]],
    ["two", true, [], [`no images in val/car, test/biggan below ${within("data")}.`]],
    ["few", true, [], [noBiggan]],
    ["many", false, ["2 training images, 4,000 images needed."], []],
    ...["jpeg", "plain"].map((id) => [id, true, [], [noBiggan]]),
    ["cats", false, [`no images in train/cat below ${within("data")}.`], []],
  ]);
});

test("steps are commands of the program", async () => {
  const { steps } = await plan([within("weights")], { fromScratch: true });
  const commandOf = async (id: string) => {
    const args = await steps.find((step) => step.id === id)!.command();
    return args.join(" ").replaceAll(`${work.path}/`, "");
  };
  expect(await commandOf("gradients/bedroom/train/horse")).toBe(
    "lgrad transform data/train/horse --out out/gradients/bedroom/train/horse --model stylegan " +
      "--weights weights/below/bedroom256.PTH --size 256 --resize bilinear --json",
  );
  expect(await commandOf("trainings/bedroom/horse-2")).toBe(
    "lgrad train out/gradients/bedroom --out out/trainings/bedroom/horse-2 --classes horse " +
      "--preset official --epochs 10 --batch-size 16 --lr 0.0005 --seed 0 --size 256 --crop 224 " +
      "--limit 2",
  );
  expect(await commandOf("evaluations/bedroom/horse/test")).toBe(
    "lgrad eval --data out/gradients/bedroom/test --generators progan --weights " +
      "out/trainings/bedroom/horse/model_epoch_last.safetensors " +
      "--out out/evaluations/bedroom/horse/test --json --gradients",
  );
  expect(await commandOf("evaluations/bedroom/horse/test-jpeg-intended-5")).toContain(
    "--data data/test --generators progan --weights " +
      "out/trainings/bedroom/horse/model_epoch_last.safetensors --out " +
      "out/evaluations/bedroom/horse/test-jpeg-intended-5 --json --no-gradients --model stylegan " +
      "--resize bilinear --model-weights weights/below/bedroom256.PTH --size 256 --perturb jpeg " +
      "--perturb-parameters intended --seed 5",
  );
  expect(await commandOf("evaluations/images/horse/test")).toMatch(
    /^lgrad eval --data data\/test .* --gradients --size 256$/,
  );
  await mkdir(within("out/trainings/bedroom/horse"), { recursive: true });
  await writeFile(within("out/trainings/bedroom/horse/run.json"), "{}");
  expect(await commandOf("trainings/bedroom/horse")).toBe(
    "lgrad train out/gradients/bedroom --out out/trainings/bedroom/horse --resume",
  );
});

test("gradient images of images that are gone are moved out of the training's way", async () => {
  const { steps } = await plan([within("weights")], { fromScratch: true, rows: ["one"] });
  const gradients = "out/gradients/bedroom/train/horse";
  for (const name of ["0_real/a.png", "0_real/gone.png", "1_fake/gone.png", "1_fake/.half.tmp"]) {
    const file = within(gradients, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, "");
  }
  await steps.find(({ id }) => id === "gradients/bedroom/train/horse")!.command();
  const left = await readdir(within(gradients), { recursive: true });
  expect(left.sort()).toEqual(["0_real", "0_real/a.png", "1_fake", "1_fake/.half.tmp"]);
  const aside = await readdir(within("out/removed/gradients/bedroom/train/horse"), {
    recursive: true,
  });
  expect(aside.sort()).toEqual(["0_real", "0_real/gone.png", "1_fake", "1_fake/gone.png"]);
});

test("without weights a row says which, and how to give them", async () => {
  const { steps, rows } = await plan([], { rows: ["one", "plain"] });
  expect(steps).toEqual([]);
  const classifier =
    "no weights of classifier: none of resnet50.pth in --models, nor classifier=FILE. " +
    "Or pass --from-scratch to begin at random.";
  expect(rows.map(({ missing }) => missing)).toEqual([
    ["no weights of bedroom: none of Bedroom256.pth in --models, nor bedroom=FILE.", classifier],
    [classifier],
  ]);
  await expect(WeightFiles.open(["bedrom=x"], KEYS)).rejects.toThrow(
    '--models bedrom=x: there is no model "bedrom"\n  known  random, bedroom, classifier\n' +
      "Did you mean bedroom?",
  );
  await expect(WeightFiles.open(["bedroom=x"], KEYS)).rejects.toThrow(
    "--models bedroom=x: there is no such file\nCorrect the path.",
  );
});

test("a step fails by what its command says, and tells what was left out", async () => {
  const { steps } = await plan([within("weights")], { fromScratch: true, rows: ["one"] });
  const [gradients, , training, , evaluation] = steps;
  const end = (code: number | null, output: object, lastLines: string[] = []) => ({
    ...{ code, signal: null, output: JSON.stringify(output), lastLines },
  });
  const well = { stopped: null, remaining: 0, failed: 2 };
  expect(await gradients!.conclude(end(1, well))).toEqual(["2 images could not be transformed"]);
  const words = ["2/4 images", "fauxgrad lgrad transform: the disk is full", "Make room."];
  expect(() => gradients!.conclude(end(1, { ...well, remaining: 3 }, words))).toThrow(
    "fauxgrad lgrad transform: the disk is full\nMake room. (exit status 1)",
  );
  expect(() => training!.conclude(end(1, {}))).toThrow("exit status 1");
  expect(await evaluation!.conclude(end(1, { generators: [], failures: [{}] }))).toEqual([
    "1 image could not be judged",
  ]);
  expect(() => evaluation!.conclude(end(1, {}))).toThrow("exit status 1");
});

test("what steps of a kind took is the estimate of the others; operations are, before", async () => {
  const made = await plan([within("weights")], { fromScratch: true, rows: ["one"] });
  const calibration = { device: "a device", gflops: 100 };
  const [first, ...rest] = estimateSteps(made, new Map(), calibration);
  // 2 images, forward and backward through 18.3 GMAC, at 60 of 100 GFLOP/s.
  expect(first?.seconds).toBeCloseTo((2 * 2 * 2 * 18.3) / 60, 9);
  expect(rest.every(({ isMeasured }) => !isMeasured)).toBe(true);
  const record = {
    ...({ version: 1, identity: {}, inputs: "", needs: {}, status: "done", pid: null } as const),
    ...{ seconds: 8, key: "gradient bedroom", count: 2, notices: [], error: null },
  };
  const done = new Map([[first!.step.id, record]]);
  const later = estimateSteps(made, done, calibration);
  expect(later[1]).toMatchObject({ isMeasured: true, seconds: 4, isDone: false });
  const text = planText({ plan: made, estimates: later, calibration });
  expect(text).toContain("4 steps to do, 1 done: about ");
  expect(text).toContain("Adapter: a device, 100 GFLOP/s in the calibration.\n");
  expect(text).toMatch(/gradients\/bedroom\/val\/horse +1 gradient +4\.0 s .* time as measured\n/);
  const blind = estimateSteps(made, new Map(), { device: "none", gflops: null });
  const unknown = planText({
    plan: made,
    estimates: blind,
    calibration: { device: "none", gflops: null },
  });
  expect(unknown).toContain("5 steps to do: a time that cannot be told, ");
});
