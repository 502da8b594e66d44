import { CommandLineError } from "../terminal/errors.ts";
import { nearest } from "../terminal/nearest.ts";

/** @throws {CommandLineError} if `--rows` names one that the experiment has not */
export function checkRows(
  rows: readonly { readonly id: string }[],
  wanted: readonly string[] = [],
): void {
  const known = rows.map(({ id }) => id);
  for (const id of wanted) {
    if (known.includes(id)) continue;
    const guess = nearest(id, known);
    throw new CommandLineError(
      `--rows: there is no row "${id}"\n  rows  ${known.join(", ")}\n` +
        (guess === null ? "Choose of these." : `Did you mean ${guess}?`),
    );
  }
}
