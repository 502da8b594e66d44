import { resolve } from "node:path";
import { bundlePage } from "./bundle-page.ts";
import { type Chromium, startChromium } from "./chromium.ts";
import { findChromium, NO_CHROMIUM } from "./find-chromium.mjs";
import { type PageReport, type PageServer, servePage } from "./page-server.ts";

/** Options of {@link runInBrowser}. */
export interface BrowserOptions {
  /** Default two minutes: SwiftShader compiles slowly. */
  readonly timeoutMs?: number;
  /** Local path of each file that the page may fetch, by its path there: `{ "/cat.png": "…" }`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Path of a Chromium. Default: FAUXGRAD_BROWSER, or one found on this machine. */
  readonly browser?: string;
}

/** The page threw, did not answer in time, or its browser died. The message holds its console. */
export class BrowserError extends Error {
  override readonly name = "BrowserError";
}

/**
 * Runs a module in headless Chromium, on a page of its own with WebGPU on SwiftShader.
 *
 * @param entryFile TypeScript or JavaScript that exports `run(): unknown`, sync or async. It is
 *   bundled for browsers from our packages' sources: a `node:` import does not build.
 * @returns what `run` returned, as JSON carries it
 * @throws {BrowserError} with what the page threw and wrote to its console
 */
export async function runInBrowser(
  entryFile: string,
  options: BrowserOptions = {},
): Promise<unknown> {
  const { timeoutMs = 120_000, files = {}, browser = findChromium() } = options;
  if (browser === null) throw new BrowserError(NO_CHROMIUM);
  await using server = await servePage(await bundleRun(entryFile), files);
  await using chromium = await startChromium(browser, [server.url]);
  const report = await reportWithin(timeoutMs, server, chromium);
  if ("error" in report) throw failure(report.error, server, chromium);
  return report.value;
}

/** The entry's `run`, called, its outcome posted. */
function bundleRun(entryFile: string): Promise<string> {
  return bundlePage({
    stdin: {
      contents: `
        import { run } from ${JSON.stringify(resolve(entryFile))};
        const outcome = async () => ({ value: (await run()) ?? null });
        const failed = (error) => ({ error: error instanceof Error ? error.stack : String(error) });
        const report = await outcome().catch(failed);
        await fetch("/report", { method: "POST", body: JSON.stringify(report) });`,
      resolveDir: process.cwd(),
      sourcefile: "page.js",
    },
    sourcemap: "inline",
  });
}

async function reportWithin(
  timeoutMs: number,
  server: PageServer,
  chromium: Chromium,
): Promise<PageReport> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<PageReport>((resolve) => {
    const error = `the page did not report within ${timeoutMs} ms`;
    timer = setTimeout(() => resolve({ error }), timeoutMs);
  });
  const died = chromium.ended.then((end) => ({
    error: `Chromium ended (${end}):\n${chromium.errors()}`,
  }));
  try {
    return await Promise.race([server.report, late, died]);
  } finally {
    clearTimeout(timer);
  }
}

function failure(error: string, server: PageServer, chromium: Chromium): BrowserError {
  const sections = [`in the browser: ${error}`];
  if (server.log.length > 0) sections.push(`The page's console:\n${server.log.join("\n")}`);
  if (error.includes("did not report")) sections.push(`Chromium's stderr:\n${chromium.errors()}`);
  return new BrowserError(sections.join("\n\n"));
}
