function byId<T extends Element = HTMLElement>(id: string): T {
  const found = document.querySelector<T>(`#${id}`);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** What `index.html` is made of. */
export function pageElements() {
  return {
    device: byId("device"),
    failure: byId("failure"),
    failureText: byId("failure-text"),
    again: byId<HTMLButtonElement>("again"),
    drop: byId("drop"),
    files: byId<HTMLInputElement>("files"),
    state: byId("state"),
    detail: byId("detail"),
    progress: byId<HTMLProgressElement>("progress"),
    cancel: byId<HTMLButtonElement>("cancel"),
    results: byId("results"),
    examples: byId("examples"),
    exampleList: byId("example-list"),
    credits: byId("credits"),
    reading: byId("reading"),
    limits: byId("limits"),
    cards: byId("cards"),
  };
}

/** The elements that the page's script looks at. */
export type PageElements = ReturnType<typeof pageElements>;

/** An element with a class and text, or other elements in it. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...content);
  return made;
}
