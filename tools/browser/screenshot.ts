import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { startChromium } from "./chromium.ts";
import { findChromium, NO_CHROMIUM } from "./find-chromium.mjs";
import { BrowserError } from "./run-in-browser.ts";

/** Options of {@link screenshot}. */
export interface ScreenshotOptions {
  /** Size of the window in CSS pixels: the picture shows what it holds, not the whole page. */
  readonly width?: number;
  readonly height?: number;
  readonly timeoutMs?: number;
  /** Path of a Chromium. Default: FAUXGRAD_BROWSER, or one found on this machine. */
  readonly browser?: string;
}

/**
 * Takes a picture of a self-contained HTML file.
 *
 * @throws {BrowserError} if no picture was made, with Chromium's own words
 */
export async function screenshot(
  htmlPath: string,
  pngPath: string,
  options: ScreenshotOptions = {},
): Promise<void> {
  const { width = 1280, height = 1600, timeoutMs = 60_000, browser = findChromium() } = options;
  if (browser === null) throw new BrowserError(NO_CHROMIUM);
  const target = resolve(pngPath);
  await using chromium = await startChromium(browser, [
    `--screenshot=${target}`,
    `--window-size=${width},${height}`,
    pathToFileURL(resolve(htmlPath)).href,
  ]);
  const abort = new AbortController();
  const late = sleep(timeoutMs, "time-out", { signal: abort.signal }).catch(() => "done");
  const end = await Promise.race([chromium.ended, late]);
  abort.abort();
  const isMade = await access(target).then(
    () => true,
    () => false,
  );
  if (end !== 0 || !isMade) {
    throw new BrowserError(`no screenshot of ${htmlPath} (${end}):\n${chromium.errors()}`);
  }
}
