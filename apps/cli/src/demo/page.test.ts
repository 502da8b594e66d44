import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../io/decode-image.ts";
import { renderReport } from "../report/html.ts";
import { demoContactSheet } from "./contact.ts";
import { type DemoSection, demoReport } from "./page.ts";
import { drawPanels } from "./panels.ts";
import { demoPhotos } from "./photos.ts";

/** A network whose gradient is a ramp over 8 x 6 pixels, from -1 to 1. */
function section(short: string): DemoSection {
  const [width, height] = [8, 6];
  const image = { width, height, data: new Uint8Array(width * height * 3).fill(90) };
  const last = width * height * 3 - 1;
  const ramp = Float32Array.from({ length: last + 1 }, (_, i) => (2 * i) / last - 1);
  const panels = ["A <cat>", "A dog"].map((title) => drawPanels(title, image, ramp, 1234));
  return { title: `The ${short}`, short, paragraphs: ["About it."], panels };
}

test("panels are the gradient's bytes, its channels, and its range", () => {
  const [panels] = section("network").panels;
  expect(panels?.gradient.data[0]).toBe(0);
  expect(panels?.gradient.data.at(-1)).toBe(255);
  // Jet, from dark blue to dark red.
  expect([...panels!.channels[0].data.subarray(0, 3)]).toEqual([0, 0, 128]);
  expect([...panels!.channels[2].data.subarray(-3)]).toEqual([128, 0, 0]);
  expect(panels?.range.min).toBe(-1);
  expect(panels?.range.max).toBe(1);
  // Σ (2i/143 − 1)² over i = 0 … 143 is 144·145/(3·143).
  expect(panels?.range.l2).toBeCloseTo(Math.sqrt((144 * 145) / (3 * 143)), 5);
});

test("the page shows every picture of every network, and says that it is no verdict", async () => {
  const sections = [section("first"), section("second")];
  const report = await demoReport(sections, "a device", ["the small print"]);
  const page = renderReport(report);
  expect(page.match(/<img /g)).toHaveLength(2 * 2 * 5);
  expect(page).toContain("it gives no verdict");
  expect(page).toContain("Computed on a device");
  expect(page).toContain("A &#60;cat&#62;: the gradient&#39;s red channel");
  expect(page).toContain("<td>-1.00e+0</td><td>1.00e+0</td>");
  expect(page).toContain("the small print");
});

test("the contact sheet has a row for each photograph and network", () => {
  const sheet = demoContactSheet([section("first"), section("second")]);
  const one = demoContactSheet([section("first")]);
  expect(sheet.width).toBe(one.width);
  expect(sheet.width).toBe(5 * (8 + 10) + 10);
  expect(sheet.height).toBeGreaterThan(one.height);
});

const FOLDER = new URL("../../assets/photos/", import.meta.url);

describe("the photographs", () => {
  test.each(demoPhotos(FOLDER).map((photo) => [photo.title, photo] as const))(
    "are there, and credited as their list says: %s",
    async (_, { file, credit }) => {
      const { width, height } = await decodeImage(file);
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(256);
      const list = await readFile(new URL("ATTRIBUTION.md", FOLDER), "utf8");
      const [, author, licence, source] = /^.*: (.*), (.*), (https:.*)$/.exec(credit) ?? [];
      const row = list.split("\n").find((line) => line.includes(`\`${path.basename(file)}\``));
      expect(row?.replace(/ +/g, " ")).toContain(`| ${author} | ${licence} | <${source}>`);
    },
  );
});
