/*
 * A report as one HTML file that needs nothing else: no script, no font, no link that is loaded. It
 * opens from a disk, an e-mail or a CI artefact, in light and dark, on a telephone and on paper.
 *
 * All text is escaped in one place, `escapeHtml`, which `html` applies to everything that is not
 * markup already.
 */
import { lineChart } from "@fauxgrad/training";
import type {
  Drawing,
  ImageRow,
  Report,
  ReportImage,
  ReportSection,
  ReportTable,
} from "./report.ts";
import { STYLE } from "./style.ts";

/** Markup, as opposed to text that has to be escaped. */
class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Content = string | number | Markup | readonly Content[];

/** Text for an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The template's own text is markup; what is put into it is escaped, unless it is markup. */
function html(template: TemplateStringsArray, ...values: readonly Content[]): Markup {
  const parts = template.map((text, i) => text + (i < values.length ? render(values[i]!) : ""));
  return new Markup(parts.join(""));
}

function render(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map(render).join("");
  return escapeHtml(String(content));
}

/**
 * The page, complete.
 *
 * @throws {RangeError} if a table's row has another number of cells than columns
 */
export function renderReport(report: Report): string {
  const { title, device, intro, sections, footer = [] } = report;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="device">${device}</p>
${paragraphs(intro)}</header>
<main>
${sections.map(section)}</main>
${footer.length > 0 ? html`<footer>\n${paragraphs(footer)}</footer>\n` : ""}</body>
</html>
`;
  return page.text;
}

function paragraphs(texts: readonly string[]): Content {
  return texts.map((text) => html`<p>${text}</p>\n`);
}

function section(content: ReportSection): Markup {
  const { title, charts = [], drawings = [], rows = [], tables = [], notes = [] } = content;
  const drawn = charts.map((chart) => html`${new Markup(lineChart(chart))}\n`);
  return html`<section>
<h2>${title}</h2>
${paragraphs(content.paragraphs ?? [])}${drawn}${drawings.map(drawing)}${rows.map(imageRow)}${tables.map(table)}${noteList(notes)}</section>
`;
}

function drawing({ svg, caption }: Drawing): Markup {
  return html`<figure class="drawing">
<div class="scroll">${new Markup(svg)}</div>
<figcaption>${caption}</figcaption>
</figure>
`;
}

function imageRow({ title, images }: ImageRow): Markup {
  const heading = title === undefined ? "" : html`<h3>${title}</h3>\n`;
  return html`${heading}<div class="row">\n${images.map(figure)}</div>\n`;
}

/** Arguments of a call that every engine takes. */
const MOST_ARGUMENTS = 0x8000;

/** Without Node's Buffer: pages are written in browsers, too. */
function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += MOST_ARGUMENTS) {
    binary += String.fromCharCode(...bytes.subarray(at, at + MOST_ARGUMENTS));
  }
  return btoa(binary);
}

function figure({ bytes, type, width, height, alt, caption }: ReportImage): Markup {
  const data = base64(bytes);
  return html`<figure>
<img src="data:${type};base64,${data}" width="${width}" height="${height}" alt="${alt}">
<figcaption>${caption}</figcaption>
</figure>
`;
}

function table({ caption, columns, rows }: ReportTable): Markup {
  for (const row of rows) {
    if (row.length === columns.length) continue;
    throw new RangeError(
      `renderReport: a row of ${row.length} cells in a table of ${columns.length} columns\n` +
        `  columns  ${columns.join(" | ")}\n` +
        `  row      ${row.join(" | ")}\n` +
        "Give every row one cell per column.",
    );
  }
  // A column is one of numbers if it has cells and all of them are.
  const numeric = columns.map((_, x) => rows.length > 0 && rows.every((row) => isNumber(row[x])));
  const cell = (value: string | number, x: number) =>
    numeric[x] ? html`<td class="number">${value}</td>` : html`<td>${value}</td>`;
  const head = columns.map((name, x) =>
    numeric[x]
      ? html`<th scope="col" class="number">${name}</th>`
      : html`<th scope="col">${name}</th>`,
  );
  return html`<div class="scroll"><table>
${caption === undefined ? "" : html`<caption>${caption}</caption>\n`}<thead><tr>${head}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody>
</table></div>
`;
}

/** A number, or one whose digits are chosen already: `98.40`, and `-` where there is none. */
function isNumber(value: string | number | undefined): boolean {
  return typeof value === "number" || /^(?:-|-?\d+(?:\.\d+)?)$/.test(value ?? "");
}

function noteList(notes: readonly string[]): Content {
  if (notes.length === 0) return "";
  return html`<ul class="notes">\n${notes.map((note) => html`<li>${note}</li>\n`)}</ul>\n`;
}
