import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describeClassifier } from "@fauxgrad/lgrad";
import { fromFloat32, type HostTensor, readSafetensors } from "@fauxgrad/models/checkpoint";
import { parseMetricsLog } from "@fauxgrad/training";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliRun, runCli, startCli, temporaryFolder } from "../test-cli.ts";
import { writeTensors } from "../test-networks.ts";

const { GPU } = process.env;

let work: Awaited<ReturnType<typeof temporaryFolder>>;
let weights: string;

beforeAll(async () => {
  work = await temporaryFolder();
  weights = path.join(work.path, "classifier.safetensors");
  await writeWeights(weights);
});

afterAll(() => work[Symbol.asyncDispose]());

/** A classifier's first weights, of the right size and cheap to make: random ones take seconds. */
async function writeWeights(file: string): Promise<void> {
  const tensors = new Map<string, HostTensor>();
  for (const [name, shape] of describeClassifier().expectedState()) {
    if (name.endsWith("num_batches_tracked")) continue;
    const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
    const [outputs = 1, , height = 1, width = 1] = shape;
    const bound = Math.sqrt(6 / (outputs * height * width));
    for (let i = 0; i < values.length; i += 1) {
      values[i] = bound * ((Math.imul(i + 1, 2654435761) | 0) / 2 ** 31);
    }
    if (shape.length === 1) values.fill(/weight|var/.test(name) ? 1 : 0);
    tensors.set(name, fromFloat32(values, shape));
  }
  await writeTensors(file, tensors);
}

function train(out: string, ...args: string[]): string[] {
  return ["lgrad", "train", "--out", path.join(work.path, out), ...args];
}

const read = (...parts: string[]) => readFile(path.join(work.path, ...parts));

