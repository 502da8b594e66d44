import { benchModels } from "./bench-models.ts";
import { readJson, reportSaver, requireFolder, UsageError, writeWhole } from "./command-files.ts";
import { chosenModelCases, type Tier } from "./models/cases.ts";
import { type AnyReport, asReport } from "./report/any-report.ts";
import { compareReports } from "./report/compare.ts";
import { comparisonText } from "./report/comparison-text.ts";
import { markdownOf, targetsMarkdown } from "./report/markdown.ts";
import { modelCaseText } from "./report/model-text.ts";
import { comparisonPage, reportPage } from "./report/page.ts";
import {
  type ModelOptions,
  modelScheduleOf,
  type ReportActions,
  type ReportOptions,
  type ServeOptions,
} from "./report-program.ts";
import { serveBench } from "./serve/server.ts";
import { chromeTrace } from "./trace/chrome-trace.ts";

/** Files of this app that the commands need, where the bundle lies. */
export interface ReportPlaces {
  /** The bundled `first-result-worker.ts`. */
  readonly startUpWorker: string;
  /** The source of the served page. */
  readonly page: string;
}

function reportIn(file: string): AnyReport {
  try {
    return asReport(readJson(file), file);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

function writeTrace(file: string, report: AnyReport): void {
  if (report.schema !== "fauxgrad-bench-models/1") {
    throw new UsageError(
      `--trace ${file}: ${report.schema} has no dispatches\n` +
        "Only `bench models --json` writes them.",
    );
  }
  writeWhole(file, JSON.stringify(chromeTrace(report)));
}

/** What `bench models`, `report`, `table`, `targets` and `serve` do. */
export class ReportCommands implements ReportActions {
  readonly #places: ReportPlaces;

  constructor(places: ReportPlaces) {
    this.#places = places;
  }

  async models(options: ModelOptions): Promise<void> {
    const { filter, quick, all, json, html, trace } = options;
    // A name that is asked for is measured, whatever it costs.
    const tier: Tier = quick ? "quick" : all || filter !== undefined ? "large" : "usual";
    const cases = chosenModelCases(tier, filter);
    if (options.list) {
      for (const { name } of cases) console.log(name);
      return;
    }
    if (cases.length === 0) {
      throw new UsageError(`no case matches ${filter}\n--list prints the names.`);
    }
    requireFolder("--json", json);
    requireFolder("--html", html);
    requireFolder("--trace", trace);
    const save = reportSaver(json);
    const report = await benchModels({
      cases,
      save,
      schedule: modelScheduleOf(options),
      command: process.argv.slice(2).join(" "),
      log: (text) => console.log(text),
      unsafe: options.unsafe,
      startUpWorker: options.startUp ? this.#places.startUpWorker : null,
    });
    save(report);
    if (html !== undefined) writeWhole(html, reportPage(report));
    if (trace !== undefined) writeTrace(trace, report);
    if (report.wrong.length > 0) process.exitCode = 1;
  }

  async report(files: readonly string[], { html, trace }: ReportOptions): Promise<void> {
    requireFolder("--html", html);
    requireFolder("--trace", trace);
    const [first, second] = files.map(reportIn);
    if (first === undefined) throw new UsageError("report: no file\nPass one report, or two.");
    const last = second ?? first;
    if (trace !== undefined) writeTrace(trace, last);
    if (second !== undefined) {
      const comparison = compared(first, second);
      console.log(comparisonText(comparison));
      if (comparison.changes.some(({ verdict }) => verdict === "slower")) process.exitCode = 1;
      if (html !== undefined) writeWhole(html, comparisonPage(first, second));
      return;
    }
    if (html !== undefined) writeWhole(html, reportPage(first));
    else if (trace === undefined) print(first);
  }

  async table(file: string): Promise<void> {
    console.log(markdownOf(reportIn(file)));
  }

  async targets(files: readonly string[]): Promise<void> {
    console.log(targetsMarkdown(files.map(reportIn)));
  }

  async serve({ port, host }: ServeOptions): Promise<void> {
    await using server = await serveBench({ port, host, entry: this.#places.page });
    console.log(`The bench for browsers: ${server.url} (Ctrl-C ends it)`);
    await new Promise<void>((resolve) => process.once("SIGINT", () => resolve()));
  }
}

function compared(before: AnyReport, after: AnyReport) {
  try {
    return compareReports(before, after);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

function print(report: AnyReport): void {
  if (report.schema === "fauxgrad-bench-models/1") {
    console.log(report.cases.map(modelCaseText).join("\n\n"));
    return;
  }
  throw new UsageError(
    `report: nothing to do with a report of ${report.schema}\n` +
      "Pass --html FILE, or a second report to compare it with.",
  );
}
