/*
 * T-GD's evaluations as a table of AUROCs beside the paper's.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { tgdPaperRow } from "@fauxgrad/tgd";
import { fileError } from "../session/files.ts";
import type { ResultCell, ResultRow, ResultTable } from "./result-table.ts";
import type { Plan, StepOutcome } from "./step.ts";
import { whyNotDone } from "./step-end.ts";
import type { TgdExperiment, TgdRow } from "./tgd-experiment.ts";
import { tgdEvaluationId } from "./tgd-steps.ts";

/** AUROCs by the evaluation's step; NaN where it is not defined. */
type Aurocs = ReadonlyMap<string, number>;

/**
 * Reads the table from what the steps left.
 *
 * @throws {FileError} if results of a step that is done cannot be read
 */
export async function tgdTable(
  experiment: TgdExperiment,
  plan: Plan,
  outcomes: ReadonlyMap<string, StepOutcome>,
): Promise<ResultTable> {
  const { columns, title } = experiment;
  const results = new Map<string, number>();
  for (const { id, kind, folder } of plan.steps) {
    if (kind !== "eval" || outcomes.get(id)?.status !== "done") continue;
    results.set(id, await readAuroc(folder));
  }
  const planned = new Set(plan.steps.map(({ id }) => id));
  const rows = plan.rows.map(({ id, label, step, missing, notices }): ResultRow => {
    const row = experiment.rows.find((each) => each.id === id)!;
    const common = { id, label, paper: paperCells(row, columns) };
    if (step === null) return { ...common, measured: null, notices: missing };
    const failed = evaluationsOf(row)
      .filter((each) => planned.has(each) && !results.has(each))
      .flatMap((each) => whyNotDone(each, outcomes));
    if (failed.length > 0) return { ...common, measured: null, notices: [...new Set(failed)] };
    return { ...common, measured: measuredCells(row, columns, results), notices };
  });
  return { title, cells: "AUROC in %", measures: ["auroc"], columns, rows };
}

/** The steps that a row shows. */
function evaluationsOf({ cells }: TgdRow): string[] {
  return [...cells].flatMap(([column, keys]) => keys.map((key) => tgdEvaluationId(key, column)));
}

function measuredCells(
  { cells }: TgdRow,
  columns: readonly string[],
  results: Aurocs,
): (ResultCell | null)[] {
  return columns.map((column) => {
    const keys = cells.get(column) ?? [];
    const values = keys.map((key) => results.get(tgdEvaluationId(key, column)));
    const found = values.filter((value) => value !== undefined);
    if (found.length === 0) return null;
    return cellOf((100 * found.reduce((sum, value) => sum + value, 0)) / found.length);
  });
}

function paperCells({ paper }: TgdRow, columns: readonly string[]): (ResultCell | null)[] | null {
  const row = paper === null ? undefined : tgdPaperRow(paper);
  if (row === undefined) return null;
  return columns.map((name) => {
    const value = row.cells.get(name);
    return value === undefined ? null : cellOf(value);
  });
}

function cellOf(auroc: number): ResultCell {
  return { text: Number.isNaN(auroc) ? "-" : auroc.toFixed(2), values: { auroc } };
}

async function readAuroc(folder: string): Promise<number> {
  const file = path.join(folder, "results.json");
  try {
    const { sets } = JSON.parse(await readFile(file, "utf8")) as {
      sets: { rocAuc: number | null }[];
    };
    return sets[0]?.rocAuc ?? Number.NaN;
  } catch (cause) {
    throw fileError("read the results", file, cause);
  }
}
