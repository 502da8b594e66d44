import { loadPage, textOf } from "./load-page.ts";

const CASES = ["EfficientNet-B0 depthwise 5×5 672→672 @14 forward"];

/** Runs a case as a visitor's link does, and looks at what the page shows. */
export async function run() {
  await loadPage(`?bench=kernels&samples=1&cases=${encodeURIComponent(CASES.join("|"))}&run`);
  const json = document.querySelector<HTMLAnchorElement>("#json");
  const report = document.querySelector<HTMLIFrameElement>("#report");
  return {
    state: textOf("state"),
    log: textOf("log"),
    progress: document.querySelector<HTMLProgressElement>("#progress")?.value,
    report: report?.srcdoc,
    json: await (await fetch(json?.href ?? "")).json(),
  };
}
