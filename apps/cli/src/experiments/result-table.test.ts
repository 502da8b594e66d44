import { expect, test } from "vitest";
import { renderReport } from "../report/html.ts";
import {
  type ResultCell,
  type ResultTable,
  tableCsv,
  tableMarkdown,
  tablePage,
  tableText,
} from "./result-table.ts";

const cell = (accuracy: number, ap: number): ResultCell => ({
  text: `${accuracy}/${ap}`,
  values: { accuracy, ap },
});

const table: ResultTable = {
  title: "A table",
  cells: "acc/AP in %",
  measures: ["accuracy", "ap"],
  columns: ["progan", "biggan"],
  rows: [
    {
      ...{ id: "one", label: "One", notices: ["no images in test/biggan."] },
      measured: [cell(90, 95), null],
      paper: [cell(98.4, 99.9), cell(76.2, 81.8)],
    },
    { id: "two", label: "Two", measured: null, paper: null, notices: ["no weights of two."] },
  ],
};

test("each row stands above the paper's, and says why it is not whole", () => {
  expect(tableText(table)).toBe(
    [
      "A table",
      "",
      "acc/AP in %  progan     biggan",
      "One          90/95      -",
      "  the paper  98.4/99.9  76.2/81.8",
      "Two          -          -",
      "",
      "One: no images in test/biggan.",
      "Two could not be made: no weights of two.",
    ].join("\n"),
  );
  expect(tableMarkdown(table)).toBe(
    "## A table\n\n| acc/AP in % | progan | biggan |\n| --- | ---: | ---: |\n" +
      "| One | 90/95 | - |\n| the paper | 98.4/99.9 | 76.2/81.8 |\n| Two | - | - |\n\n" +
      "- One: no images in test/biggan.\n- Two could not be made: no weights of two.\n",
  );
});

test("CSV has a line for each cell, empty where there is no number", () => {
  expect(tableCsv(table)).toBe(
    "row,label,column,accuracy,ap,paper_accuracy,paper_ap\none,One,progan,90,95,98.4,99.9\n" +
      "one,One,biggan,,,76.2,81.8\ntwo,Two,progan,,,,\ntwo,Two,biggan,,,,\n",
  );
});

test("the page has the differences and what became of the steps", () => {
  const cost = { key: "k", unit: "image", count: 1, gflop: 1, bytes: 1 };
  const step = (id: string) => ({
    ...{ id, kind: "k", needs: [], folder: "", identity: {}, inputs: "", cost },
    command: () => Promise.resolve([]),
    conclude: () => Promise.resolve([]),
  });
  const page = tablePage(table, {
    ...{ device: "d", intro: [], footer: [] },
    plan: { title: "p", steps: ["a", "b", "c"].map(step), rows: [], assumptions: [] },
    outcomes: new Map([
      ["a", { status: "done", seconds: 61, notices: ["1 image could not be judged"] }],
      ["b", { status: "failed", error: "the disk is full\nmore" }],
    ]),
  });
  const [, differences, steps] = page.sections;
  expect(differences?.tables?.[0]?.rows).toEqual([["One", "-8.4", "-"]]);
  expect(steps?.tables?.[0]?.rows).toEqual([
    ["a", "done", "1 min 01 s"],
    ["b", "failed: the disk is full", "-"],
    ["c", "not reached", "-"],
  ]);
  expect(steps?.notes).toEqual(["a: 1 image could not be judged"]);
  expect(renderReport(page)).toContain("<h2>Difference to the paper</h2>");
});
