// The pictures of a judgement: as files in a folder of its own, and as a row of a page.

import path from "node:path";
import type { DetectorVerdict, Judgement } from "@fauxgrad/detectors";
import type { RgbImage } from "@fauxgrad/models/transforms";
import { writePng } from "../io/write-png.ts";
import { jpegPicture, pngPicture } from "../report/pictures.ts";
import type { ImageRow, ReportImage } from "../report/report.ts";
import { fileError } from "../session/files.ts";

/**
 * Writes `seen.png` (the squares that were judged), and of each detector `NAME-map.png` and, of
 * LGrad, `NAME-gradient.png`.
 *
 * @throws {FileError} if the disk refuses
 */
export async function writePictures(
  folder: string,
  { seen, detectors }: Pick<Judgement, "seen" | "detectors">,
): Promise<void> {
  await write(path.join(folder, "seen.png"), seen);
  for (const { name, explanation } of detectors) {
    if (explanation === null) continue;
    const { gradient, map } = explanation;
    if (gradient !== null) await write(path.join(folder, `${name}-gradient.png`), gradient);
    await write(path.join(folder, `${name}-map.png`), map);
  }
}

async function write(file: string, picture: RgbImage): Promise<void> {
  await writePng(file, picture).catch((cause: unknown) => {
    throw fileError("write", file, cause);
  });
}

/** The image, LGrad's gradient and every detector's map, side by side. */
export async function judgementRow(
  title: string,
  { seen, detectors, words }: Judgement,
): Promise<ImageRow> {
  const images: Promise<ReportImage>[] = [
    jpegPicture(seen, { alt: `${title}: what was judged`, caption: words }),
  ];
  for (const verdict of detectors) {
    const { explanation, title: detector } = verdict;
    if (explanation === null) continue;
    const { gradient, map } = explanation;
    if (gradient !== null) {
      const text = `${detector}: the gradient that its classifier sees`;
      images.push(pngPicture(gradient, { alt: `${title}: ${text}`, caption: text }));
    }
    images.push(
      jpegPicture(map, {
        alt: `${title}: where ${detector} looked`,
        caption: `${detector}: ${verdictText(verdict)}`,
      }),
    );
  }
  return { title, images: await Promise.all(images) };
}

/** `fake, probability 0.98` */
export function verdictText({ isFake, probability }: DetectorVerdict): string {
  return `${isFake ? "fake" : "real"}, probability of fake ${probability.toFixed(2)}`;
}
