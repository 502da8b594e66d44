import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { paperRow, paperRows, trainingPresets } from "@fauxgrad/lgrad";
import { expect, test } from "vitest";
import { parseLGradExperiment, readLGradExperiment } from "./lgrad-experiment.ts";

const FOLDER = fileURLToPath(new URL("../../../../experiments/lgrad/", import.meta.url));

test("the files are the paper's six tables: every row of LGrad, with the table's columns", async () => {
  const files = (await readdir(FOLDER)).sort();
  expect(files).toEqual([1, 2, 3, 4, 5, 6].map((table) => `table${table}.json`));
  for (const [i, file] of files.entries()) {
    const table = i + 1;
    const { rows, test: tested, training } = await readLGradExperiment(path.join(FOLDER, file));
    const printed = paperRows.filter((row) => row.table === table);
    const ours = printed.filter(
      ({ label }) => ![3, 6].includes(table) || label.startsWith("LGrad"),
    );
    expect(rows.map(({ paper }) => paper).sort()).toEqual(ours.map(({ id }) => id).sort());
    for (const { paper, label, id } of rows) {
      const row = paperRow(paper ?? "");
      expect([...(row?.cells.keys() ?? [])], id).toEqual(tested.columns);
      expect(label, id).toBe(row?.label);
    }
    // What the file says of the recipe is what the preset says.
    const { epochs, batchSize, learningRate, size, crop } = trainingPresets.official;
    expect(training).toMatchObject({ preset: "official", epochs, batchSize, learningRate });
    expect(training).toMatchObject({ size, crop });
  }
});

test("one key means one model in every table, so that tables share their gradients", async () => {
  const known = new Map<string, unknown>();
  for (const file of await readdir(FOLDER)) {
    const { models } = await readLGradExperiment(path.join(FOLDER, file));
    for (const [key, model] of models) {
      expect(known.get(key) ?? model, `${file}: ${key}`).toEqual(model);
      known.set(key, model);
    }
  }
  expect(known.size).toBe(13);
});

test("mistakes are told with their place", async () => {
  const text = await readFile(path.join(FOLDER, "table3.json"), "utf8");
  const parse = (from: string | RegExp, to: string) => () =>
    parseLGradExperiment("t.json", text.replace(from, to));
  const cases: [string | RegExp, string, string][] = [
    ['"model": "progan-bedroom"', '"model": "progan-bedrom"', "t.json: $.rows[0].model is"],
    ['"network": "pggan"', '"network": "pgan"', "Did you mean pggan?"],
    ["table3/progan-bedroom-1", "table3/progan-bedroom-9", "t.json: $.rows[0].paper is"],
    [
      '"epochs": 100',
      '"epochs": 0',
      "t.json: $.training.epochs is 0\nWrite a whole number from 1.",
    ],
    ['"folder": "test"', '"folder": "../x"', 't.json: $.test.folder is "../x"\nName a folder'],
    ['"id": "stylegan-bedroom-1"', '"id": "progan-bedroom-1"', "t.json: $.rows[1] is a second row"],
    [/"weights": \[\s*"pggan[^\]]*\]/, '"size": 4', 't.json: $.models["progan-bedroom"] needs'],
    ["experiment-1", "experiment-2", "t.json: $.format is"],
  ];
  for (const [from, to, message] of cases) expect(parse(from, to), to).toThrow(message);
});
