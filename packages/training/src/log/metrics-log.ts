/*
 * The log of a training run: one JSON object on each line, written as it happens. A run that was
 * killed may leave half a line behind; one that resumes cuts off what its checkpoint does not know.
 */

/** One line of a log: after a step, after a validation, after an epoch. */
export interface MetricsRow {
  readonly kind: "step" | "validation" | "epoch";
  /** Optimizer steps done so far. */
  readonly step: number;
  /** Counted from 0. */
  readonly epoch: number;
  /** What was measured, by any other name: `loss`, `learningRate`, `gradNorm`, … */
  readonly values: Readonly<Record<string, number>>;
}

/** A log as it was found. */
export interface MetricsLog {
  readonly rows: readonly MetricsRow[];
  /** Whether the last line is cut off, as by a kill in the middle of a write. */
  readonly truncated: boolean;
}

/** One line of the log, with its line feed. NaN and infinities become strings that come back. */
export function formatMetricsRow({ kind, step, epoch, values }: MetricsRow): string {
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    Number.isFinite(value) ? value : String(value),
  ]);
  return `${JSON.stringify({ kind, step, epoch, ...Object.fromEntries(entries) })}\n`;
}

/**
 * The rows of a log. Only the last line may be cut off, and is then left out.
 *
 * @throws {SyntaxError} naming the line that is none of ours
 */
export function parseMetricsLog(text: string): MetricsLog {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  return {
    rows: lines.filter((line) => line !== "").map((line, i) => parseRow(line, i + 1)),
    truncated: rest !== "",
  };
}

/** The rows that a run resumed after `step` has written before; it writes the others again. */
export function rowsUntil(rows: readonly MetricsRow[], step: number): MetricsRow[] {
  return rows.filter((row) => row.step <= step);
}

function parseRow(line: string, number: number): MetricsRow {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw broken(number, "is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null) throw broken(number, "is no object");
  const { kind, step, epoch, ...values } = parsed as Record<string, unknown>;
  if (kind !== "step" && kind !== "validation" && kind !== "epoch") {
    throw broken(number, `has kind ${JSON.stringify(kind)}`);
  }
  if (typeof step !== "number" || typeof epoch !== "number") {
    throw broken(number, "has no step or epoch");
  }
  const numbers = Object.entries(values).map(([name, value]) => [name, numberOf(value)] as const);
  const wrong = numbers.find(([, value]) => value === null);
  if (wrong !== undefined) throw broken(number, `has no number for ${wrong[0]}`);
  return { kind, step, epoch, values: Object.fromEntries(numbers) as Record<string, number> };
}

function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  return null;
}

function broken(number: number, problem: string): SyntaxError {
  return new SyntaxError(
    `parseMetricsLog: line ${number} ${problem}\nThe file is no log of a training run, or damaged.`,
  );
}
