import { logTicks } from "@fauxgrad/training";
import type { Rates } from "../../measure/ceilings.ts";
import { digits } from "../text.ts";
import { colour, drawing, element, label, tooltip } from "./svg.ts";

/** Work that was timed. */
export interface RooflinePoint {
  readonly name: string;
  /** Decides the colour. */
  readonly kind: string;
  /** Operations for each byte of operands and output. */
  readonly intensity: number;
  readonly gflops: number;
}

const WIDTH = 1000;
const HEIGHT = 460;
const PLOT = { left: 70, top: 16, right: 790, bottom: HEIGHT - 46 };
const LEGEND_STEP = 20;

function scale(ticks: readonly number[], from: number, to: number) {
  const low = Math.log10(ticks[0] ?? 1);
  const high = Math.log10(ticks.at(-1) ?? 10);
  return (value: number) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
}

/**
 * Each point's rate over the work it does a byte, both logarithmic, under the two measured ceilings:
 * memory, `copy · intensity`, on the left and arithmetic on the right. What lies far below the roof
 * has something to gain.
 */
export function roofline(points: readonly RooflinePoint[], rates: Rates, title: string): string {
  const shown = points.filter(({ intensity, gflops }) => intensity > 0 && gflops > 0);
  const ridge = rates.fmaGFLOPs / rates.copyGBs;
  const intensities = [...shown.map(({ intensity }) => intensity), ridge];
  const speeds = [...shown.map(({ gflops }) => gflops), rates.fmaGFLOPs];
  const xTicks = logTicks(Math.min(...intensities) / 2, Math.max(...intensities) * 2);
  const yTicks = logTicks(Math.min(...speeds), Math.max(...speeds));
  const x = scale(xTicks, PLOT.left, PLOT.right);
  const y = scale(yTicks, PLOT.bottom, PLOT.top);
  const kinds = [...new Set(shown.map(({ kind }) => kind))];
  const [leftmost = 1, rightmost = 1] = [xTicks[0], xTicks.at(-1)];
  const slow = Math.max(leftmost, (yTicks[0] ?? 1) / rates.copyGBs);
  const roof = [
    [slow, slow * rates.copyGBs],
    [ridge, rates.fmaGFLOPs],
    [rightmost, rates.fmaGFLOPs],
  ].map(([at = 1, rate = 1]) => `${x(at).toFixed(1)},${y(rate).toFixed(1)}`);
  return drawing({ width: WIDTH, height: HEIGHT, title }, [
    ...yTicks.map((tick) => horizontal(y(tick), String(tick))),
    ...xTicks.map((tick) => vertical(x(tick), String(tick))),
    label((PLOT.left + PLOT.right) / 2, HEIGHT - 8, "operations a byte", middle),
    label(14, (PLOT.top + PLOT.bottom) / 2, "GFLOP/s", {
      ...middle,
      transform: `rotate(-90 14 ${(PLOT.top + PLOT.bottom) / 2})`,
    }),
    element("polyline", {
      points: roof.join(" "),
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 2,
    }),
    label(x(ridge) + 6, y(rates.fmaGFLOPs) - 5, `FMA ${digits(rates.fmaGFLOPs)} GFLOP/s`),
    label(x(slow) + 30, y(slow * rates.copyGBs) - 8, `copy ${digits(rates.copyGBs)} GB/s`),
    ...shown.map(({ name, kind, intensity, gflops }) =>
      element(
        "circle",
        {
          cx: x(intensity),
          cy: y(gflops),
          r: 4.5,
          fill: colour(kinds.indexOf(kind)),
          "fill-opacity": 0.8,
        },
        tooltip(`${name}: ${digits(gflops)} GFLOP/s at ${digits(intensity)} operations a byte`),
      ),
    ),
    ...kinds.map((kind, i) => legend(kind, i)),
  ]);
}

const middle = { "text-anchor": "middle" };

function horizontal(y: number, tick: string): string {
  const line = { x1: PLOT.left, x2: PLOT.right, y1: y, y2: y, ...rule };
  return element("line", line) + label(PLOT.left - 8, y + 4, tick, { "text-anchor": "end" });
}

function vertical(x: number, tick: string): string {
  const line = { x1: x, x2: x, y1: PLOT.top, y2: PLOT.bottom, ...rule };
  return element("line", line) + label(x, PLOT.bottom + 17, tick, middle);
}

const rule = { stroke: "currentColor", "stroke-opacity": 0.15 };

function legend(kind: string, i: number): string {
  const y = PLOT.top + 10 + i * LEGEND_STEP;
  const dot = element("circle", { cx: PLOT.right + 20, cy: y, r: 5, fill: colour(i) });
  return dot + label(PLOT.right + 32, y + 4, kind);
}
