/*
 * The properties that an audit measures, each with its remedy.
 */
import {
  type Label,
  measureProperty,
  type PropertyMeasure,
  type PropertyValue,
  withSharedReals,
} from "@fauxgrad/training";
import type { Examined } from "./examine-files.ts";

/**
 * What a difference means. `file`: of how pictures were kept, which a detector must not learn.
 * `pixels`: a plain number of the picture itself, which may be content or the generator's own trace.
 * `coded`: of the picture if all files are of one lossless format, else of the file.
 */
type Kind = "file" | "pixels" | "coded";

interface Property {
  readonly name: string;
  readonly kind: Kind;
  readonly value: (examined: Examined) => PropertyValue;
  /** Digits after the point, of numbers. */
  readonly digits?: number;
  readonly remedy: string;
}

const SAME_ENCODER =
  "Decode both classes and save them anew with one encoder and one setting, e.g. as PNG.";
const SAME_HISTORY =
  "Give both classes one further history, drawn alike: shrink by 1.5 or more, then the same JPEG.";
const SAME_SIZE = "Crop or resize both classes to one size, by one filter.";
const SAME_SCENES =
  "Content or a shift of tone: pair fakes with photographs of the same scenes, or normalise both.";
const SAME_CODE =
  "In files of one lossless format it measures texture; otherwise save both classes with one " +
  "encoder and setting.";

const PROPERTIES: readonly Property[] = [
  {
    name: "format",
    kind: "file",
    value: ({ facts }) => facts?.format ?? null,
    remedy: SAME_ENCODER,
  },
  {
    name: "colour mode",
    kind: "file",
    value: ({ facts }) => facts?.mode ?? null,
    remedy: SAME_ENCODER,
  },
  {
    name: "size",
    kind: "file",
    value: ({ width, height }) => `${width} x ${height}`,
    remedy: SAME_SIZE,
  },
  {
    name: "pixels",
    kind: "file",
    value: ({ width, height }) => width * height,
    digits: 0,
    remedy: SAME_SIZE,
  },
  {
    name: "aspect",
    kind: "file",
    value: ({ width, height }) => width / height,
    digits: 3,
    remedy: SAME_SIZE,
  },
  { name: "file size", kind: "coded", value: ({ bytes }) => bytes, digits: 0, remedy: SAME_CODE },
  {
    name: "bits per pixel",
    kind: "coded",
    value: ({ bytes, width, height }) => (8 * bytes) / (width * height),
    digits: 2,
    remedy: SAME_CODE,
  },
  {
    name: "EXIF",
    kind: "file",
    value: ({ facts }) => (facts === null ? null : facts.hasExif ? "yes" : "no"),
    remedy: SAME_ENCODER,
  },
  {
    name: "colour profile",
    kind: "file",
    value: ({ facts }) => (facts === null ? null : facts.hasProfile ? "yes" : "no"),
    remedy: "Convert both classes to sRGB and drop the profiles.",
  },
  {
    name: "JPEG quality",
    kind: "file",
    value: ({ facts }) => facts?.jpegQuality ?? null,
    digits: 0,
    remedy: SAME_HISTORY,
  },
  {
    name: "JPEG coding",
    kind: "file",
    value: ({ facts }) => facts?.jpegCoding ?? null,
    remedy: SAME_ENCODER,
  },
  {
    name: "was a JPEG",
    kind: "file",
    value: ({ history }) => (history === null ? null : history.quality === null ? "no" : "yes"),
    remedy: SAME_HISTORY,
  },
  {
    name: "former JPEG quality",
    kind: "file",
    value: ({ history }) => history?.quality ?? null,
    digits: 0,
    remedy: SAME_HISTORY,
  },
  {
    name: "grid of 8 pixels",
    kind: "pixels",
    value: ({ history }) => history?.blockiness ?? null,
    digits: 3,
    remedy:
      "Traces of resampling or of a generator's own upsampling, if no file was a JPEG: give both " +
      "classes one further resize.",
  },
  {
    name: "brightness",
    kind: "pixels",
    value: ({ colour }) => colour.brightness,
    digits: 1,
    remedy: SAME_SCENES,
  },
  {
    name: "contrast",
    kind: "pixels",
    value: ({ colour }) => colour.contrast,
    digits: 1,
    remedy: SAME_SCENES,
  },
  {
    name: "saturation",
    kind: "pixels",
    value: ({ colour }) => colour.saturation,
    digits: 1,
    remedy: SAME_SCENES,
  },
];

/** A property and what it tells. */
export interface PropertyResult extends PropertyMeasure {
  readonly name: string;
  /** Of how pictures were kept, or of the pictures themselves. */
  readonly kind: "file" | "pixels";
  /** The median of numbers, or the most frequent categories, of each label. */
  readonly real: string;
  readonly fake: string;
  readonly remedy: string;
  /** The same for each generator against its real images; empty with one generator. */
  readonly generators: readonly ({ readonly generator: string } & PropertyMeasure)[];
}

/** Measures every property that some image has. */
export function measureProperties(images: readonly Examined[]): PropertyResult[] {
  const generators = byGenerator(images);
  const formats = new Set(images.map(({ facts }) => facts?.isLossless === true && facts.format));
  const coded = formats.size === 1 && !formats.has(false) ? "pixels" : "file";
  return PROPERTIES.flatMap(({ name, kind: given, value, digits = 0, remedy }) => {
    const kind = given === "coded" ? coded : given;
    const measured = measureWith(images, value);
    if (measured.counts[0] + measured.counts[1] === 0) return [];
    const side = (label: Label) =>
      typical(images.filter(({ image }) => image.label === label).map(value), digits);
    const each = [...generators].map(([generator, members]) => {
      return { generator, ...measureWith(members, value) };
    });
    const result = { name, kind, ...measured, real: side(0), fake: side(1), remedy };
    return [{ ...result, generators: generators.size > 1 ? each : [] }];
  });
}

function measureWith(
  images: readonly Examined[],
  value: (examined: Examined) => PropertyValue,
): PropertyMeasure {
  return measureProperty(
    images.map(({ image }) => image.label),
    images.map(value),
  );
}

/** The images of each generator, shared real ones with all of theirs. */
function byGenerator(images: readonly Examined[]): Map<string, Examined[]> {
  const groups = new Map<string, Examined[]>();
  const expanded = withSharedReals(images.map((examined) => ({ ...examined.image, examined })));
  for (const { group, examined } of expanded) {
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [examined]);
    else members.push(examined);
  }
  return groups;
}

const MOST_CATEGORIES = 2;

function typical(values: readonly PropertyValue[], digits: number): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return "-";
  const numbers = known.filter((value) => typeof value === "number").sort((a, b) => a - b);
  if (numbers.length > 0) return median(numbers).toFixed(digits);
  const counts = new Map<PropertyValue, number>();
  for (const value of known) counts.set(value, (counts.get(value) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const share = (count: number) => `${Math.round((100 * count) / known.length)} %`;
  const texts = sorted
    .slice(0, MOST_CATEGORIES)
    .map(([value, count]) => (counts.size === 1 ? `${value}` : `${value} ${share(count)}`));
  const more = counts.size - MOST_CATEGORIES;
  return [...texts, ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
}
