import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { tgdPaperRow, tgdPaperRows } from "@fauxgrad/tgd";
import { expect, test } from "vitest";
import { temporaryFolder } from "../test-cli.ts";
import { parseTgdExperiment, readTgdExperiment } from "./tgd-experiment.ts";
import { planTgd } from "./tgd-plan.ts";
import { tinyTgdExperiment } from "./tgd-tiny.ts";

const FOLDER = fileURLToPath(new URL("../../../../experiments/tgd/", import.meta.url));
const FILES = ["ablations", "chain", "figure5", "table1", "table3", "table4"];

const fileOf = (name: string) => path.join(FOLDER, `${name}.json`);

test("the tables have every row of the paper, with its columns", async () => {
  expect((await readdir(FOLDER)).sort()).toEqual(FILES.map((name) => `${name}.json`));
  for (const table of [1, 3, 4]) {
    const { rows } = await readTgdExperiment(fileOf(`table${table}`));
    // General Transfer's zero-shot rows are those of T-GD's network.
    const printed = tgdPaperRows
      .filter((row) => row.table === table && !/general-b0\/\w+\/zero-shot/.test(row.id))
      .map(({ id }) => id);
    expect([...new Set(rows.map(({ paper }) => paper))].sort()).toEqual(printed.sort());
    for (const { paper, cells, id } of rows) {
      const row = tgdPaperRow(paper ?? "");
      expect([...cells.keys()].sort(), id).toEqual([...(row?.cells.keys() ?? [])].sort());
    }
  }
});

test("one key means one training in every file, so that tables share their steps", async () => {
  const known = new Map<string, unknown>();
  for (const name of FILES) {
    const { trainings } = await readTgdExperiment(fileOf(name));
    for (const [key, training] of trainings) {
      expect(known.get(key) ?? training, `${name}: ${key}`).toEqual(training);
      known.set(key, training);
    }
  }
});

async function imagesIn(root: string, ...folders: string[]): Promise<void> {
  for (const folder of folders) {
    for (const label of ["0", "1"]) {
      await mkdir(path.join(root, folder, label), { recursive: true });
      await writeFile(path.join(root, folder, label, "a.png"), "");
    }
  }
}

test("a plan has each training before what needs it, and names what is missing", async () => {
  await using root = await temporaryFolder();
  await imagesIn(root.path, "StarGAN_128/train", "StarGAN_128/val", "StarGAN_128/test");
  await imagesIn(root.path, "PGGAN_128/train", "PGGAN_128/validation", "PGGAN_128/test");
  await imagesIn(root.path, "transfer/PGGAN");
  const experiment = await readTgdExperiment(fileOf("table4"));
  const out = path.join(root.path, "out");
  const { steps, rows } = await planTgd(experiment, { data: root.path, out });
  expect(steps.map(({ id }) => id)).toEqual([
    ...["trainings/b0-stargan", "trainings/b0-stargan-pggan"],
    ...["evaluations/b0-stargan-pggan/StarGAN", "evaluations/b0-stargan-pggan/PGGAN"],
    "trainings/b0-stargan-pggan-without-self-training",
    "evaluations/b0-stargan-pggan-without-self-training/StarGAN",
    "evaluations/b0-stargan-pggan-without-self-training/PGGAN",
  ]);
  expect(rows.slice(2).map(({ missing }) => missing)).toEqual(
    Array(2).fill([
      `no images in transfer/StyleGAN2 below ${root.path}. Make it: fauxgrad data sample draws ` +
        "few images of a split.",
    ]),
  );
  const transfer = steps[1]!;
  expect(transfer.needs).toEqual(["trainings/b0-stargan"]);
  expect(transfer.cost.count).toBe(1000 * 200);
  const within = (...parts: string[]) => path.join(root.path, ...parts);
  const args = await transfer.command();
  expect(args.slice(0, 3)).toEqual(["tgd", "transfer", within("transfer/PGGAN")]);
  const after = (flag: string) => args[args.indexOf(flag) + 1];
  expect(after("--source")).toBe(within("out/trainings/b0-stargan"));
  expect(after("--target-val")).toBe(within("PGGAN_128"));
  expect(after("--source-val")).toBe(within("StarGAN_128"));
  expect(after("--method")).toBe("tgd");
  const fixed = await steps[4]!.command();
  const recipe = await readFile(fixed[fixed.indexOf("--recipe") + 1]!, "utf8");
  expect(JSON.parse(recipe)).toMatchObject({ "regularization.alpha": 0.1 });
});

