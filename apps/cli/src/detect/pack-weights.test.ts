import { mkdir } from "node:fs/promises";
import path from "node:path";
import { sha256Of } from "@fauxgrad/detectors";
import { createModel, type ModelOptions, ResNet } from "@fauxgrad/models";
import { fromFloat32, type HostTensor, readCheckpoint } from "@fauxgrad/models/checkpoint";
import type { Shape } from "@fauxgrad/tensor";
import { fillByName } from "@fauxgrad/testing";
import { recipePreset } from "@fauxgrad/tgd";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../test-cli.ts";
import { writeTensors } from "../test-networks.ts";
import { packDetector } from "./pack-weights.ts";
import type { ShipEntry } from "./ship-spec.ts";

const MODEL = "model_epoch_best.safetensors";
const TGD: ModelOptions = { stages: 2, widthPercent: 25 };

let work: Awaited<ReturnType<typeof temporaryFolder>>;
const within = (...parts: string[]) => path.join(work.path, ...parts);

beforeAll(async () => {
  work = await temporaryFolder();
  const write = async (
    run: string,
    shapes: ReadonlyMap<string, Shape>,
    told: readonly (readonly [string, string])[] = [],
  ): Promise<void> => {
    await mkdir(within(run));
    await writeTensors(within(run, MODEL), tensorsOf(shapes), new Map(told));
  };
  const options = { resolution: 32, fmapsBase: 256, fmapsMax: 8 };
  await write("d", createModel("pggan", { options }).network.expectedState(), [
    ...([
      ["model", "pggan"],
      ["epoch", "7"],
      ["averagePrecision", "0.875"],
    ] as const),
  ]);
  const resnet = new ResNet("resnet50", { numClasses: 1, widthMultiplier: 0.125 });
  await write("lgrad", resnet.expectedState(), [["epoch", "3"]]);
  const preset = recipePreset({ stage: "pretrain", preset: "paper" });
  const recipe = { ...preset, network: { ...preset.network, options: TGD } };
  const tgd = createModel("tgd_efficientnet_b0", { options: TGD }).network;
  await write("tgd", tgd.expectedState(), [["recipe", JSON.stringify(recipe)]]);
});

afterAll(() => work[Symbol.asyncDispose]());

function tensorsOf(shapes: ReadonlyMap<string, Shape>): Map<string, HostTensor> {
  return new Map(
    [...shapes].map(([key, shape]): [string, HostTensor] => {
      const size = shape.reduce((product, length) => product * length, 1);
      if (key.endsWith("num_batches_tracked")) {
        return [key, { dtype: "int64", shape, data: new BigInt64Array(1) }];
      }
      return [key, fromFloat32(fillByName(key, size), shape)];
    }),
  );
}

function entry(kind: ShipEntry["kind"], run: string, transformation?: string): ShipEntry {
  return {
    ...{ name: run, kind, title: "T", run: within(run), fakes: [], commands: [] },
    transformation: transformation === undefined ? null : within(transformation),
    ...({ calibration: "platt", card: "x.md" } as const),
  };
}

test("LGrad: both networks, kernels as float16, and what their files say", async () => {
  const { files, networks, facts } = await packDetector(entry("lgrad", "lgrad", "d"));
  expect([...files.keys()]).toEqual(["lgrad-transformation.safetensors", "lgrad.safetensors"]);
  if (networks.kind !== "lgrad") throw new Error("it is no LGrad");
  const { transformation, classifier } = networks;
  expect(transformation).toMatchObject({ network: "pggan", settings: {} });
  for (const { file, sha256, bytes } of [transformation, classifier]) {
    expect(await sha256Of(files.get(file)!)).toBe(sha256);
    expect(files.get(file)?.length).toBe(bytes);
  }
  const { tensors } = readCheckpoint(files.get("lgrad.safetensors")!);
  expect(tensors.get("conv1.weight")?.dtype).toBe("float16");
  expect(tensors.get("bn1.running_var")?.dtype).toBe("float32");
  expect(tensors.get("bn1.num_batches_tracked")?.dtype).toBe("int64");
  expect(facts).toEqual({
    ...{ transformation: "pggan", "transformation keptEpoch": 7 },
    ...{ "transformation kept averagePrecision": 0.875 },
    ...{ classifier: "resnet50", keptEpoch: 3 },
  });
});

test("T-GD: the recipe in the file tells network and input", async () => {
  const { networks, facts } = await packDetector(entry("tgd", "tgd"));
  expect(networks).toMatchObject({
    ...{ kind: "tgd", normalization: "imagenet" },
    classifier: { network: "tgd_efficientnet_b0", settings: TGD },
  });
  expect(facts).toMatchObject({ stage: "pretrain", method: "tgd", optimizer: "sgd" });
});

test("refuses a discriminator whose file names no network", async () => {
  await expect(packDetector(entry("lgrad", "lgrad", "tgd"))).rejects.toThrow(
    "is no discriminator that was trained here: its file names no model\n" +
      "Pass the folder of fauxgrad lgrad train-discriminator.",
  );
});
