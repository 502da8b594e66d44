// What is said about one picture, as an article of the page.

import { type DetectorVerdict, type Judgement, judgementNumbers } from "@fauxgrad/detectors";
import type { RgbImage } from "@fauxgrad/models/transforms";
import { element } from "./page-elements.ts";

const HEADLINES: Readonly<Record<Judgement["verdict"], string>> = {
  fake: "Fake, say the detectors",
  real: "Real, say the detectors",
  undecided: "Undecided",
};

/** The verdict, each detector's probability, the pictures, the numbers as a file. */
export function judgementView(name: string, judgement: Judgement): HTMLElement {
  const { verdict, words, unfamiliar, detectors } = judgement;
  const isFamiliar = unfamiliar.length === 0;
  const headline = `${HEADLINES[verdict]}${isFamiliar ? "" : ", but they do not know such pictures"}`;
  return element(
    "article",
    `result ${verdict}`,
    element("h3", "", name),
    element("p", "verdict", headline),
    element("p", "words", words),
    verdictTable(detectors),
    pictures(name, judgement),
    element("p", "facts", factsOf(judgement), " ", numbersLink(name, judgement)),
  );
}

/** Why there is no verdict. */
export function failureView(name: string, reason: string): HTMLElement {
  return element(
    "article",
    "result failed",
    element("h3", "", name),
    element("p", "verdict", "Not judged"),
    element("p", "words", reason),
  );
}

function verdictTable(detectors: readonly DetectorVerdict[]): HTMLElement {
  const head = element("tr", "");
  for (const title of ["detector", "says", "probability of fake", "logit"]) {
    const cell = element("th", title === "logit" ? "number" : "", title);
    cell.scope = "col";
    head.append(cell);
  }
  const rows = detectors.map(({ title, isFake, probability, logit }) => {
    const meter = element("meter", "");
    meter.value = probability;
    meter.setAttribute("aria-label", `probability of fake, by ${title}`);
    const name = element("th", "", title);
    name.scope = "row";
    return element(
      "tr",
      isFake ? "fake" : "real",
      name,
      element("td", "", isFake ? "fake" : "real"),
      element("td", "probability", meter, ` ${probability.toFixed(2)}`),
      element("td", "number", logit.toFixed(4)),
    );
  });
  const table = element("table", "", element("thead", "", head), element("tbody", "", ...rows));
  return element("div", "scroll", table);
}

function pictures(name: string, { seen, detectors }: Judgement): HTMLElement {
  const row = element("div", "row", figure(seen, `${name}: what was judged`, "what was judged"));
  for (const { title, explanation } of detectors) {
    if (explanation === null) continue;
    const { gradient, map } = explanation;
    if (gradient !== null) {
      const text = `${title}: the gradient that its classifier sees`;
      row.append(figure(gradient, `${name}: ${text}`, text));
    }
    const text = `${title}: what speaks for fake, red most, blue least`;
    row.append(figure(map, `${name}: ${text}`, text));
  }
  return row;
}

function figure(image: RgbImage, description: string, caption: string): HTMLElement {
  const { width, height, data } = image;
  const canvas = element("canvas", "");
  canvas.width = width;
  canvas.height = height;
  canvas.role = "img";
  canvas.ariaLabel = description;
  const pixels = new ImageData(width, height);
  for (let read = 0, write = 0; read < data.length; read += 3, write += 4) {
    pixels.data[write] = data[read]!;
    pixels.data[write + 1] = data[read + 1]!;
    pixels.data[write + 2] = data[read + 2]!;
    pixels.data[write + 3] = 255;
  }
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return element("figure", "", canvas, element("figcaption", "", caption));
}

function factsOf({ width, height, plan }: Judgement): string {
  const { size, corners } = plan;
  const squares = corners.length === 1 ? "1 square" : `${corners.length} squares`;
  return `${width} x ${height} pixels, judged as ${squares} of ${size} x ${size}.`;
}

/** As `fauxgrad detect --json` prints them. */
function numbersLink(name: string, judgement: Judgement): HTMLAnchorElement {
  const numbers = { file: name, ...judgementNumbers(judgement), error: null };
  const blob = new Blob([JSON.stringify(numbers, null, 2)], { type: "application/json" });
  const link = element("a", "numbers", "All numbers as JSON");
  link.href = URL.createObjectURL(blob);
  link.download = `${name.replace(/[^\w.-]+/g, "-")}.json`;
  return link;
}
