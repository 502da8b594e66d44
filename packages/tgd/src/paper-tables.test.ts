import { expect, test } from "vitest";
import { notebookRuns } from "./notebook-runs.ts";
import { cutMixLosses, TGD_GENERATORS, tgdPaperRow, tgdPaperRows } from "./paper-tables.ts";

const sum = (id: string) =>
  [...(tgdPaperRow(id)?.cells.values() ?? [])].reduce((total, cell) => total + cell, 0);

test("every cell is a percentage, every id one row's", () => {
  expect(new Set(tgdPaperRows.map(({ id }) => id)).size).toBe(tgdPaperRows.length);
  expect(tgdPaperRows.map(({ table }) => table).filter((table) => table === 1)).toHaveLength(32);
  expect(tgdPaperRows).toHaveLength(32 + 2 + 4);
  for (const { id, cells, table } of tgdPaperRows) {
    expect(cells.size, id).toBe({ 1: 4, 3: 6, 4: 2 }[table]);
    for (const cell of cells.values()) {
      expect(cell, id).toBeGreaterThan(38);
      expect(cell, id).toBeLessThanOrEqual(100);
    }
  }
});

// Sums of the specification's rows, made from its text: a wrong digit shows.
test.each([
  ["table1/general-b0/PGGAN/zero-shot", 255.51],
  ["table1/general-b0/StarGAN/zero-shot", 270.46],
  ["table1/general-b0/StyleGAN/zero-shot", 299.77],
  ["table1/general-b0/StyleGAN2/zero-shot", 294.21],
  ["table1/general-b0/PGGAN/transfer", 295.27],
  ["table1/general-b0/StarGAN/transfer", 383.84],
  ["table1/general-b0/StyleGAN/transfer", 317.9],
  ["table1/general-b0/StyleGAN2/transfer", 272.12],
  ["table1/tgd-b0/PGGAN/transfer", 383.73],
  ["table1/tgd-b0/StarGAN/transfer", 382.89],
  ["table1/tgd-b0/StyleGAN/transfer", 370.46],
  ["table1/tgd-b0/StyleGAN2/transfer", 370.46],
  ["table1/forensic-transfer/PGGAN/zero-shot", 254.26],
  ["table1/forensic-transfer/PGGAN/transfer", 294.75],
  ["table1/forensic-transfer/StarGAN/zero-shot", 231.42],
  ["table1/forensic-transfer/StarGAN/transfer", 247.74],
  ["table1/forensic-transfer/StyleGAN/zero-shot", 297.98],
  ["table1/forensic-transfer/StyleGAN/transfer", 267.18],
  ["table1/forensic-transfer/StyleGAN2/zero-shot", 297.12],
  ["table1/forensic-transfer/StyleGAN2/transfer", 267.2],
  ["table1/tgd-resnext/PGGAN/zero-shot", 260.73],
  ["table1/tgd-resnext/PGGAN/transfer", 363.07],
  ["table1/tgd-resnext/StarGAN/zero-shot", 238.08],
  ["table1/tgd-resnext/StarGAN/transfer", 377.77],
  ["table1/tgd-resnext/StyleGAN/zero-shot", 290.19],
  ["table1/tgd-resnext/StyleGAN/transfer", 354.24],
  ["table1/tgd-resnext/StyleGAN2/zero-shot", 288.99],
  ["table1/tgd-resnext/StyleGAN2/transfer", 361.16],
  ["table3/tgd-b0/Bedroom/transfer", 539.45],
  ["table3/tgd-b0/Bird/transfer", 549.55],
])("%s adds up to %f", (id, expected) => {
  expect(sum(id)).toBeCloseTo(expected, 9);
});

test("what the tables say twice agrees, but for what is noted", () => {
  const cell = (id: string, column: string) => tgdPaperRow(id)?.cells.get(column);
  expect(cell("table4/with-self-training", "PGGAN")).toBe(94.94);
  expect(cell("table1/tgd-b0/StarGAN/transfer", "PGGAN")).toBe(94.94);
  expect(cell("table4/with-augmentation", "StyleGAN2")).toBe(98.13);
  expect(cell("table1/tgd-b0/PGGAN/transfer", "StyleGAN2")).toBe(98.13);
  // Sources differ between the tables; both rows say so.
  expect(cell("table4/with-self-training", "StarGAN")).toBe(99.15);
  expect(cell("table1/tgd-b0/StarGAN/transfer", "StarGAN")).toBe(97.32);
  expect(tgdPaperRow("table1/tgd-b0/StarGAN/transfer")?.note).toContain("99.15 in Table 4");
  expect(tgdPaperRow("table1/tgd-b0/PGGAN/transfer")?.note).toContain("95.08 in Table 4");
  // T-GD begins with the networks of General Transfer.
  for (const source of TGD_GENERATORS) {
    expect(tgdPaperRow(`table1/tgd-b0/${source}/zero-shot`)?.cells).toEqual(
      tgdPaperRow(`table1/general-b0/${source}/zero-shot`)?.cells,
    );
  }
  expect(tgdPaperRow("table2/anything")).toBeUndefined();
});

test("every note belongs to a row, and Figure 5 to two notebook runs", () => {
  // Nine rows of Table 1, both of Table 3, two of Table 4.
  expect(tgdPaperRows.filter(({ note }) => note !== "")).toHaveLength(13);
  const figure5 = notebookRuns.filter(({ note }) => note === "Figure 5");
  expect(figure5.map(({ recipe }) => recipe.augmentation.cutMix.kind)).toEqual(["intra", "inter"]);
  for (const epoch of [100, 200, 300]) {
    const [intra, inter] = cutMixLosses.filter((each) => each.epoch === epoch);
    expect([intra?.kind, inter?.kind]).toEqual(["intra", "inter"]);
    expect(intra?.target).toBeLessThan(inter?.target ?? 0);
    expect(intra?.source).toBeLessThan(inter?.source ?? 0);
  }
});