test("a training is made again for other images that it reads, not for test images", async () => {
  await using root = await temporaryFolder();
  await imagesIn(root.path, "StarGAN_128/train", "StarGAN_128/val", "StarGAN_128/test");
  await imagesIn(root.path, "PGGAN_128/train", "PGGAN_128/validation", "PGGAN_128/test");
  await imagesIn(root.path, "transfer/PGGAN");
  const experiment = await readTgdExperiment(fileOf("table4"));
  const out = path.join(root.path, "out");
  const planned = async () => (await planTgd(experiment, { data: root.path, out })).steps;
  const changedBy = async (added: string) => {
    const before = (await planned()).map(({ inputs }) => inputs);
    await writeFile(path.join(root.path, added, "0", "more.png"), "");
    return (await planned()).filter(({ inputs }, i) => inputs !== before[i]).map(({ id }) => id);
  };
  const pretraining = "trainings/b0-stargan";
  const transfers = ["", "-without-self-training"].map((end) => `${pretraining}-pggan${end}`);
  expect(await changedBy("PGGAN_128/test")).toEqual(
    transfers.map((id) => `${id.replace("trainings", "evaluations")}/PGGAN`),
  );
  expect(await changedBy("StarGAN_128/test")).not.toContain(pretraining);
  expect(await changedBy("StarGAN_128/train")).toEqual([pretraining]);
  expect(await changedBy("StarGAN_128/val")).toEqual([pretraining, ...transfers]);
  expect(await changedBy("PGGAN_128/validation")).toEqual(transfers);
  expect(await changedBy("PGGAN_128/train")).toEqual([]);
  expect(await changedBy("transfer/PGGAN")).toEqual(transfers);
  const [, transfer] = await planned();
  await mkdir(transfer!.folder, { recursive: true });
  await writeFile(path.join(transfer!.folder, "run.json"), "{}");
  expect(await transfer!.command()).toEqual([
    ...["tgd", "transfer", path.join(root.path, "transfer/PGGAN")],
    ...["--out", transfer!.folder, "--resume"],
    ...["--target-val", path.join(root.path, "PGGAN_128")],
    ...["--source-val", path.join(root.path, "StarGAN_128")],
  ]);
});

test("a tiny table has the first transfer's generators, and small trainings of its kinds", async () => {
  for (const name of FILES) {
    const tiny = tinyTgdExperiment(await readTgdExperiment(fileOf(name)));
    expect(tiny.columns, name).toHaveLength(2);
    expect(tiny.rows.length, name).toBeGreaterThan(0);
    for (const { cells } of tiny.rows) {
      for (const column of cells.keys()) expect(tiny.columns).toContain(column);
    }
  }
  const ablations = tinyTgdExperiment(await readTgdExperiment(fileOf("ablations")));
  expect(ablations.trainings.get("ablation-no-jpeg")?.changes).toMatchObject({
    ...{ "augmentation.jpeg.rate": 0, batchSize: 8 },
  });
});

test("mistakes are told with their place", async () => {
  const text = await readFile(fileOf("chain"), "utf8");
  const parse = (from: string, to: string) => () =>
    parseTgdExperiment("t.json", text.replace(from, to));
  const cases: [string, string, string][] = [
    ['"from": "b0-pggan"', '"from": "b0-pgan"', "t.json: $.trainings"],
    ['"from": "b0-pggan"', '"from": "chain-4"', '$.trainings["b0-pggan-stargan"].from is'],
    ['"preset": "paper"', '"preset": "papers"', "Did you mean paper?"],
    ['"PGGAN": "b0-pggan"', '"PGAN": "b0-pggan"', "is no column\nThe columns are PGGAN, StarGAN"],
    ['"id": "tgd-2"', '"id": "tgd-1"', "is a second row called tgd-1\nRename one."],
    [
      '"network": "tgd_efficientnet_b0"',
      '"method": "tgd"',
      "needs network or from, one of the two",
    ],
    ['"folder": "PGGAN_128"', '"folder": "../x"', '$.data.PGGAN.folder is "../x"'],
    ["experiment-1", "experiment-2", "t.json: $.format is"],
  ];
  for (const [from, to, message] of cases) expect(parse(from, to), to).toThrow(message);
});