async function checkpointsOf(out: string): Promise<string[]> {
  const names = await readdir(path.join(work.path, out, "checkpoints")).catch(() => []);
  return names.filter((name) => name.endsWith(".safetensors")).sort();
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

async function logOf(out: string) {
  return parseMetricsLog((await read(out, "metrics.jsonl")).toString("utf8"));
}

/** Three steps an epoch, two epochs. */
const begin = () => ["--tiny", "--batch-size", "3", "--weights", weights];

describe.skipIf(GPU === "off")("lgrad train", () => {
  test("interrupted, killed and resumed, ends with the bits of an uninterrupted run", async () => {
    const whole = await runCli(train("whole", ...begin()));
    expect(whole.code, whole.stderr).toBe(0);
    expect(whole.stdout).toMatch(
      /^trained 2 epochs in .*, validation accuracy .* % \(best .* in epoch [12]\): .*\n$/,
    );
    expect(
      whole.stderr.match(/^\(Val @ epoch [12]\) acc: [01]\.\d{4}; ap: [01]\.\d{4}$/gm),
    ).toHaveLength(2);
    expect(await checkpointsOf("whole")).toEqual([
      "step-00000003.safetensors",
      "step-00000006.safetensors",
    ]);
    expect((await read("whole", "report.html")).toString("utf8").match(/<svg /g)).toHaveLength(3);

    const first = startCli(train("parts", ...begin()));
    await waitFor(first, async () =>
      (await read("parts", "metrics.jsonl").catch(() => "")).includes('"step":1'),
    );
    first.kill("SIGINT");
    const stopped = await first.ended;
    expect({ code: stopped.code, signal: stopped.signal }).toEqual({ code: 130, signal: null });
    expect(stopped.stderr).toContain("To go on: fauxgrad lgrad train --out ");
    const [saved = "", ...others] = await checkpointsOf("parts");
    expect(saved).toMatch(/^step-0000000[23]\.safetensors$/);
    expect(others).toEqual([]);

    const second = startCli(train("parts", "--resume"));
    await waitFor(second, async () =>
      (await read("parts", "metrics.jsonl")).includes('"step":4,"epoch":1'),
    );
    second.kill("SIGKILL");
    expect((await second.ended).signal).toBe("SIGKILL");
    // What a kill in the middle of a write leaves behind, by a process that is gone.
    const debris = path.join(
      work.path,
      "parts/checkpoints/.step-00000006.safetensors.4194305-1.tmp",
    );
    await writeFile(debris, "half");

    const third = await runCli(train("parts", "--resume", "--json"));
    expect(third.code, third.stderr).toBe(0);
    expect(third.stderr).toMatch(/Going on from .*step-00000003\.safetensors: 1 epoch finished/);
    const summary = JSON.parse(third.stdout);
    expect(summary).toMatchObject({ epochs: 2, steps: 6 });
    const { rows } = await logOf("parts");
    const accuracies = rows.flatMap(({ kind, values }) =>
      kind === "validation" ? [values["accuracy"] ?? Number.NaN] : [],
    );
    const highest = Math.max(...accuracies);
    expect(summary.best).toEqual({ epoch: 1 + accuracies.indexOf(highest), accuracy: highest });
    expect(await readdir(path.join(work.path, "parts/checkpoints"))).toHaveLength(2);

    const best = "model_epoch_best.safetensors";
    expect((await read("parts", best)).equals(await read("whole", best))).toBe(true);
    const model = "model_epoch_last.safetensors";
    expect((await read("parts", model)).equals(await read("whole", model))).toBe(true);
    const last = ["checkpoints", "step-00000006.safetensors"];
    const [ours, theirs] = [await read("parts", ...last), await read("whole", ...last)];
    expect(ours.equals(theirs)).toBe(true);
    expect(await logOf("parts")).toEqual(await logOf("whole"));
    const kinds = (await logOf("whole")).rows.map(({ kind }) => kind);
    const epoch = ["step", "step", "step", "epoch", "validation"];
    expect(kinds).toEqual([...epoch, ...epoch]);

    const { tensors } = readSafetensors(new Uint8Array(await read("whole", model)));
    expect(tensors.size).toBe(320);
    expect(tensors.get("fc.weight")?.shape).toEqual([1, 2048]);
    expect(tensors.get("bn1.num_batches_tracked")?.data).toEqual(BigInt64Array.of(6n));

    await refusals();
  }, 600_000);
});

/** What a folder that holds a training does not let through. */
async function refusals(): Promise<void> {
  const shorter = await runCli(train("whole", "--resume", "--epochs", "1"));
  expect(shorter.code).toBe(1);
  expect(shorter.stderr).toContain("--epochs 1: 2 epochs are finished already\nPass as many");
  // The training that is there was not touched, nor is a folder whose weights cannot be read begun.
  expect(JSON.parse((await read("whole", "run.json")).toString("utf8")).recipe.epochs).toBe(2);
  const noWeights = await runCli(train("bad", "--tiny", "--weights", "no.pth"));
  expect(noWeights.code).toBe(1);
  expect(await readdir(path.join(work.path, "bad"))).not.toContain("run.json");
  const again = await runCli(train("whole", "--tiny"));
  expect(again.code).toBe(2);
  expect(again.stderr).toContain("holds a training already\nAdd --resume to go on with it");
  const other = await runCli(train("whole", "--resume", "--lr", "0.1", "--seed", "4"));
  expect(other.code).toBe(2);
  expect(other.stderr).toContain(
    "the training was begun otherwise\n  lr            0.0005, now 0.1\n" +
      "  seed          0, now 4\nLeave these options out: --resume knows them.",
  );
}

describe("the command line of lgrad train", () => {
  test("says what is missing or does not go together, and touches nothing", async () => {
    const cases: [string[], string][] = [
      [[], "there are no images\nName the folder that holds train and val."],
      [["images", "--tiny"], "--tiny makes its own images"],
      [["--resume"], "holds no training\nLeave --resume out to begin one."],
      [["images", "--transform-random-init", "1"], "options of the transformation without one"],
      [["images", "--crop", "300"], "crops of 300 pixels from images of 256 cannot be"],
      [["images", "--transform", "stylegan"], "stylegan has no weights"],
      [["images", "--lr", "-1"], "Write a number above 0, such as 0.0005."],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await runCli(train("none", ...args));
      expect(code, stderr).toBe(2);
      expect(stderr).toContain(message);
    }
    expect(await readdir(work.path)).not.toContain("none");
  });
});
