/** A table as lines of Markdown: the head first, numbers to the right of the first column. */
export function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map((_, x) => (x === 0 ? "---" : "---:"))), ...rows.map(line)];
}
