import type { Slice } from "../breakdown.ts";
import { digits } from "../text.ts";
import { colour, drawing, element, label, tooltip } from "./svg.ts";

const WIDTH = 1100;
const ROW = 22;
/** Narrower ones are not seen; their parent is. */
const LEAST_WIDTH = 0.4;
/** Of a character, about. */
const CHARACTER = 6.4;
const LEAST_CHARACTERS = 3;

/** Kernels of a family, `conv2d.…`, have one colour. */
function colourOf(kernel: string, families: Map<string, number>): string {
  const [family = kernel] = kernel.split(/[./ ]/);
  const known = families.get(family) ?? families.size;
  families.set(family, known);
  return colour(known);
}

function depthOf({ parts }: Slice): number {
  return 1 + Math.max(0, ...parts.map(depthOf));
}

/**
 * Time from the outermost part of a step down to its kernels: what stands below something is what
 * it consists of, and widths are times. Kernels are coloured by family.
 */
export function icicle(root: Slice, title: string): string {
  const families = new Map<string, number>();
  const drawn: string[] = [];
  const draw = (slice: Slice, x: number, level: number) => {
    const width = (slice.ms / root.ms) * WIDTH;
    if (!(width >= LEAST_WIDTH)) return;
    const isKernel = slice.parts.length === 0;
    const share = digits((100 * slice.ms) / root.ms);
    const text = `${slice.name}: ${digits(slice.ms)} ms, ${share} %, ${slice.dispatches} dispatches`;
    const paint = isKernel
      ? { fill: colourOf(slice.name, families), "fill-opacity": 0.75 }
      : { fill: "currentColor", "fill-opacity": 0.12 };
    const box = { x, y: level * ROW, width: Math.max(width - 0.5, LEAST_WIDTH), height: ROW - 1 };
    const characters = Math.floor((width - 6) / CHARACTER);
    const name =
      slice.name.length <= characters ? slice.name : `${slice.name.slice(0, characters - 1)}…`;
    const written =
      characters < LEAST_CHARACTERS
        ? ""
        : label(x + 3, level * ROW + 15, name, { "pointer-events": "none" });
    drawn.push(element("g", {}, tooltip(text) + element("rect", { ...box, ...paint }) + written));
    let left = x;
    for (const part of slice.parts) {
      draw(part, left, level + 1);
      left += (part.ms / root.ms) * WIDTH;
    }
  };
  draw(root, 0, 0);
  return drawing({ width: WIDTH, height: depthOf(root) * ROW, title }, drawn);
}
