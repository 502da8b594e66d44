/*
 * The document of the results: text that people write, and tables that the command writes, each
 * between two marks.
 */
import { markdownTable } from "../report/markdown.ts";
import { FileError } from "../terminal/errors.ts";
import type { ResultBlock } from "./result-tables.ts";

const markOf = (name: string) => `<!-- results: ${name} -->`;
const END = "<!-- results: end -->";

/** The document's text between two marks; what surrounds it is kept. */
interface Found {
  readonly before: string;
  readonly inside: string;
  readonly after: string;
}

function find(document: string, name: string, file: string): Found {
  const mark = markOf(name);
  const start = document.indexOf(mark);
  const end = start < 0 ? -1 : document.indexOf(END, start);
  if (end < 0) {
    throw new FileError(
      `${file} has no place for ${name}\nWrite these two lines where it belongs:\n` +
        `  ${mark}\n  ${END}`,
    );
  }
  return {
    before: document.slice(0, start + mark.length),
    inside: document.slice(start + mark.length, end),
    after: document.slice(end),
  };
}

/**
 * The document with its tables replaced.
 *
 * @param remarks lines that are no table and are not compared, by the names of their marks
 * @throws {FileError} if a mark is missing
 */
export function fillDocument(
  document: string,
  file: string,
  blocks: readonly ResultBlock[],
  remarks: Readonly<Record<string, readonly string[]>>,
): string {
  const texts: [name: string, lines: readonly string[]][] = [
    ...blocks.map(({ name, rows }): [string, string[]] => [name, markdownTable(rows)]),
    ...Object.entries(remarks),
  ];
  let filled = document;
  for (const [name, lines] of texts) {
    const { before, after } = find(filled, name, file);
    filled = `${before}\n\n${lines.join("\n")}\n\n${after}`;
  }
  return filled;
}

/** A document that has nothing but the marks and headings. */
export function emptyDocument(
  blocks: readonly Pick<ResultBlock, "name">[],
  remarks: readonly string[],
): string {
  const names = [...blocks.map(({ name }) => name), ...remarks];
  const parts = names.map((name) => `## ${name}\n\n${markOf(name)}\n${END}\n`);
  return `# Results\n\n${parts.join("\n")}`;
}

/** A cell that is not what was computed. */
export interface Difference {
  /** `accuracy, LGrad, isr-gans` */
  readonly place: string;
  /** Null where the document has no such cell. */
  readonly document: string | null;
  /** Null where nothing of the kind was computed. */
  readonly computed: string | null;
}

/**
 * Every cell in which the document's tables differ from the computed ones.
 *
 * @throws {FileError} if a mark is missing
 */
export function compareDocument(
  document: string,
  file: string,
  blocks: readonly ResultBlock[],
): Difference[] {
  return blocks.flatMap(({ name, rows }) => {
    const written = cellsOf(find(document, name, file).inside);
    const computed = cellsOf(markdownTable(rows).join("\n"));
    const places = new Set([...written.keys(), ...computed.keys()]);
    return [...places].flatMap((place): Difference[] => {
      const [a, b] = [written.get(place) ?? null, computed.get(place) ?? null];
      return a === b ? [] : [{ place: `${name}, ${place}`, document: a, computed: b }];
    });
  });
}

/** Cells of a table in Markdown by row and column; rows of one name are numbered. */
function cellsOf(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  const [head = [], , ...rows] = lines.map((line) =>
    line
      .slice(1, line.lastIndexOf("|"))
      .split(/(?<!\\)\|/)
      .map((each) => each.trim()),
  );
  const seen = new Map<string, number>();
  return new Map(
    rows.flatMap(([row = "", ...cells]) => {
      const times = (seen.get(row) ?? 0) + 1;
      seen.set(row, times);
      const name = times === 1 ? row : `${row} (${times})`;
      return cells.map((cell, x): [string, string] => [`${name}, ${head[x + 1] ?? x}`, cell]);
    }),
  );
}
