import { resize } from "@fauxgrad/models/transforms";
import { decodeImage } from "../io/decode-image.ts";
import { encodePng } from "../io/write-png.ts";
import type { ImageRow, Report, ReportImage, ReportSection } from "../report/report.ts";
import { tableOf } from "../report/tables.ts";
import { plural } from "../terminal/units.ts";
import { type Audit, baselines, leaks } from "./audit.ts";
import { duplicateRows, LIKENESS_TITLES, propertyRows } from "./audit-text.ts";
import type { DuplicateGroup } from "./duplicates.ts";
import type { Examined } from "./examine-files.ts";
import { countRows } from "./placed-files.ts";

const MOST_GROUPS = 12;
const MOST_IMAGES = 5;
const MOST_PROBLEMS = 100;
const THUMBNAIL = 160;

/** An audit as a page, with some of the duplicates as pictures. */
export async function auditPage(audit: Audit): Promise<Report> {
  const found = leaks(audit);
  const plain = baselines(audit);
  const sections = [
    {
      title: found.length === 0 ? "No leak found" : "Leaks",
      paragraphs:
        found.length === 0
          ? [
              "No picture is in two splits, and no property of the files tells the classes well apart.",
            ]
          : ["What would make a detector's score worthless, and what to do."],
      notes: found,
    },
    plain.length === 0
      ? null
      : {
          title: "Baselines to beat",
          paragraphs: [
            "Plain numbers of the pictures that tell the classes apart. They may be the generator's " +
              "own trace; a detector that does no better has learnt no more.",
          ],
          notes: plain,
        },
    countSection(audit),
    propertySection(audit),
    generatorSection(audit),
    await duplicateSection(audit),
    problemSection(audit),
  ].filter((section) => section !== null);
  return {
    title: "Audit of a data set",
    device: `${audit.folder}, ${plural(audit.images, "image")}`,
    intro: audit.notices,
    sections,
    footer: [
      "By fauxgrad data audit. docs/data.md says how each number is made, and what it cannot see.",
    ],
  };
}

function countSection({ sets }: Audit): ReportSection {
  return { title: "Images", tables: [tableOf(countRows(sets))] };
}

function propertySection(audit: Audit): ReportSection {
  return {
    title: "Properties",
    paragraphs: [
      "How well one property of the files, alone, tells real from fake: the area under the ROC " +
        "curve of a detector that sees nothing else. Even: chance would do as well. Slight: below " +
        "0.6. Strong: below 0.8. Decisive: from 0.8 on. A detector trained on such files may have " +
        "learnt this and nothing else.",
    ],
    tables: [tableOf(propertyRows(audit))],
  };
}

function generatorSection({ properties }: Audit): ReportSection | null {
  const names = properties[0]?.generators.map(({ generator }) => generator) ?? [];
  if (names.length === 0) return null;
  const rows = properties.map(({ name, generators }) => [
    name,
    ...generators.map(({ auc }) => (Number.isNaN(auc) ? "-" : auc.toFixed(3))),
  ]);
  return {
    title: "By generator",
    paragraphs: ["The same areas, for the fakes of each generator against their real images."],
    tables: [{ columns: ["property", ...names.map((name) => name || "-")], rows }],
  };
}

async function duplicateSection(audit: Audit): Promise<ReportSection> {
  const { duplicates, distance } = audit;
  const rows: ImageRow[] = [];
  for (const group of duplicates.slice(0, MOST_GROUPS)) rows.push(await pictureRow(group));
  const more = duplicates.length - rows.length;
  return {
    title: "Duplicates",
    paragraphs: [
      `The same picture: hashes that differ in at most ${distance} of 64 bits, confirmed by ` +
        "thumbnails. Across splits, a test image was trained on. Across classes, a fake resembles " +
        "its real twin, which is as it should be where fakes were made from photographs.",
    ],
    tables: [tableOf(duplicateRows(audit))],
    rows,
    ...(more > 0 ? { notes: [`And ${plural(more, "group")} more; --json lists all.`] } : {}),
  };
}

async function pictureRow({ likeness, images, ...across }: DuplicateGroup): Promise<ImageRow> {
  const where = [
    ...(across.acrossSplits ? ["across splits"] : []),
    ...(across.acrossClasses ? ["across classes"] : []),
  ];
  const pictures: ReportImage[] = [];
  for (const each of images.slice(0, MOST_IMAGES)) {
    const picture = await thumbnail(each);
    if (picture !== null) pictures.push(picture);
  }
  const more = images.length - MOST_IMAGES;
  const title = [LIKENESS_TITLES[likeness], ...where].join(", ");
  return { title: more > 0 ? `${title}; and ${more} more` : title, images: pictures };
}

/** Null if the file has gone since. */
async function thumbnail({ image, width, height }: Examined): Promise<ReportImage | null> {
  const picture = await decodeImage(image.file, { maxPixels: width * height }).catch(() => null);
  if (picture === null) return null;
  const scale = Math.min(1, THUMBNAIL / Math.max(width, height));
  const size = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
  const label = image.label === 0 ? "real" : "fake";
  return {
    bytes: await encodePng(resize(picture, size, "bilinear")),
    type: "image/png",
    ...size,
    alt: `${label}: ${image.path}`,
    caption: `${label}: ${image.path}`,
  };
}

function problemSection({ problems }: Audit): ReportSection | null {
  if (problems.length === 0) return null;
  const more = problems.length - MOST_PROBLEMS;
  return {
    title: "Left out",
    paragraphs: ["Files that cannot be read or decoded; no number counts them."],
    tables: [
      {
        columns: ["file", "problem"],
        rows: problems.slice(0, MOST_PROBLEMS).map(({ file, problem }) => [file, problem]),
      },
    ],
    ...(more > 0 ? { notes: [`And ${more} more.`] } : {}),
  };
}
