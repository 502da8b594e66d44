import { loadPage, textOf } from "./load-page.ts";

const CASES = [
  "ResNet-50 global average 2048 @7",
  "ResNet-50 global average 2048 @7 backward",
  "EfficientNet-B0 dropout 16 × 1280",
];

function button(id: string): HTMLButtonElement {
  const found = document.querySelector<HTMLButtonElement>(`#${id}`);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** Cancels a running bench behind its first case, as a visitor does, and looks at what is left. */
export async function run() {
  const cases = encodeURIComponent(CASES.join("|"));
  const isFirstDone = new Promise<void>((resolve) => {
    const observer = new MutationObserver(() => {
      if (!textOf("log").includes("[1/3]")) return;
      observer.disconnect();
      resolve();
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  const ended = loadPage(`?bench=kernels&samples=1&cases=${cases}&run`);
  await isFirstDone;
  const whileRunning = { run: button("run").disabled, cancel: button("cancel").disabled };
  button("cancel").click();
  const stopping = textOf("state");
  await ended;
  const json = document.querySelector<HTMLAnchorElement>("#json");
  return {
    whileRunning,
    stopping,
    state: textOf("state"),
    after: { run: button("run").disabled, cancel: button("cancel").disabled },
    isShown: document.querySelector<HTMLElement>("#result")?.hidden === false,
    json: await (await fetch(json?.href ?? "")).json(),
  };
}
