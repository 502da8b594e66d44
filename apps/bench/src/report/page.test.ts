import { expect, test } from "vitest";
import { breakdown, byKernelName } from "./breakdown.ts";
import { bars } from "./drawings/bars.ts";
import { icicle } from "./drawings/icicle.ts";
import { roofline } from "./drawings/roofline.ts";
import { modelCaseText } from "./model-text.ts";
import { comparisonPage, reportPage } from "./page.ts";
import { kernelCase, kernelReport, modelCase, modelReport, timeline } from "./test-reports.ts";

const STEP = timeline(
  "forward/layer1/conv2d.tiled",
  "forward/layer1/norm",
  "forward/layer2/conv2d.tiled",
  "optimiser/sgd",
);

test("times are summed by part and by kernel", () => {
  const root = breakdown(STEP);
  expect(root).toMatchObject({ ms: 4, dispatches: 4 });
  expect(root.parts.map(({ name, ms }) => [name, ms])).toEqual([
    ["forward", 3],
    ["optimiser", 1],
  ]);
  expect(root.parts[0]?.parts[0]?.parts.map(({ name }) => name)).toEqual(["conv2d.tiled", "norm"]);
  expect(byKernelName(STEP)[0]).toMatchObject({ name: "conv2d.tiled", ms: 2, dispatches: 2 });
  expect(breakdown([])).toMatchObject({ ms: 0, parts: [] });
});

test("in an icicle a part is as wide as its time, and stands above what it consists of", () => {
  const svg = icicle(breakdown(STEP), "t");
  const boxes = [...svg.matchAll(/<title>(\S+): .*?<rect x="(\S+)" y="(\S+)" width="(\S+)"/g)];
  const places = Object.fromEntries(
    boxes.map(([, name, ...numbers]) => [name, numbers.map(Number)]),
  );
  expect(places["step"]).toEqual([0, 0, 1099.5]);
  expect(places["forward"]).toEqual([0, 22, 824.5]);
  expect(places["optimiser"]).toEqual([825, 22, 274.5]);
  expect(places["layer2"]).toEqual([550, 44, 274.5]);
  expect(places["sgd"]).toEqual([825, 44, 274.5]);
});

test("the roof is bandwidth on the left and arithmetic on the right", () => {
  const points = [
    { name: "a <b>", kind: "conv", intensity: 100, gflops: 50 },
    { name: "none", kind: "x", intensity: 0, gflops: 1 },
  ];
  const svg = roofline(points, { fmaGFLOPs: 100, copyGBs: 10 }, "t");
  expect(svg.match(/<circle/g)).toHaveLength(2);
  expect(svg).toContain("<title>a &lt;b&gt;: 50.0 GFLOP/s at 100 operations a byte</title>");
  const [, left, ridge, right] = /points="(\S+) (\S+) (\S+)"/.exec(svg) ?? [];
  const y = (point: string | undefined) => Number(point?.split(",")[1]);
  expect(y(ridge)).toBe(y(right));
  expect(y(left)).toBeGreaterThan(y(ridge));
});

test("bars are as long as the time over ours", () => {
  const group = (...values: number[]) => ({
    name: "conv",
    bars: values.map((value, i) => ({ name: `n${i}`, value })),
  });
  const svg = bars([group(1, 2, 4)], "ms", "t");
  const widths = [...svg.matchAll(/<rect x="380" y="\S+" width="(\S+)" height="10"/g)];
  // From a half to four times is three doublings.
  expect(widths.map(([, width]) => Number(width))).toEqual([210, 420, 630]);
});

test("a page of kernels has its roofline, its bars and its times; all of it escaped", () => {
  const page = reportPage(kernelReport([kernelCase("x <b>", { tiled: [10], tfjs: [30] })]));
  expect(page).toContain("<title>Roofline of the kernels</title>");
  expect(page).toContain("<title>x &lt;b&gt;, tfjs: 30.0 ms, 3.00 × ours</title>");
  expect(page).toContain("<td>x &#60;b&#62;</td><td>tiled *</td>");
  expect(page).not.toMatch(/<script|x <b>|undefined|NaN/);
  const alone = reportPage(kernelReport([kernelCase("x", { tiled: [10] })]));
  expect(alone).not.toContain("Against the peers");
});

test("a page of networks has times, memory, and where the time goes", () => {
  const report = modelReport([modelCase("Net inference 1×224²", STEP)]);
  const page = reportPage(report);
  expect(page).toContain("<title>Time of Net inference 1×224²</title>");
  expect(page).toContain("<h2>Memory</h2>");
  expect(page).toContain(">2.00</td><td");
  expect(page).not.toContain("<h2>Start-up</h2>");
  expect(reportPage(modelReport([modelCase("untimed", [])]))).not.toContain("<h2>Where");
  expect(modelCaseText(modelCase("Net", STEP))).toBe(
    `Net: 8.00 GFLOP, result 0badcafe
  100 ms (100 to 100), CPU 50.0 ms, device 4.00 ms
  10.0 images/s, 80.0 GFLOP/s, 80.0 % of the FMA ceiling
  4 dispatches
  memory: 4.00 MiB at the peak, 2.00 × the 2.00 MiB of live arrays; 1.00 MiB between steps
  by phase: forward 3.00 ms (75.0 %, 3), optimiser 1.00 ms (25.0 %, 1)
  by kernel: conv2d.tiled 2.00 ms (50.0 %, 2), norm 1.00 ms (25.0 %, 1), sgd 1.00 ms (25.0 %, 1)`,
  );
});

test("a page of two runs begins with what changed", () => {
  const before = kernelReport([kernelCase("x", { tiled: [10] })]);
  const page = comparisonPage(before, kernelReport([kernelCase("x", { tiled: [20] })]));
  expect(page).toContain("1 slower, 0 faster, 0 the same, by wall time.");
  expect(page).toContain("<td>x · tiled</td><td>▲\u00a0slower</td>");
});
