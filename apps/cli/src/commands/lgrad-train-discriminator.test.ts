import { readFile } from "node:fs/promises";
import path from "node:path";
import { describeModel } from "@fauxgrad/models";
import { readSafetensors } from "@fauxgrad/models/checkpoint";
import { parseMetricsLog } from "@fauxgrad/training";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli, temporaryFolder } from "../test-cli.ts";

const { GPU } = process.env;

let work: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  work = await temporaryFolder();
});

afterAll(() => work[Symbol.asyncDispose]());

const within = (...parts: string[]) => path.join(work.path, ...parts);

function train(out: string, ...args: string[]) {
  return runCli(["lgrad", "train-discriminator", "--out", within(out), ...args]);
}

const tensorsOf = async (...parts: string[]) =>
  readSafetensors(new Uint8Array(await readFile(within(...parts))));

describe.skipIf(GPU === "off")("lgrad train-discriminator", () => {
  test("resumed after an epoch, ends with the bits of a whole run, for lgrad transform", async () => {
    const whole = await train("whole", "--tiny", "--json");
    expect(whole.code, whole.stderr).toBe(0);
    expect(whole.stderr).toContain(
      "pggan, channels 8 8 8 8, 5329 values, adam 0.001, batch 4 of 32",
    );
    const last = within("whole", "model_epoch_last.safetensors");
    expect(JSON.parse(whole.stdout)).toMatchObject({
      model: last,
      epochs: 2,
      steps: 4,
      best: { epoch: expect.any(Number), averagePrecision: expect.any(Number) },
    });

    expect((await train("part", "--tiny", "--epochs", "1")).code).toBe(0);
    const resumed = await train("part", "--resume", "--epochs", "2");
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toMatch(/Going on from .*: 1 epoch finished, 2 steps done\./);
    expect(await readFile(within("part", "model_epoch_last.safetensors"))).toEqual(
      await readFile(last),
    );
    const step4 = ["checkpoints", "step-00000004.safetensors"];
    expect((await tensorsOf("part", ...step4)).tensors).toEqual(
      (await tensorsOf("whole", ...step4)).tensors,
    );
    const rows = async (out: string) =>
      parseMetricsLog(await readFile(within(out, "metrics.jsonl"), "utf8")).rows;
    expect(await rows("part")).toEqual(await rows("whole"));
    expect((await rows("part")).map(({ kind }) => kind)).toEqual(
      [0, 1].flatMap(() => ["step", "step", "epoch", "validation"]),
    );

    const { tensors, metadata } = await tensorsOf("whole", "model_epoch_best.safetensors");
    const sizes = { resolution: 32, fmapsBase: 256, fmapsMax: 8 };
    const expected = describeModel("pggan").expectedKeys(sizes);
    expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual([...expected]);
    expect(metadata.get("format")).toBe("fauxgrad-discriminator-1");
    expect(metadata.get("model")).toBe("pggan");
    expect(await readFile(within("whole", "report.html"), "utf8")).toContain(
      "<h1>Training of a discriminator</h1>",
    );
    const images = within("whole", "images", "val");
    const weights = within("whole", "model_epoch_best.safetensors");
    const made = await runCli(
      ["lgrad", "transform", images, "--model", "pggan", "--weights", weights].concat([
        ...["--out", within("gradients"), "--json"],
      ]),
    );
    expect(made.code, made.stderr).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({ written: 4 });

    const told = await train("whole", "--resume", "--lr", "0.1", "--no-flip");
    expect(told.code).toBe(2);
    expect(told.stderr).toContain(
      "the training was begun already, with its options: --lr, --flip\n" +
        "Leave these out: --resume knows them. Or begin another in a folder of its own.",
    );
    const other = await runCli(["lgrad", "train", "--resume", "--out", within("whole")]);
    expect(other.stderr).toContain("describes no training of this command");
  });

  test("begins from weights, and leaves out images that are too small", async () => {
    const first = ["--tiny", "--epochs", "1"];
    expect((await train("first", ...first, "--model", "stylegan")).code).toBe(0);
    const weights = within("first", "model_epoch_last.safetensors");
    const second = await train(
      ...(["second", ...first, "--model", "stylegan", "--weights", weights] as const),
    );
    expect(second.code, second.stderr).toBe(0);
    const large = await train("large", "--tiny", "--set", "resolution=128");
    expect(large.code).toBe(1);
    expect(large.stderr).toContain("64 x 64 pixels, smaller than 128 x 128");
    expect(large.stderr).toContain("none of the 4 images of a batch can be read");
  });
});

test("what cannot be is said before a device is opened", async () => {
  const none = await train("none");
  expect(none.code).toBe(2);
  expect(none.stderr).toContain("there are no images\nName the folder that holds train and val.");
  const wrong = await train("none", "--tiny", "--set", "resolution=100");
  expect(wrong.stderr).toContain("pggan: resolution 100 is not a power of two from 8 to 1024");
  const resumed = await train("none", "--resume");
  expect(resumed.stderr).toContain("holds no training\nLeave --resume out to begin one.");
});
