// The part of a model card that a program knows: facts, numbers, files. The rest is written by people.

import { type ListedDetector, weightsFiles } from "@fauxgrad/detectors";
import { markdownTable } from "../report/markdown.ts";
import { formatCount } from "../terminal/units.ts";

const BEGIN = "<!-- facts: written by fauxgrad ship-detectors -->";
const END = "<!-- end of facts -->";

/** A detector of a card, and what was run for it. */
export interface CardEntry {
  readonly detector: ListedDetector;
  readonly commands: readonly string[];
  readonly fakes: readonly string[];
}

/**
 * A model card: the one that there is with its facts replaced, or a new one.
 *
 * @param before the card's text; null where there is none
 */
export function modelCard(before: string | null, entries: readonly CardEntry[]): string {
  const facts = [BEGIN, "", ...entries.flatMap(factLines), END].join("\n");
  if (before === null) return `${newCard(entries, facts)}\n`;
  const begin = before.indexOf(BEGIN);
  const end = before.indexOf(END);
  if (begin < 0 || end < begin) return `${before.trimEnd()}\n\n${facts}\n`;
  return before.slice(0, begin) + facts + before.slice(end + END.length);
}

function factLines({ detector, commands, fakes }: CardEntry): string[] {
  const { name, title, kind, calibration, threshold, training } = detector;
  const { scale, shift, method } = calibration;
  const rows = [
    ["fact", "value"],
    ["kind", kind],
    ["calibrated by", `real and ${fakes.join(", ")} of the validation split`],
    ["probability", `σ(${scale.toPrecision(6)} · logit + ${shift.toPrecision(6)}) (${method})`],
    ["fake above", String(threshold)],
    ...Object.entries(training).map(([fact, value]) => [
      fact,
      typeof value === "number" ? String(Number(value.toPrecision(6))) : value,
    ]),
  ];
  return [
    `### ${title} (\`${name}\`)`,
    "",
    ...markdownTable(rows),
    "",
    ...markdownTable([
      ["file", "bytes", "SHA-256"],
      ...weightsFiles(detector).map(({ file, bytes, sha256 }) => [
        file,
        formatCount(bytes),
        sha256,
      ]),
    ]),
    "",
    ...(commands.length > 0 ? ["```sh", ...commands, "```", ""] : []),
  ];
}

function newCard(entries: readonly CardEntry[], facts: string): string {
  const titles = [...new Set(entries.map(({ detector }) => detector.title))].join(", ");
  return [
    `# Model card: ${titles}`,
    "",
    "## What it judges",
    "",
    "Squares of 128 x 128 pixels of an image, at the image's own resolution. An image's logit is the mean",
    "of its squares'. The question is whether a generative adversarial network made the fine structure of",
    "the image, not whether its scene is real.",
    "",
    "## Data",
    "",
    "Regions of photographs, all public domain or CC0, and what four super-resolution generators that were",
    "trained adversarially made of the same regions. Every fake has its real twin. Training squares are as",
    "they are; the calibration has seen JPEG of quality 70 to 95, too. Photographs are in one split only.",
    "See `docs/data.md`.",
    "",
    "## Facts",
    "",
    facts,
    "",
    "## Scores on the test split",
    "",
    "In `docs/results.md`, with the command that recomputes them. Test images were used for nothing else.",
    "",
    "## What it cannot do",
    "",
    "- The fakes are GAN-made detail on photographed scenes. Nothing was measured on scenes that a generator",
    "  invented, on faces, or on diffusion models.",
    "- It can take other processing for a generator's, upsampling above all: see the control columns.",
    "- Probabilities hold for collections of which half are fakes.",
    "- Few photographs were learned from. No probability is proof.",
    "",
    "## Licences",
    "",
    "The weights: MIT, as the program. The photographs: public domain or CC0; authors and sources are in",
    "`examples/images/README.md` for those that are shipped.",
  ].join("\n");
}
