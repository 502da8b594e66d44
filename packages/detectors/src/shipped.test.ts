// The files that are shipped are those that the list names, and no others.
import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { LIST_FILE } from "./detector-list.ts";
import { readDetectorList } from "./read-list.ts";
import { readWeights, weightsFiles } from "./weights-reader.ts";

const FOLDER = new URL("../", import.meta.url);
const read = async (name: string) =>
  Uint8Array.from(await readFile(new URL(`weights/${name}`, FOLDER)));
const list = readDetectorList(await read(LIST_FILE));

test("LGrad and T-GD judge where no detector is named", () => {
  const kinds = list.defaults.map(
    (name) => list.detectors.find((each) => each.name === name)?.kind,
  );
  expect(kinds).toEqual(["lgrad", "tgd"]);
});

test("every file is the listed one, and 60 MB hold them all", async () => {
  const files = list.detectors.flatMap(weightsFiles);
  for (const file of files) expect((await readWeights(read, file)).size).toBeGreaterThan(0);
  const names = [LIST_FILE, ...files.map(({ file }) => file)];
  expect((await readdir(new URL("weights/", FOLDER))).sort()).toEqual([...new Set(names)].sort());
  expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(60e6);
});

test("every detector has a card that names it and its files", async () => {
  for (const detector of list.detectors) {
    const card = await readFile(new URL(detector.card, FOLDER), "utf8");
    expect(card).toContain(`(\`${detector.name}\`)`);
    for (const { sha256 } of weightsFiles(detector)) expect(card).toContain(sha256);
    expect(card).toContain("## What it cannot do");
  }
});
