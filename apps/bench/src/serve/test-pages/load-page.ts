import { BenchPage } from "../page/bench-page.ts";

/** The bench's page on a page of the tests: its markup, its address, then what its script does. */
export async function loadPage(search: string): Promise<void> {
  const markup = await (await fetch("/page.html")).text();
  const parsed = new DOMParser().parseFromString(markup, "text/html");
  document.body.replaceChildren(...parsed.body.children);
  history.replaceState(null, "", `/${search}`);
  await new BenchPage().start();
}

/** Text of an element of the page. */
export function textOf(id: string): string {
  return document.querySelector(`#${id}`)?.textContent ?? "";
}
