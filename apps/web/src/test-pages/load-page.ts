import { DetectPage } from "../page/detect-page.ts";

/** The page on a page of the tests: its markup, then what its script does. */
export async function loadPage(): Promise<void> {
  const markup = await (await fetch("/index.html")).text();
  const parsed = new DOMParser().parseFromString(markup, "text/html");
  document.body.replaceChildren(...parsed.body.children);
  await new DetectPage().start();
}

/** Text of an element of the page. */
export function textOf(id: string): string {
  return document.querySelector(`#${id}`)?.textContent ?? "";
}

/** Resolves when `isTrue` holds; looks again whenever the page changes. */
export function until(isTrue: () => boolean): Promise<void> {
  if (isTrue()) return Promise.resolve();
  return new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (!isTrue()) return;
      observer.disconnect();
      resolve();
    });
    const all = { subtree: true, childList: true, characterData: true, attributes: true };
    observer.observe(document.body, all);
  });
}

/** Files under the server's paths, as a visitor's. */
export async function filesOf(names: readonly string[]): Promise<DataTransfer> {
  const transfer = new DataTransfer();
  for (const name of names) {
    const response = await fetch(`/${name}`);
    transfer.items.add(new File([await response.arrayBuffer()], name));
  }
  return transfer;
}

/** Gives files to the page's field, and waits for as many results in all. */
export async function choose(names: readonly string[], results: number): Promise<void> {
  const field = document.querySelector<HTMLInputElement>("#files");
  if (field === null) throw new Error("the page has no #files");
  field.files = (await filesOf(names)).files;
  field.dispatchEvent(new Event("change"));
  await until(() => document.querySelectorAll(".result").length >= results);
}
