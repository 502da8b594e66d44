/*
 * The bench in a browser: the visitor chooses cases, and the same code that measures in Node runs
 * on the browser's own WebGPU, and writes the same report.
 */
import type { AnyReport } from "../../report/any-report.ts";
import { reportPage } from "../../report/page.ts";
import { chromeTrace } from "../../trace/chrome-trace.ts";
import { type BrowserDevice, NoWebGpuError, openBrowserDevice } from "./browser-device.ts";
import { type Bench, CASE_NAMES, measure, QUICK_NAMES } from "./measure.ts";
import { checkLine, offer, type PageElements, pageElements } from "./page-elements.ts";

/** The place that a line of a run's log begins with. */
const PLACE = /^\n?\[(\d+)\/\d+\]/;

/** `page.html`, alive. */
export class BenchPage {
  readonly #page: PageElements = pageElements();
  /** Checked names of each bench. */
  readonly #chosen: Record<Bench, Set<string>> = {
    kernels: new Set(QUICK_NAMES.kernels),
    models: new Set(QUICK_NAMES.models),
  };

  /** Opens the device; runs at once if the address asks for it, and then waits for that run. */
  async start(): Promise<void> {
    const { device } = this.#page;
    let opened: BrowserDevice;
    try {
      opened = await openBrowserDevice();
    } catch (error) {
      device.classList.add("missing");
      const isPlain = error instanceof NoWebGpuError;
      device.textContent = isPlain ? error.message : `The device could not be opened: ${error}`;
      return;
    }
    device.textContent = `${opened.name}${opened.software ? ", which computes on the CPU" : ""}`;
    void opened.device.lost.then(({ message }) => {
      device.textContent = `The device was lost: ${message} Load the page again.`;
    });
    const isRun = this.#applyAddress();
    this.#page.controls.disabled = false;
    this.#showCases();
    this.#listen(opened);
    if (isRun) await this.#run(opened);
  }

  get #bench(): Bench {
    return this.#page.bench.value === "models" ? "models" : "kernels";
  }

  get #names(): Set<string> {
    return this.#chosen[this.#bench];
  }

  #listen(opened: BrowserDevice): void {
    const { bench, filter, all, none, choice } = this.#page;
    for (const control of [bench, filter]) {
      control.addEventListener("input", () => this.#showCases());
    }
    all.addEventListener("click", () => this.#choose(this.#shown(), true));
    none.addEventListener("click", () => this.#choose(this.#shown(), false));
    choice.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#run(opened);
    });
  }

  /** `?bench=models&cases=a|b&samples=3&run` runs at once: for links. */
  #applyAddress(): boolean {
    const { bench, repeats } = this.#page;
    const wanted = new URL(location.href).searchParams;
    if (wanted.get("bench") === "models") bench.value = "models";
    const cases = wanted.get("cases")?.split("|");
    if (cases !== undefined) this.#chosen[this.#bench] = new Set(cases);
    repeats.value = wanted.get("samples") ?? repeats.value;
    return wanted.has("run");
  }

  /** Names that hold every word of the filter. */
  #shown(): string[] {
    const words = this.#page.filter.value.toLowerCase().split(/\s+/);
    return CASE_NAMES[this.#bench].filter((name) =>
      words.every((word) => name.toLowerCase().includes(word)),
    );
  }

  #choose(names: readonly string[], isChosen: boolean): void {
    for (const name of names) {
      if (isChosen) this.#names.add(name);
      else this.#names.delete(name);
    }
    this.#showCases();
  }

  #showCases(): void {
    const lines = this.#shown().map((name) =>
      checkLine(name, this.#names.has(name), (checked) => this.#choose([name], checked)),
    );
    const { cases, state, run } = this.#page;
    const { scrollTop } = cases;
    cases.replaceChildren(...lines);
    cases.scrollTop = scrollTop;
    const { size } = this.#names;
    state.textContent = `${size} ${size === 1 ? "case" : "cases"} chosen`;
    run.disabled = size === 0;
  }

  #log(text: string): void {
    const { log, progress, state } = this.#page;
    log.append(`${text}\n`);
    log.scrollTop = log.scrollHeight;
    const place = PLACE.exec(text)?.[1];
    if (place === undefined) return;
    progress.value = Number(place);
    state.textContent = `${place} of ${progress.max} cases done`;
  }

  #showReport(report: AnyReport): void {
    const page = this.#page;
    const html = reportPage(report);
    page.report.srcdoc = html;
    offer(page.json, JSON.stringify(report, null, 2), "application/json");
    offer(page.html, html, "text/html");
    page.trace.hidden = true;
    if (report.schema === "fauxgrad-bench-models/1") {
      offer(page.trace, JSON.stringify(chromeTrace(report)), "application/json");
    }
    page.result.hidden = false;
  }

  async #run(opened: BrowserDevice): Promise<void> {
    const { state, log, progress, repeats, cancel } = this.#page;
    const names = new Set(this.#names);
    const abort = new AbortController();
    const onCancel = () => {
      abort.abort();
      state.textContent = "stopping behind this case";
    };
    this.#setRunning(true);
    cancel.addEventListener("click", onCancel);
    log.textContent = "";
    log.hidden = false;
    progress.max = names.size;
    progress.value = 0;
    state.textContent = "measuring the device's ceilings";
    try {
      const report = await measure(opened, {
        bench: this.#bench,
        names,
        rounds: Math.max(1, Math.trunc(Number(repeats.value)) || 1),
        log: (text) => this.#log(text),
        signal: abort.signal,
      });
      this.#showReport(report);
      state.textContent = abort.signal.aborted ? "cancelled" : "done";
    } catch (error) {
      state.textContent = `failed: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      cancel.removeEventListener("click", onCancel);
      this.#setRunning(false);
    }
  }

  #setRunning(isRunning: boolean): void {
    const { controls, run, cancel } = this.#page;
    controls.disabled = isRunning;
    run.disabled = isRunning;
    cancel.disabled = !isRunning;
  }
}
