import { readFile, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { trainingPresets } from "@fauxgrad/lgrad";
import { CheckpointError, fromFloat32 } from "@fauxgrad/models/checkpoint";
import { expect, test } from "vitest";
import { temporaryFolder } from "../test-cli.ts";
import { Checkpoints, type SavedRun } from "./checkpoints.ts";
import { RunLog } from "./run-log.ts";
import { continueOptions, resolveOptions } from "./run-options.ts";

/** A run after `step` steps. */
function saved(step: number): SavedRun {
  const sampling = "shuffle" as const;
  const sampler = {
    step,
    images: 8,
    fingerprint: 1,
    batchSize: 4,
    seed: 0,
    sampling,
    dropLast: false,
  };
  return {
    tensors: new Map([["model.fc.bias", fromFloat32(Float32Array.of(step), [1])]]),
    progress: {
      sampler,
      recipe: trainingPresets.official,
      microBatch: 4,
      guard: { steps: step, warmupSum: 0.1, smoothed: 0.7 },
      totals: { images: 4, lossSum: 1 / 3, correct: 2 },
      epochsFinished: 0,
      optimizerGroups: [{ parameters: ["fc.bias"], options: { lr: 5e-4 } }],
    },
    files: "names",
    device: "device",
  };
}

test("the last two are kept; a damaged one gives way to the one before", async () => {
  await using out = await temporaryFolder();
  const checkpoints = new Checkpoints(out.path);
  expect(await checkpoints.read()).toBeNull();
  for (const step of [1, 2, 3]) await checkpoints.write(saved(step));
  const fileOf = (step: number) =>
    path.join(out.path, "checkpoints", `step-0000000${step}.safetensors`);
  expect(checkpoints.latest).toBe(fileOf(3));
  expect(await checkpoints.read()).toEqual({ file: fileOf(3), saved: saved(3), damaged: [] });
  await truncate(fileOf(3), 60);
  const before = { file: fileOf(2), saved: saved(2), damaged: [fileOf(3)] };
  expect(await new Checkpoints(out.path).read()).toEqual(before);
  await writeFile(fileOf(2), "nothing");
  await expect(checkpoints.read()).rejects.toThrow(CheckpointError);
});

test("the log of a resumed run knows what its checkpoint knows", async () => {
  await using out = await temporaryFolder();
  const log = await RunLog.open(out.path, 0, 0);
  const row = (kind: "step" | "epoch", step: number, epoch: number) =>
    ({ kind, step, epoch, values: { loss: 0.5 } }) as const;
  const rows = [row("step", 1, 0), row("step", 2, 0), row("epoch", 2, 0), row("step", 3, 1)];
  await log.add(...rows);
  await writeFile(log.file, `${await readFile(log.file, "utf8")}{"kind":"st`);
  expect((await RunLog.open(out.path, 2, 1)).rows).toEqual(rows.slice(0, 3));
  // Killed after the epoch's rows, before its checkpoint.
  expect((await RunLog.open(out.path, 2, 0)).rows).toEqual(rows.slice(0, 2));
  expect((await RunLog.open(out.path, 0, 0)).rows).toEqual([]);
  expect(await readFile(log.file, "utf8")).toBe("");
});

test("a training is resumed as it was begun, but for its length and the data's place", () => {
  const begun = resolveOptions({ preset: "paper", lr: 1e-3, tiny: true }, "runs/a", undefined);
  expect(begun.recipe).toMatchObject({
    preset: "paper",
    flip: false,
    learningRate: 1e-3,
    crop: 56,
  });
  expect(begun.transform).toMatchObject({ model: "pggan", randomInit: 1 });
  const longer = continueOptions(begun, { epochs: 5, preset: "paper" }, "elsewhere");
  expect(longer.recipe).toEqual({ ...begun.recipe, epochs: 5 });
  expect(longer.data).toBe(path.resolve("elsewhere"));
  expect(() => continueOptions(begun, { flip: true, classes: ["horse"] }, undefined)).toThrow(
    "the training was begun otherwise\n  classes       none, now horse\n" +
      "  flip          false, now true\nLeave these options out: --resume knows them. " +
      "Or begin another in a folder of its own.",
  );
  const same = { transformRandomInit: 1, transformSet: begun.transform?.set ?? {} };
  expect(continueOptions(begun, { ...same, cache: "runs/a/gradients" }, undefined)).toEqual(begun);
  const others = { transformWeights: "s.pth", transformSet: { resolution: "64" }, cache: "c" };
  expect(() => continueOptions(begun, others, undefined)).toThrow(
    `begun otherwise\n  transformWeights  none, now ${path.resolve("s.pth")}\n` +
      '  transformSet  {"resolution":"32","fmapsBase":"512","fmapsMax":"32"}, now {"resolution":"64"}\n' +
      `  cache         ${path.resolve("runs/a/gradients")}, now ${path.resolve("c")}\n`,
  );
});
