import { expect, test } from "vitest";
import { type LineChart, lineChart } from "./line-chart.ts";
import { linearTicks, logTicks } from "./ticks.ts";

const chart = (over: Partial<LineChart>): string =>
  lineChart({ title: "Loss", x: "step", y: "loss", series: [], ...over });

/** The `d` of the lines, without rules and legend. */
const paths = (svg: string): string[] =>
  [...svg.slice(svg.indexOf("<g "), svg.indexOf("</g>")).matchAll(/ d="([^"]*)"/g)].map(
    (match) => match[1]!,
  );

test("puts the corners of the data at the corners of the plot", () => {
  const points = [
    [0, 0],
    [50, 1],
    [100, 0.5],
  ] as const;
  expect(paths(chart({ series: [{ name: "a", points }] }))).toEqual([
    "M64.0 312.0L344.0 40.0L624.0 176.0",
  ]);
});

test("a value that is not finite breaks the line; a point alone is a dot", () => {
  const points = [
    [0, 0],
    [1, 1],
    [2, Number.NaN],
    [3, 1],
    [4, Infinity],
    [5, 0],
    [6, 1],
  ] as const;
  const [path] = paths(chart({ series: [{ name: "a", points }] }));
  expect(path!.replaceAll(/[\d. ]+/g, "_")).toBe("M_L_M_h_M_L_");
});

test("a logarithmic axis has equal decades and leaves out what has no logarithm", () => {
  const points = [
    [0, 1],
    [1, 0.1],
    [2, 0],
    [3, 0.01],
  ] as const;
  const svg = chart({ yScale: "log", series: [{ name: "a", points }] });
  expect(paths(svg)).toEqual(["M64.0 40.0L250.7 176.0M624.0 312.0h0"]);
  expect(svg).toContain(">0.01</text>");
});

test("ranges may be given, as for shares", () => {
  const points = [[0, 0.5]] as const;
  const range = { xRange: [0, 2], yRange: [0, 1] } as const;
  expect(paths(chart({ ...range, series: [{ name: "a", points }] }))).toEqual(["M64.0 176.0h0"]);
});

test("draws something for nothing, for one point and for a constant", () => {
  for (const points of [
    [],
    [[3, 4]],
    [
      [0, 0],
      [1, 0],
    ],
    [[5, Number.NaN]],
  ] as const) {
    const svg = chart({ series: [{ name: "a", points }] });
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(svg.startsWith("<svg ")).toBe(true);
  }
  expect(chart({ yScale: "log" })).not.toMatch(/NaN|Infinity/);
});

test("names are text, whatever they contain", () => {
  const svg = chart({ title: 'a & b <script> "c"', series: [{ name: "x < y", points: [] }] });
  expect(svg).toContain("<title>a &amp; b &lt;script&gt; &quot;c&quot;</title>");
  expect(svg).toContain("x &lt; y</text>");
  expect(svg).not.toContain("<script>");
});

test("ticks are round numbers that enclose the range", () => {
  expect(linearTicks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(linearTicks(-3, 17)).toEqual([-5, 0, 5, 10, 15, 20]);
  expect(linearTicks(0.69, 0.7)).toEqual([0.69, 0.692, 0.694, 0.696, 0.698, 0.7]);
  expect(logTicks(0.02, 30)).toEqual([0.01, 0.1, 1, 10, 100]);
  expect(logTicks(1, 1)).toEqual([1, 10]);
  expect(logTicks(1e-12, 1)).toHaveLength(7);
});

test("dashes what is a reference, in its line and in the legend", () => {
  const svg = chart({ series: [{ name: "paper", points: [], dashed: true }] });
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(2);
});
