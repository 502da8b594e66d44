/*
 * The bench in a browser: the visitor chooses cases, and the same code that measures in Node runs
 * on the browser's own WebGPU, and writes the same report.
 */
import { Gpu } from "@fauxgrad/kernels";
import { CASES } from "../../cases.ts";
import type { Schedule } from "../../measure/rounds.ts";
import { MODEL_CASES } from "../../models/cases.ts";
import { runModels } from "../../models/run-models.ts";
import type { AnyReport } from "../../report/any-report.ts";
import { reportPage } from "../../report/page.ts";
import { runKernels } from "../../run-kernels.ts";
import { chromeTrace } from "../../trace/chrome-trace.ts";
import {
  type BrowserDevice,
  browserEnvironment,
  NoWebGpuError,
  openBrowserDevice,
} from "./browser-device.ts";

type Bench = "kernels" | "models";

function byId<T extends Element = HTMLElement>(id: string): T {
  const found = document.querySelector<T>(`#${id}`);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

const page = {
  device: byId("device"),
  controls: byId<HTMLFieldSetElement>("controls"),
  bench: byId<HTMLSelectElement>("bench"),
  filter: byId<HTMLInputElement>("filter"),
  repeats: byId<HTMLInputElement>("repeats"),
  cases: byId("cases"),
  run: byId<HTMLButtonElement>("run"),
  cancel: byId<HTMLButtonElement>("cancel"),
  progress: byId<HTMLProgressElement>("progress"),
  state: byId("state"),
  log: byId("log"),
  result: byId("result"),
  report: byId<HTMLIFrameElement>("report"),
};

/** Checked names of each bench; the quick ones to begin with. */
const chosen: Readonly<Record<Bench, Set<string>>> = {
  kernels: new Set(CASES.filter(({ quick }) => quick).map(({ name }) => name)),
  models: new Set(MODEL_CASES.filter(({ tier }) => tier === "quick").map(({ name }) => name)),
};

function benchNow(): Bench {
  return page.bench.value === "models" ? "models" : "kernels";
}

function shownNames(): string[] {
  const all = benchNow() === "models" ? MODEL_CASES : CASES;
  const words = page.filter.value.toLowerCase().split(/\s+/);
  return all
    .map(({ name }) => name)
    .filter((name) => words.every((word) => name.toLowerCase().includes(word)));
}

function showCases(): void {
  const names = chosen[benchNow()];
  page.cases.replaceChildren(
    ...shownNames().map((name) => {
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = names.has(name);
      box.addEventListener("change", () => {
        if (box.checked) names.add(name);
        else names.delete(name);
        showCount();
      });
      const label = document.createElement("label");
      label.append(box, ` ${name}`);
      const item = document.createElement("li");
      item.append(label);
      return item;
    }),
  );
  showCount();
}

function showCount(): void {
  const { size } = chosen[benchNow()];
  page.state.textContent = `${size} ${size === 1 ? "case" : "cases"} chosen`;
  page.run.disabled = size === 0;
}

function offer(id: string, content: string, type: string): void {
  const link = byId<HTMLAnchorElement>(id);
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.hidden = false;
}

function showReport(report: AnyReport): void {
  const html = reportPage(report);
  page.report.srcdoc = html;
  offer("json", JSON.stringify(report, null, 2), "application/json");
  offer("html", html, "text/html");
  byId("trace").hidden = true;
  if (report.schema === "fauxgrad-bench-models/1") {
    offer("trace", JSON.stringify(chromeTrace(report)), "application/json");
  }
  page.result.hidden = false;
}

function schedule(): Schedule {
  const rounds = Math.max(1, Math.trunc(Number(page.repeats.value)) || 1);
  return { rounds, minSampleMs: 20, slowMs: 1000 };
}

/** Whatever is measured, what it says as it goes, and how far it is. */
function progressOf(total: number) {
  page.log.textContent = "";
  page.log.hidden = false;
  page.progress.max = total;
  page.progress.value = 0;
  return (text: string) => {
    page.log.append(`${text}\n`);
    page.log.scrollTop = page.log.scrollHeight;
    const place = /^\n?\[(\d+)\/\d+\]/.exec(text)?.[1];
    if (place === undefined) return;
    page.progress.value = Number(place);
    page.state.textContent = `${place} of ${total} cases done`;
  };
}

async function measure(opened: BrowserDevice, signal: AbortSignal): Promise<AnyReport> {
  const bench = benchNow();
  const names = chosen[bench];
  const shared = { schedule: schedule(), signal, command: "serve", log: progressOf(names.size) };
  if (bench === "kernels") {
    return runKernels(opened.device, {
      ...shared,
      cases: CASES.filter(({ name }) => names.has(name)),
      environmentOf: (gpu) => browserEnvironment(opened, gpu),
    });
  }
  const gpu = new Gpu(opened.device);
  try {
    const cases = MODEL_CASES.filter(({ name }) => names.has(name));
    return await runModels(gpu, { ...shared, cases, environment: browserEnvironment(opened, gpu) });
  } finally {
    gpu.destroy();
  }
}

async function run(opened: BrowserDevice): Promise<void> {
  const cancel = new AbortController();
  const onCancel = () => {
    cancel.abort();
    page.state.textContent = "stopping behind this case";
  };
  page.controls.disabled = true;
  page.run.disabled = true;
  page.cancel.disabled = false;
  page.cancel.addEventListener("click", onCancel, { once: true });
  page.state.textContent = "measuring the device's ceilings";
  try {
    const report = await measure(opened, cancel.signal);
    showReport(report);
    page.state.textContent = cancel.signal.aborted ? "cancelled" : "done";
  } catch (error) {
    page.state.textContent = `failed: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    page.cancel.removeEventListener("click", onCancel);
    page.controls.disabled = false;
    page.run.disabled = false;
    page.cancel.disabled = true;
  }
}

/** `?bench=models&cases=a|b&run` runs at once: for links, and for the tests. */
function applyAddress(): boolean {
  const wanted = new URL(location.href).searchParams;
  if (wanted.get("bench") === "models") page.bench.value = "models";
  const names = wanted.get("cases")?.split("|");
  if (names !== undefined) {
    const now = chosen[benchNow()];
    now.clear();
    for (const name of names) now.add(name);
  }
  page.repeats.value = wanted.get("samples") ?? page.repeats.value;
  return wanted.has("run");
}

async function start(): Promise<void> {
  let opened: BrowserDevice;
  try {
    opened = await openBrowserDevice();
  } catch (error) {
    page.device.classList.add("missing");
    page.device.textContent =
      error instanceof NoWebGpuError ? error.message : `The device could not be opened: ${error}`;
    return;
  }
  const kind = opened.software ? ", which computes on the CPU" : "";
  page.device.textContent = `${opened.name}${kind}`;
  void opened.device.lost.then(({ message }) => {
    page.device.textContent = `The device was lost: ${message} Load the page again.`;
  });
  const isRun = applyAddress();
  page.controls.disabled = false;
  showCases();
  for (const control of [page.bench, page.filter]) control.addEventListener("input", showCases);
  const choose = (isChosen: boolean) => {
    const names = chosen[benchNow()];
    for (const name of shownNames()) {
      if (isChosen) names.add(name);
      else names.delete(name);
    }
    showCases();
  };
  byId("all").addEventListener("click", () => choose(true));
  byId("none").addEventListener("click", () => choose(false));
  byId("choice").addEventListener("submit", (event) => {
    event.preventDefault();
    void run(opened);
  });
  if (isRun) await run(opened);
}

await start();
