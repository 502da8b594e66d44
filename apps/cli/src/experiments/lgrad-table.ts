/*
 * LGrad's evaluations as a table beside the paper's.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type PaperCell, paperRow } from "@fauxgrad/lgrad";
import { cellText } from "../detection/evaluation-text.ts";
import { fileError } from "../session/files.ts";
import type { ExperimentRow, LGradExperiment } from "./lgrad-experiment.ts";
import type { ResultCell, ResultRow, ResultTable } from "./result-table.ts";
import type { Plan, StepOutcome } from "./step.ts";
import { whyNotDone } from "./step-end.ts";

const MEAN = "Mean";

/** The part of `results.json` that a table shows. */
interface Results {
  readonly generators: readonly { readonly name: string; readonly metrics: Shares }[];
  readonly mean: Shares;
}

/** NaN is null in JSON. */
interface Shares {
  readonly accuracy: number | null;
  readonly averagePrecision: number | null;
}

/**
 * Reads the table from what the steps left.
 *
 * @throws {FileError} if results of a step that is done cannot be read
 */
export async function lgradTable(
  experiment: LGradExperiment,
  plan: Plan,
  outcomes: ReadonlyMap<string, StepOutcome>,
): Promise<ResultTable> {
  const columns = [...experiment.test.columns, MEAN];
  const rows: ResultRow[] = [];
  for (const { id, label, step, missing, notices } of plan.rows) {
    const row = experiment.rows.find((each) => each.id === id)!;
    const common = { id, label, paper: paperCells(row, columns) };
    const failure = step === null ? missing : whyNotDone(step, outcomes);
    if (step === null || failure.length > 0) {
      rows.push({ ...common, measured: null, notices: failure });
      continue;
    }
    const { folder } = plan.steps.find((each) => each.id === step)!;
    const measured = measuredCells(await readResults(folder), columns);
    const known = measured.slice(0, -1).filter((cell) => cell !== null).length;
    const all = experiment.test.columns.length;
    const short = known === all ? [] : [`the mean is over ${known} of ${all} columns`];
    rows.push({ ...common, measured, notices: [...notices, ...short] });
  }
  return {
    title: experiment.title,
    cells: "acc/AP in %",
    measures: ["accuracy", "average_precision"],
    columns,
    rows,
  };
}

async function readResults(folder: string): Promise<Results> {
  const file = path.join(folder, "results.json");
  try {
    return JSON.parse(await readFile(file, "utf8")) as Results;
  } catch (cause) {
    throw fileError("read the results", file, cause);
  }
}

function measuredCells(
  { generators, mean }: Results,
  columns: readonly string[],
): (ResultCell | null)[] {
  return columns.map((name) => {
    const shares =
      name === MEAN ? mean : generators.find((generator) => generator.name === name)?.metrics;
    if (shares === undefined) return null;
    const percent = (share: number | null) => (share === null ? Number.NaN : 100 * share);
    return cellOf({
      accuracy: percent(shares.accuracy),
      averagePrecision: percent(shares.averagePrecision),
    });
  });
}

function paperCells(
  { paper }: ExperimentRow,
  columns: readonly string[],
): (ResultCell | null)[] | null {
  const row = paper === null ? undefined : paperRow(paper);
  if (row === undefined) return null;
  return columns.map((name) => {
    const cell = name === MEAN ? row.mean : (row.cells.get(name) ?? null);
    return cell === null ? null : cellOf(cell);
  });
}

function cellOf(cell: PaperCell): ResultCell {
  const { accuracy, averagePrecision } = cell;
  return { text: cellText(cell), values: { accuracy, average_precision: averagePrecision } };
}
