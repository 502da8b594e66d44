import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../test-cli.ts";
import { checkRecords, runSteps } from "./run-steps.ts";
import type { Step, StepEnd, StepOutcome } from "./step.ts";
import { StepRecords } from "./step-records.ts";

const END: StepEnd = { code: 0, signal: null, output: "", lastLines: [] };

function stepOf(id: string, more: Partial<Step> = {}): Step {
  return {
    ...{ id, kind: "test", needs: [], folder: `/nowhere/${id}`, inputs: "files" },
    identity: { weights: "a.pth" },
    cost: { key: "test", unit: "image", count: 1, gflop: 1, bytes: 1 },
    command: () => Promise.resolve([id]),
    conclude: ({ code }) =>
      code === 0 ? Promise.resolve(["well"]) : Promise.reject(new Error(`code ${code}`)),
    ...more,
  };
}

/** Runs steps; `codes` are their exit codes where they are not 0. */
async function run(
  out: string,
  steps: readonly Step[],
  codes: Readonly<Record<string, number>> = {},
  controller = new AbortController(),
) {
  const executed: string[] = [];
  const ended: [string, StepOutcome["status"]][] = [];
  const outcomes = await runSteps(steps, {
    records: new StepRecords(out),
    signal: controller.signal,
    execute: async (step, [word = ""], onStart) => {
      await onStart(process.pid);
      executed.push(word);
      if (codes[step.id] === 130) controller.abort(new Error("stop"));
      return { ...END, code: codes[step.id] ?? 0 };
    },
    onBegin: () => undefined,
    onEnd: ({ id }, { status }) => ended.push([id, status]),
  });
  return { executed, ended, outcomes };
}

test("a failure takes with it what needs it and nothing else; the next run does what is left", async () => {
  await using out = await temporaryFolder();
  const steps = [
    stepOf("a"),
    stepOf("b"),
    stepOf("a/1", { needs: ["a"] }),
    stepOf("b/1", { needs: ["b"] }),
    stepOf("b/2", { needs: ["b/1"] }),
  ];
  const first = await run(out.path, steps, { b: 1 });
  expect(first.executed).toEqual(["a", "b", "a/1"]);
  expect(first.outcomes.get("b")).toEqual({ status: "failed", error: "code 1" });
  expect(first.outcomes.get("b/2")).toEqual({ status: "blocked", by: "b/1" });
  const second = await run(out.path, steps);
  expect(second.executed).toEqual(["b", "b/1", "b/2"]);
  expect(second.outcomes.get("a")).toMatchObject({ status: "done", notices: ["well"] });
  expect((await run(out.path, steps)).executed).toEqual([]);
});

test("other files to read mean that a step, and those that need it, are done again", async () => {
  await using out = await temporaryFolder();
  const steps = (inputs: string) => [
    stepOf("a", { inputs }),
    stepOf("b"),
    stepOf("c", { needs: ["a"] }),
  ];
  await run(out.path, steps("1"));
  expect((await run(out.path, steps("2"))).executed).toEqual(["a", "c"]);
});

test("an interruption ends the run with its reason, and the step is not done", async () => {
  await using out = await temporaryFolder();
  const steps = [stepOf("a"), stepOf("b")];
  await expect(run(out.path, steps, { a: 130 })).rejects.toThrow("stop");
  expect((await run(out.path, steps)).executed).toEqual(["a", "b"]);
});

test("what was begun otherwise, or is under way, is not touched", async () => {
  await using out = await temporaryFolder();
  const records = new StepRecords(out.path);
  await run(out.path, [stepOf("a")]);
  await checkRecords([stepOf("a")], records);
  const other = stepOf("a", { identity: { weights: "b.pth", seed: 1 } });
  await expect(checkRecords([other], records)).rejects.toThrow(
    "the output folder holds steps that were begun otherwise, or are under way\n" +
      "  a: weights  a.pth, now b.pth; seed  none, now 1\nChoose another --out, or",
  );
  const { executed } = await run(out.path, [stepOf("b")], { b: 3 });
  expect(executed).toEqual(["b"]);
  const record = (await records.read(stepOf("b")))!;
  await records.write(stepOf("b"), { ...record, status: "running", pid: process.pid });
  await expect(checkRecords([stepOf("b")], records)).rejects.toThrow(
    `  b: process ${process.pid} is at it\n`,
  );
  // A process that is gone is none.
  await records.write(stepOf("b"), { ...record, status: "running", pid: 4_194_305 });
  await checkRecords([stepOf("b")], records);
  // Somebody else began it after the check.
  await records.write(stepOf("b"), { ...record, status: "running", pid: process.pid });
  const late = await run(out.path, [stepOf("b"), stepOf("c")]);
  expect(late.executed).toEqual(["c"]);
  expect(late.outcomes.get("b")).toEqual({
    status: "failed",
    error: `process ${process.pid} is at it: wait, then run this again`,
  });
  await writeFile(path.join(out.path, "steps/b.json"), "{}");
  await expect(checkRecords([stepOf("b")], records)).rejects.toThrow(
    "b.json is no record of a step",
  );
});

test("what was made from a step that is made otherwise by now is not taken for its result", async () => {
  await using out = await temporaryFolder();
  const records = new StepRecords(out.path);
  const plan = (weights: string) => [
    stepOf("training", { identity: { weights } }),
    stepOf("other"),
    stepOf("evaluation", { needs: ["training"] }),
    stepOf("report", { needs: ["evaluation", "other"] }),
  ];
  await run(out.path, plan("a.pth"));
  expect((await run(out.path, plan("a.pth"))).executed).toEqual([]);
  // Its folder and record were removed, and it is trained anew by another recipe.
  await rm(path.join(out.path, "steps/training.json"));
  await expect(checkRecords(plan("b.pth"), records)).rejects.toThrow(
    "begun otherwise, or are under way\n  evaluation: it was made from another training\n" +
      "  report: it was made from another evaluation\nChoose",
  );
  await checkRecords(plan("a.pth"), records);
  expect((await run(out.path, plan("b.pth"))).executed).toEqual([
    ...["training", "evaluation", "report"],
  ]);
});

test("what another run has done meanwhile is not done again", async () => {
  await using out = await temporaryFolder();
  const inner = [stepOf("b")];
  const steps = [
    stepOf("a", {
      command: async () => {
        await run(out.path, inner);
        return ["a"];
      },
    }),
    ...inner,
  ];
  expect((await run(out.path, steps)).executed).toEqual(["a"]);
});

test("what only an unfinished step needs goes once it is done", async () => {
  await using out = await temporaryFolder();
  const folder = path.join(out.path, "training");
  await mkdir(path.join(folder, "checkpoints"), { recursive: true });
  await writeFile(path.join(folder, "model"), "");
  const step = stepOf("a", { folder, discard: ["checkpoints"] });
  await run(out.path, [step], { a: 1 });
  expect(await readdir(folder)).toEqual(["checkpoints", "model"]);
  await run(out.path, [step]);
  expect(await readdir(folder)).toEqual(["model"]);
});
