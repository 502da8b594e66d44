/** A cell; null and what is not a number are empty. */
export type CsvCell = string | number | null;

/** Rows as CSV (RFC 4180, but lines end in a line feed), each line ended. */
export function csvText(rows: readonly (readonly CsvCell[])[]): string {
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}

function cell(value: CsvCell): string {
  if (value === null || (typeof value === "number" && Number.isNaN(value))) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
