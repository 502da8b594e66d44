// The page as files: what a server hands out, and what is copied to any other.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  LIST_FILE,
  type ListedDetector,
  readDetectorList,
  weightsFiles,
} from "@fauxgrad/detectors";
import { UsageError } from "@fauxgrad/tensor";
import { bundlePage } from "../../../../tools/browser/bundle-page.ts";
import { exampleImages, exampleName } from "../../../cli/src/demo/example-images.ts";
import { STYLE } from "../../../cli/src/report/style.ts";
import type { PageExample } from "../page/examples.ts";

/** Where the page's parts come from. */
export interface SiteSource {
  /** The repository's root. */
  readonly repository: string;
  /** A folder with `detectors.json` and its weights; default: those that are shipped. */
  readonly bundle?: string;
  /** For a server that others visit: small, without a source map. */
  readonly isMinified?: boolean;
}

/** A file of the page, read when it is wanted. */
export interface SiteFile {
  readonly type: string;
  read(): Promise<Uint8Array | string>;
}

/** The files by their paths, relative to the page. */
export type Site = ReadonlyMap<string, SiteFile>;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".webp": "image/webp",
};

/**
 * Bundles the page's script and lists everything that the page loads: the weights of the default
 * detectors, their cards, the example images.
 *
 * @throws {UsageError} if there are no weights
 */
export async function makeSite(source: SiteSource): Promise<Site> {
  const { repository, isMinified = false } = source;
  const shipped = path.join(repository, "packages", "detectors");
  const bundle = source.bundle ?? path.join(shipped, "weights");
  const page = path.join(repository, "apps", "web", "src", "page");
  const detectors = await defaultsOf(bundle);
  const script = await bundlePage({
    entryPoints: [path.join(page, "main.ts")],
    ...(isMinified ? { minify: true } : { sourcemap: "inline" }),
  });
  const site = new Map<string, SiteFile>();
  const add = (name: string, read: SiteFile["read"]) =>
    site.set(name, { type: TYPES[path.extname(name)] ?? "application/octet-stream", read });
  const addFile = (name: string, file: string) => add(name, () => readFile(file));
  addFile("index.html", path.join(page, "index.html"));
  addFile("page.css", path.join(page, "page.css"));
  add("report.css", async () => STYLE);
  add("main.js", async () => script);
  const weights = detectors.flatMap(weightsFiles).map(({ file }) => file);
  for (const file of [LIST_FILE, ...weights]) addFile(`weights/${file}`, path.join(bundle, file));
  for (const { card } of detectors) {
    // As text: browsers offer Markdown for download, and do not show it.
    const file = path.join(shipped, card);
    if (existsSync(file)) addFile(`${card}.txt`, file);
  }
  const examples = await addExamples(path.join(repository, "examples", "images"), addFile);
  add("examples/examples.json", async () => JSON.stringify(examples));
  return site;
}

async function defaultsOf(bundle: string): Promise<readonly ListedDetector[]> {
  const file = path.join(bundle, LIST_FILE);
  if (!existsSync(file)) {
    throw new UsageError(
      `${bundle} holds no detectors: there is no ${LIST_FILE}\n` +
        "Pass a folder that fauxgrad ship-detectors wrote as --bundle.",
    );
  }
  const { detectors, defaults } = readDetectorList(new Uint8Array(await readFile(file)));
  return detectors.filter(({ name }) => defaults.includes(name));
}

async function addExamples(
  folder: string,
  addFile: (name: string, file: string) => void,
): Promise<PageExample[]> {
  const images = await exampleImages(pathToFileURL(`${folder}${path.sep}`));
  return images.map((image) => {
    const file = path.basename(image.file);
    addFile(`examples/${file}`, image.file);
    return { file, name: exampleName(image), credit: image.credit };
  });
}
