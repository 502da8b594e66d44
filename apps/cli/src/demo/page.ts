import type { Report, ReportSection } from "../report/report.ts";
import { formatDuration } from "../terminal/units.ts";
import { type Panels, panelImages } from "./panels.ts";

/** A network of the demo, and what came of it. */
export interface DemoSection {
  readonly title: string;
  /** Who made the network, and what to look for. */
  readonly paragraphs: readonly string[];
  /** `pggan (random, seed 1)`: a row's name in the contact sheet. */
  readonly short: string;
  readonly panels: readonly Panels[];
}

const INTRO = [
  "How would a network's output change if one pixel became a little brighter? Asked for every " +
    "pixel and colour at once, the answer is the gradient: an image of what the network pays " +
    "attention to, and how. LGrad (Tan et al., CVPR 2023) learns to tell generated images from " +
    "photographs on such gradients, because they leave the scene behind and keep the fine " +
    "structure, where generators leave their traces.",
  "This page shows that representation, and nothing more: it gives no verdict. All pictures here " +
    "are real photographs. The classifier that would judge their gradients is a separate step, " +
    "and needs training.",
];

const READING = [
  "The photograph is what the network was given: resized to the network's square input, which " +
    "squeezes it, as LGrad does.",
  "Its gradient is the picture that LGrad's classifier would get: smallest value black, largest " +
    "white, over all pixels and colours together.",
  "Red, green and blue are the gradient's channels in false colours, as in Fig. 1 of the paper: " +
    "dark blue for a channel's lowest values, dark red for its highest. At each end, half a " +
    "percent of the pixels share the end's colour.",
  "Gradients are small numbers; the tables give their range. Only their pattern matters: the " +
    "picture stays the same if all values are multiplied by one number.",
];

/** The demo's page. */
export async function demoReport(
  sections: readonly DemoSection[],
  device: string,
  footer: readonly string[],
): Promise<Report> {
  return {
    title: "Photographs, and the gradients LGrad sees",
    device: `Computed on ${device}`,
    intro: INTRO,
    sections: [{ title: "How to read this page", notes: READING }, ...(await all(sections))],
    footer,
  };
}

function all(sections: readonly DemoSection[]): Promise<ReportSection[]> {
  return Promise.all(sections.map(reportSection));
}

async function reportSection(section: DemoSection): Promise<ReportSection> {
  const { title, paragraphs, panels } = section;
  const rows = await Promise.all(
    panels.map(async (panel) => ({ title: panel.title, images: await panelImages(panel) })),
  );
  const cells = panels.map(({ title: name, range, ms }) => [
    name,
    range.min.toExponential(2),
    range.max.toExponential(2),
    range.l2.toExponential(2),
    formatDuration(ms),
  ]);
  const columns = ["photograph", "smallest", "largest", "L2 norm", "time"];
  return { title, paragraphs, rows, tables: [{ columns, rows: cells }] };
}
