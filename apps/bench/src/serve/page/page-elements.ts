function byId<T extends Element = HTMLElement>(id: string): T {
  const found = document.querySelector<T>(`#${id}`);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** What `page.html` is made of. */
export function pageElements() {
  return {
    device: byId("device"),
    controls: byId<HTMLFieldSetElement>("controls"),
    bench: byId<HTMLSelectElement>("bench"),
    filter: byId<HTMLInputElement>("filter"),
    repeats: byId<HTMLInputElement>("repeats"),
    all: byId("all"),
    none: byId("none"),
    cases: byId("cases"),
    choice: byId<HTMLFormElement>("choice"),
    run: byId<HTMLButtonElement>("run"),
    cancel: byId<HTMLButtonElement>("cancel"),
    progress: byId<HTMLProgressElement>("progress"),
    state: byId("state"),
    log: byId("log"),
    result: byId("result"),
    json: byId<HTMLAnchorElement>("json"),
    html: byId<HTMLAnchorElement>("html"),
    trace: byId<HTMLAnchorElement>("trace"),
    report: byId<HTMLIFrameElement>("report"),
  };
}

/** The elements that the page's script looks at. */
export type PageElements = ReturnType<typeof pageElements>;

/** Lets the visitor keep some text as a file. */
export function offer(link: HTMLAnchorElement, content: string, type: string): void {
  if (link.href.startsWith("blob:")) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.hidden = false;
}

/** A line with a box to be checked. */
export function checkLine(
  name: string,
  checked: boolean,
  onChange: (checked: boolean) => void,
): HTMLLIElement {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = checked;
  box.addEventListener("change", () => onChange(box.checked));
  const label = document.createElement("label");
  label.append(box, ` ${name}`);
  const item = document.createElement("li");
  item.append(label);
  return item;
}
