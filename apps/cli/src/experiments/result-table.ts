/*
 * The table that an experiment ends in: measured rows, each beside the paper's, in every form.
 */
import { markdownTable } from "../report/markdown.ts";
import type { Report, ReportSection } from "../report/report.ts";
import { type CsvCell, csvText } from "../terminal/csv.ts";
import { columns } from "../terminal/output.ts";
import { formatDuration } from "../terminal/units.ts";
import type { Plan, StepOutcome } from "./step.ts";

/** One place of the table. */
export interface ResultCell {
  /** As it is shown: `98.4/99.9`. */
  readonly text: string;
  /** Each number by its measure's name; NaN where it is not defined. */
  readonly values: Readonly<Record<string, number>>;
}

/** A row that was asked for. */
export interface ResultRow {
  readonly id: string;
  readonly label: string;
  /** One for each column, null where nothing was measured; null if the row could not be made. */
  readonly measured: readonly (ResultCell | null)[] | null;
  /** The paper's; null if it has no such row. */
  readonly paper: readonly (ResultCell | null)[] | null;
  /** Why there is no row, or what to know about it. */
  readonly notices: readonly string[];
}

/** A table beside the paper's. */
export interface ResultTable {
  readonly title: string;
  /** What a cell holds: `accuracy/AP in %`. */
  readonly cells: string;
  /** Names of the numbers in a cell, as in files: `average_precision`. */
  readonly measures: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly ResultRow[];
}

const NONE = "-";

/** Rows of text, the head first: each row of the table, and below it the paper's. */
export function tableRows({ cells, columns: names, rows }: ResultTable): string[][] {
  const line = (label: string, row: readonly (ResultCell | null)[] | null) => [
    label,
    ...names.map((_, x) => row?.[x]?.text ?? NONE),
  ];
  return [
    [cells, ...names],
    ...rows.flatMap(({ label, measured, paper }) => [
      line(label, measured),
      ...(paper === null ? [] : [line("  the paper", paper)]),
    ]),
  ];
}

/** For a terminal. */
export function tableText(table: ResultTable): string {
  return [table.title, "", ...columns(tableRows(table)), ...remarks(table, "\n")].join("\n");
}

/** As Markdown. */
export function tableMarkdown(table: ResultTable): string {
  const lines = markdownTable(tableRows(table).map((row) => row.map((cell) => cell.trim())));
  const notes = remarks(table, "").map((remark) => (remark === "" ? "" : `- ${remark}`));
  return `${[`## ${table.title}`, "", ...lines, ...notes].join("\n")}\n`;
}

/** What is to be known about rows, after an empty line. */
function remarks({ rows }: ResultTable, first: "\n" | ""): string[] {
  const told = rows.flatMap(({ label, measured, notices }) =>
    notices.map((notice) => `${label}${measured === null ? " could not be made" : ""}: ${notice}`),
  );
  if (told.length === 0) return [];
  return first === "\n" ? ["", ...told] : ["", ...told];
}

/** A line for each cell. */
export function tableCsv({ columns: names, measures, rows }: ResultTable): string {
  const head = ["row", "label", "column", ...measures, ...measures.map((name) => `paper_${name}`)];
  const numbers = (cell: ResultCell | null | undefined): CsvCell[] =>
    measures.map((name) => cell?.values[name] ?? null);
  return csvText([
    head,
    ...rows.flatMap(({ id, label, measured, paper }) =>
      names.map((name, x) => [
        ...[id, label, name],
        ...numbers(measured?.[x]),
        ...numbers(paper?.[x]),
      ]),
    ),
  ]);
}

/** What the page says beside the table. */
export interface TableFacts {
  readonly device: string;
  readonly intro: readonly string[];
  readonly plan: Plan;
  readonly outcomes: ReadonlyMap<string, StepOutcome>;
  readonly footer: readonly string[];
}

/** The table as a page. */
export function tablePage(table: ResultTable, facts: TableFacts): Report {
  const { device, intro, plan, outcomes, footer } = facts;
  const [head = [], ...rows] = tableRows(table);
  const sections: ReportSection[] = [
    { title: "Result", tables: [{ columns: head, rows }], notes: remarks(table, "").slice(1) },
    differenceSection(table),
    {
      title: "Steps",
      tables: [
        {
          columns: ["step", "became", "time"],
          rows: plan.steps.map(({ id }) => [id, ...outcomeCells(outcomes.get(id))]),
        },
      ],
      notes: [...outcomes].flatMap(([id, outcome]) =>
        outcome.status === "done" ? outcome.notices.map((notice) => `${id}: ${notice}`) : [],
      ),
    },
  ];
  return { title: table.title, device, intro, sections, footer };
}

/** Measured minus the paper's, of each measure. */
function differenceSection({ columns: names, measures, rows }: ResultTable): ReportSection {
  const compared = rows.filter(({ measured, paper }) => measured !== null && paper !== null);
  return {
    title: "Difference to the paper",
    paragraphs: [
      compared.length === 0
        ? "There is no row to compare."
        : "Measured minus printed. The paper gives one number for one training; two trainings " +
          "from different seeds differ by several points on unseen generators.",
    ],
    tables: measures.map((measure) => ({
      caption: measure.replaceAll("_", " "),
      columns: ["row", ...names],
      rows: compared.map(({ label, measured, paper }) => [
        label,
        ...names.map((_, x) => {
          const a = measured?.[x]?.values[measure] ?? Number.NaN;
          const b = paper?.[x]?.values[measure] ?? Number.NaN;
          return Number.isNaN(a - b) ? NONE : (a - b).toFixed(1);
        }),
      ]),
    })),
  };
}

function outcomeCells(outcome: StepOutcome | undefined): [string, string] {
  if (outcome === undefined) return ["not reached", NONE];
  if (outcome.status === "done") return ["done", formatDuration(1000 * outcome.seconds)];
  if (outcome.status === "blocked") return [`not begun: ${outcome.by} failed`, NONE];
  return [`failed: ${outcome.error.split("\n", 1)[0]}`, NONE];
}
