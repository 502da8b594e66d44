import { expect, test } from "vitest";
import { paperRow, paperRows } from "./paper-tables.ts";

test("every cell is a pair of percentages, and every id is one row's", () => {
  expect(new Set(paperRows.map(({ id }) => id)).size).toBe(paperRows.length);
  const sizes = new Map<number, Set<number>>();
  for (const { table, cells } of paperRows) {
    sizes.set(table, (sizes.get(table) ?? new Set()).add(cells.size));
    for (const { accuracy, averagePrecision } of cells.values()) {
      expect(accuracy).toBeGreaterThan(45);
      expect(averagePrecision).toBeGreaterThan(45);
      expect(Math.max(accuracy, averagePrecision)).toBeLessThanOrEqual(100);
    }
  }
  expect([...sizes].map(([table, found]) => [table, ...found])).toEqual([
    [1, 3],
    [2, 20],
    [3, 8],
    [4, 8],
    [5, 8],
    [6, 8],
  ]);
});

test("printed means are the means of the printed cells, within rounding", () => {
  for (const { id, cells, mean } of paperRows) {
    if (mean === null) continue;
    for (const which of ["accuracy", "averagePrecision"] as const) {
      const average = [...cells.values()].reduce((sum, cell) => sum + cell[which], 0) / cells.size;
      // Half a unit of the cells' last digit and half a unit of the mean's.
      const tolerance = 0.1 + 1e-9;
      expect(Math.abs(average - mean[which]), `${id} ${which}`).toBeLessThanOrEqual(tolerance);
    }
  }
});

test("one detector has the same numbers in the tables that repeat it", () => {
  const first = paperRow("table3/stylegan-bedroom-1");
  expect(first?.label).toBe("LGrad (StyleGAN-bedroom), 1 class");
  expect(first?.cells.get("deepfake")).toEqual({ accuracy: 66.7, averagePrecision: 77.9 });
  for (const id of ["table4/none", "table5/stylegan-bedroom", "table6/lgrad-36k"]) {
    expect(paperRow(id)?.cells, id).toEqual(first?.cells);
    expect(paperRow(id)?.mean, id).toEqual({ accuracy: 86.3, averagePrecision: 92.7 });
  }
  expect(paperRow("table2/clip-rn50")?.cells.get("tvmonitor")?.accuracy).toBe(93);
  expect(paperRow("table7/none")).toBeUndefined();
});
