import { loadPage, textOf } from "./load-page.ts";

/** What the page says where the browser has no WebGPU. */
export async function run() {
  Object.defineProperty(navigator, "gpu", { value: undefined });
  await loadPage("?run");
  return {
    device: textOf("device"),
    isDisabled: document.querySelector<HTMLButtonElement>("#run")?.disabled,
  };
}
