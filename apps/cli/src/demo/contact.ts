import { contactSheet, type RgbImage } from "@fauxgrad/models/transforms";
import type { DemoSection } from "./page.ts";
import { panelNames } from "./panels.ts";

/** All pictures of the demo as one: a row for each photograph and network. */
export function demoContactSheet(sections: readonly DemoSection[]): RgbImage {
  const rows = sections.flatMap(({ short, panels }) =>
    panels.map(({ title, image, gradient, channels }) => ({
      label: `${title} - ${short}`,
      pictures: [image, gradient, ...channels],
    })),
  );
  return contactSheet(
    rows.map(({ pictures }) => pictures),
    { columnLabels: panelNames, rowLabels: rows.map(({ label }) => label), margin: 10 },
  );
}
