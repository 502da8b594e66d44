import { exitCodes, systemCode } from "./errors.ts";

/** A line of the result, to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The result for a program: one JSON value, and nothing else on standard output. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** A remark beside the result, to standard error. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A reader that has seen enough (`fauxgrad models | head`) is no error. */
export function endQuietlyWithReader(): void {
  process.stdout.on("error", (error) => {
    process.exit(systemCode(error) === "EPIPE" ? exitCodes.ok : exitCodes.failed);
  });
}

/** Waits until everything printed has reached the reader. */
export async function flushOutput(): Promise<void> {
  const written = [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((resolve) => stream.write("", () => resolve())),
  );
  await Promise.all(written);
}

/** `[["a", "1"], ["long", "2"]]` as lines whose columns are aligned; numbers are the caller's. */
export function columns(rows: readonly (readonly string[])[], gap = "  "): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, x) => {
      widths[x] = Math.max(widths[x] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, x) => cell.padEnd(widths[x] ?? 0))
      .join(gap)
      .trimEnd(),
  );
}
