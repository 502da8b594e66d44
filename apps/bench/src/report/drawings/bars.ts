import { digits } from "../text.ts";
import { colour, drawing, element, label, tooltip } from "./svg.ts";

/** One thing, done by several. */
export interface BarGroup {
  readonly name: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
}

const WIDTH = 1100;
const LEFT = 380;
const RIGHT = WIDTH - 90;
const BAR = 11;
const GAP = 9;
const HEAD = 26;
const LEGEND_STEP = 130;

/**
 * A group of bars for each thing, as long as their values over the group's first: the line at 1 is
 * ourselves, and what goes beyond it took longer. The scale is logarithmic.
 *
 * @param unit of the values, written beside each bar
 */
export function bars(groups: readonly BarGroup[], unit: string, title: string): string {
  const names = [...new Set(groups.flatMap((group) => group.bars.map(({ name }) => name)))];
  const ratios = groups.flatMap(({ bars: all }) => all.map(({ value }) => ratioOf(value, all)));
  const low = Math.log2(Math.min(0.5, ...ratios));
  const high = Math.log2(Math.max(2, ...ratios));
  const at = (ratio: number) => LEFT + ((Math.log2(ratio) - low) / (high - low)) * (RIGHT - LEFT);
  const drawn: string[] = [];
  let y = HEAD;
  for (const group of groups) {
    drawn.push(label(LEFT - 8, y + (group.bars.length * BAR) / 2 + 4, group.name, end));
    for (const { name, value } of group.bars) {
      const ratio = ratioOf(value, group.bars);
      const text = `${group.name}, ${name}: ${digits(value)} ${unit}, ${digits(ratio)} × ours`;
      drawn.push(
        element(
          "rect",
          {
            x: LEFT,
            y,
            width: Math.max(1, at(ratio) - LEFT),
            height: BAR - 1,
            fill: colour(names.indexOf(name)),
          },
          tooltip(text),
        ),
        label(at(ratio) + 4, y + BAR - 2, `${digits(value)} ${unit}`, { "font-size": 10 }),
      );
      y += BAR;
    }
    y += GAP;
  }
  const ours = element("line", {
    x1: at(1),
    x2: at(1),
    y1: HEAD - 4,
    y2: y,
    stroke: "currentColor",
    "stroke-dasharray": "3 3",
  });
  return drawing({ width: WIDTH, height: y, title }, [
    ...names.map((name, i) => legend(name, i)),
    ...drawn,
    ours,
  ]);
}

const end = { "text-anchor": "end" };

function ratioOf(value: number, all: BarGroup["bars"]): number {
  return value / (all[0]?.value ?? value);
}

function legend(name: string, i: number): string {
  const x = LEFT + i * LEGEND_STEP;
  const box = element("rect", { x, y: 4, width: 12, height: 12, fill: colour(i) });
  return box + label(x + 18, 14, name);
}
