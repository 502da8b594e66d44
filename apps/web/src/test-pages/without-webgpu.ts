import { loadPage, textOf } from "./load-page.ts";

/** What the page says where the browser has no WebGPU. */
export async function run() {
  Object.defineProperty(navigator, "gpu", { value: undefined });
  await loadPage();
  return {
    failure: textOf("failure-text"),
    role: document.querySelector("#failure:not([hidden])")?.role,
    state: textOf("state"),
  };
}
