/*
 * A line chart as SVG text, for the reports of trainings and evaluations.
 *
 * Written here because what is installed draws no charts, and the small libraries that do (uPlot,
 * Chart.js) draw on a canvas in a page that runs scripts; those that make SVG without a page bring
 * a graphics grammar of hundreds of kilobytes. A report is one file that also prints.
 */
import { linearTicks, logTicks } from "./ticks.ts";

/** One line of a chart. */
export interface Series {
  readonly name: string;
  /** `[x, y]`; a value that is not finite breaks the line. */
  readonly points: readonly (readonly [number, number])[];
  /** Drawn dashed, e.g. for a reference. */
  readonly dashed?: boolean;
}

/** What a chart shows. */
export interface LineChart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  /** Logarithmic where values span decades; then only positive values are drawn. */
  readonly yScale?: "linear" | "log";
  /** Lowest and highest value of an axis; otherwise those of the points. */
  readonly xRange?: readonly [number, number];
  readonly yRange?: readonly [number, number];
}

/** Okabe and Ito's colours, told apart by the colour-blind; on light and on dark pages. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const WIDTH = 780;
const HEIGHT = 360;
const PLOT = { left: 64, top: 40, right: 624, bottom: HEIGHT - 48 };
const LEGEND_STEP = 18;

interface Axis {
  readonly ticks: readonly number[];
  /** Pixels. */
  readonly at: (value: number) => number;
}

/**
 * The chart as an `<svg>` element, without scripts or styles of the page; text and axes take the
 * page's colour. All names are escaped.
 */
export function lineChart(chart: LineChart): string {
  const { title, x, y, series, yScale = "linear" } = chart;
  const shown = series.map(({ points }) =>
    points.map(([px, py]) => (isDrawable(px, py, yScale) ? ([px, py] as const) : null)),
  );
  const all = shown.flat().filter((point) => point !== null);
  const horizontal = axisOf(chart.xRange ?? rangeOf(all.map(([px]) => px)), "linear", "x");
  const vertical = axisOf(chart.yRange ?? rangeOf(all.map(([, py]) => py)), yScale, "y");
  const place = ([px, py]: readonly [number, number]) =>
    `${horizontal.at(px).toFixed(1)} ${vertical.at(py).toFixed(1)}`;
  const lines = shown.map((points, i) => {
    const dash = series[i]!.dashed ? ' stroke-dasharray="6 4"' : "";
    return `<path d="${pathOf(points, place)}" stroke="${colour(i)}"${dash}/>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" ` +
      'font-family="system-ui, sans-serif" font-size="12" fill="currentColor">',
    `<title>${escapeXml(title)}</title>`,
    text(PLOT.left, 20, title, 'font-size="15" font-weight="600"'),
    ...vertical.ticks.map((tick) => horizontalRule(vertical.at(tick), tick)),
    ...horizontal.ticks.map((tick) =>
      text(horizontal.at(tick), PLOT.bottom + 18, label(tick), 'text-anchor="middle"'),
    ),
    text((PLOT.left + PLOT.right) / 2, HEIGHT - 10, x, 'text-anchor="middle"'),
    text(14, (PLOT.top + PLOT.bottom) / 2, y, `text-anchor="middle" ${turned()}`),
    `<g fill="none" stroke-width="1.75" stroke-linejoin="round" stroke-linecap="round">`,
    ...lines,
    "</g>",
    ...series.map(({ name, dashed }, i) => legend(name, i, dashed ?? false)),
    "</svg>",
  ].join("\n");
}

function isDrawable(x: number, y: number, scale: "linear" | "log"): boolean {
  return Number.isFinite(x) && Number.isFinite(y) && (scale === "linear" || y > 0);
}

function rangeOf(values: readonly number[]): [number, number] {
  if (values.length === 0) return [1, 2];
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  // A single value needs room around it.
  const room = low === high ? Math.abs(low) / 2 || 0.5 : 0;
  return [low - room, high + room];
}

function axisOf(
  [low, high]: readonly [number, number],
  scale: "linear" | "log",
  direction: "x" | "y",
): Axis {
  const [from, to] =
    direction === "x" ? [PLOT.left, PLOT.right] : ([PLOT.bottom, PLOT.top] as const);
  const ticks = scale === "log" ? logTicks(low, high) : linearTicks(low, high);
  const position = (value: number) => (scale === "log" ? Math.log10(value) : value);
  // A vertical axis reaches its outermost ticks; a horizontal one ends where the run does.
  const outer = direction === "y" ? [low, high, ...ticks] : [low, high];
  const start = position(Math.min(...outer));
  const end = position(Math.max(...outer));
  const at = (value: number) => from + ((position(value) - start) / (end - start)) * (to - from);
  return { ticks: ticks.filter((tick) => direction === "y" || (tick >= low && tick <= high)), at };
}

/** A gap in the points begins a new piece; a point alone is drawn as a dot. */
function pathOf(
  points: readonly (readonly [number, number] | null)[],
  place: (point: readonly [number, number]) => string,
): string {
  let path = "";
  let before: readonly [number, number] | null = null;
  for (const [i, point] of points.entries()) {
    if (point !== null) {
      path += `${before === null ? "M" : "L"}${place(point)}`;
      const alone = before === null && (points[i + 1] ?? null) === null;
      if (alone) path += "h0";
    }
    before = point;
  }
  return path;
}

function horizontalRule(y: number, tick: number): string {
  const at = y.toFixed(1);
  return (
    `<path d="M${PLOT.left} ${at}H${PLOT.right}" stroke="currentColor" stroke-opacity="0.15"/>` +
    text(PLOT.left - 8, y + 4, label(tick), 'text-anchor="end"')
  );
}

/** Beside the plot, where it hides no line. */
function legend(name: string, i: number, dashed: boolean): string {
  const y = PLOT.top + 8 + i * LEGEND_STEP;
  const dash = dashed ? ' stroke-dasharray="6 4"' : "";
  return (
    `<path d="M${PLOT.right + 16} ${y}h24" stroke="${colour(i)}" stroke-width="3"${dash}/>` +
    text(PLOT.right + 48, y + 4, name, 'text-anchor="start"')
  );
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escapeXml(content)}</text>`;
}

function turned(): string {
  return `transform="rotate(-90 14 ${(PLOT.top + PLOT.bottom) / 2})"`;
}

/** Shortest form: 0.1, 250, 1e-5. */
function label(tick: number): string {
  const size = Math.abs(tick);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return tick.toExponential().replace("+", "");
  return String(Number(tick.toPrecision(6)));
}

function colour(i: number): string {
  return COLOURS[i % COLOURS.length]!;
}

/** Text for an element or a quoted attribute of an SVG. */
export function escapeXml(content: string): string {
  return content
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
