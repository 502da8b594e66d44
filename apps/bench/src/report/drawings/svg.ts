/*
 * The little that the drawings of a report need to write SVG. Text and axes take the page's colour,
 * so that the drawings are right in light and dark; `<title>` elements are the tooltips.
 */
import { escapeXml } from "@fauxgrad/training";

/** Okabe and Ito's colours, told apart by the colour-blind. */
export const COLOURS = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#8c6d31",
] as const;

/** One of {@link COLOURS}, from the start again when they are used up. */
export function colour(i: number): string {
  return COLOURS[i % COLOURS.length] ?? COLOURS[0];
}

/** An element; attributes are escaped, `children` is markup already. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  children = "",
): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escapeXml(typeof value === "number" ? short(value) : value)}"`,
  );
  return `<${name}${written.join("")}>${children}</${name}>`;
}

/** Text at a place. */
export function label(
  x: number,
  y: number,
  content: string,
  attributes: Readonly<Record<string, string | number>> = {},
): string {
  return element("text", { x, y, ...attributes }, escapeXml(content));
}

/** What is shown where the pointer rests. */
export function tooltip(content: string): string {
  return `<title>${escapeXml(content)}</title>`;
}

/** A drawing with what it shows, for those who do not see it. */
export function drawing(
  { width, height, title }: { width: number; height: number; title: string },
  children: readonly string[],
): string {
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${short(width)} ${short(height)}`,
      role: "img",
      "font-family": "system-ui, sans-serif",
      "font-size": 12,
      fill: "currentColor",
    },
    `${tooltip(title)}\n${children.join("\n")}\n`,
  );
}

/** At most two places behind the point. */
function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}
