import {
  type DetectorVerdict,
  type Judgement,
  KNOWN_FAKES,
  type ListedDetector,
} from "@fauxgrad/detectors";
import { contactSheet, type RgbImage } from "@fauxgrad/models/transforms";
import { judgementReport } from "../detect/detect-page.ts";
import { judgementRow } from "../detect/detect-pictures.ts";
import { judgedFile } from "../detect/judged-file.ts";
import type { Report, ReportSection } from "../report/report.ts";
import { type ExampleImage, exampleName } from "./example-images.ts";

/** An image of the demo, and what the detectors say. */
export interface JudgedExample {
  readonly example: ExampleImage;
  readonly judgement: Judgement;
}

/** What it ran on, and how long. */
export interface DemoFacts {
  readonly detectors: readonly ListedDetector[];
  readonly device: string;
  readonly ms: number;
}

const INTRO = [
  "Some of these pictures are photographs, as a camera took them. Of the others, a generative " +
    "adversarial network made the fine structure: it was given a shrunk photograph and drew a large " +
    "one. Two detectors judged them all. LGrad (Tan et al., CVPR 2023) looks at the gradient of an " +
    "image through another network, T-GD (Jeon et al., ICML 2020) at the image itself.",
];

/** What the detectors have learned, each, and what is new to them. */
function learnedText(detectors: readonly ListedDetector[]): string {
  const known = detectors.map(({ title, training }) => `${title} knows ${training[KNOWN_FAKES]}`);
  return (
    "The detectors were trained by this program, with its own kernels, on other photographs and on " +
    `what generators made of those: ${known.join("; ")}. Any other generator is new to them: how ` +
    "often they are right on each, on many more pictures, is in docs/results.md."
  );
}

const SECTIONS: readonly {
  readonly kind: ExampleImage["kind"];
  readonly title: string;
  readonly text: string;
}[] = [
  { kind: "real", title: "Photographs", text: "Nothing here was made by a GAN." },
  {
    kind: "fake",
    title: "Made by GANs",
    text: "Four generators; their names are in brackets.",
  },
  {
    kind: "control",
    title: "A control",
    text:
      "Made large again by a network that was not trained adversarially. A detector of GANs should " +
      "not call it fake; a detector of upsampling would.",
  },
];

/** How the verdicts of the examples compare with what is known of them. */
export interface Tally {
  readonly title: string;
  readonly right: number;
  readonly of: number;
}

/** Of each detector: how many photographs and fakes it calls what they are; the control is left out. */
export function tally(examples: readonly JudgedExample[]): Tally[] {
  const decided = examples.filter(({ example }) => example.kind !== "control");
  const [first] = decided;
  return (first?.judgement.detectors ?? []).map(({ title }, i) => ({
    title,
    right: decided.filter(
      ({ example, judgement }) => judgement.detectors[i]?.isFake === (example.kind === "fake"),
    ).length,
    of: decided.length,
  }));
}

/** The demo's page. */
export async function demoReport(
  examples: readonly JudgedExample[],
  { detectors, device, ms }: DemoFacts,
): Promise<Report> {
  const sections: ReportSection[] = [];
  for (const { kind, title, text } of SECTIONS) {
    const of = examples.filter(({ example }) => example.kind === kind);
    const rows = await Promise.all(
      of.map(({ example, judgement }) => judgementRow(exampleName(example), judgement)),
    );
    if (rows.length > 0) sections.push({ title, paragraphs: [text], rows });
  }
  return judgementReport({
    title: "Photographs, fakes, and what the detectors say",
    intro: [...INTRO, learnedText(detectors), tallyText(examples)],
    files: examples.map(({ example, judgement }) => judgedFile(exampleName(example), judgement)),
    ...{ sections, detectors, device, ms },
    footer: [
      "Photographs, reduced in size:",
      ...new Set(examples.map(({ example }) => example.credit)),
    ],
  });
}

/** `Of these 10 pictures LGrad calls 9 what they are, T-GD 10.` */
export function tallyText(examples: readonly JudgedExample[]): string {
  const [first, ...others] = tally(examples);
  if (first === undefined) return "";
  const more = others.map(({ title, right }) => `, ${title} ${right}`).join("");
  return (
    `Of these ${first.of} photographs and fakes ${first.title} calls ${first.right} what they ` +
    `are${more}.`
  );
}

/** All pictures of the demo as one: a row for each image. */
export function demoContactSheet(examples: readonly JudgedExample[]): RgbImage {
  const rows = examples.map(({ example, judgement }) => ({
    label: `${exampleName(example)}: ${judgement.detectors.map(shortVerdict).join(", ")}`,
    pictures: [judgement.seen, ...judgement.detectors.flatMap(picturesOf)],
  }));
  const columnLabels = [
    "image",
    ...(examples[0]?.judgement.detectors ?? []).flatMap(({ title, explanation }) => [
      ...(explanation?.gradient ? [`${title}: gradient`] : []),
      ...(explanation ? [`${title}: map`] : []),
    ]),
  ];
  return contactSheet(
    rows.map(({ pictures }) => pictures),
    { columnLabels, rowLabels: rows.map(({ label }) => label), margin: 10 },
  );
}

function picturesOf({ explanation }: DetectorVerdict): RgbImage[] {
  if (explanation === null) return [];
  const { gradient, map } = explanation;
  return gradient === null ? [map] : [gradient, map];
}

function shortVerdict({ title, isFake, probability }: DetectorVerdict): string {
  return `${title} ${isFake ? "fake" : "real"} ${probability.toFixed(2)}`;
}
