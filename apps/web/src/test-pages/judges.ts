import { choose, filesOf, loadPage, textOf, until } from "./load-page.ts";

function shownResults() {
  const articles = [...document.querySelectorAll(".result")];
  return Promise.all(
    articles.map(async (article) => {
      const link = article.querySelector<HTMLAnchorElement>("a.numbers");
      return {
        name: article.querySelector("h3")?.textContent,
        verdict: article.querySelector(".verdict")?.textContent,
        words: article.querySelector(".words")?.textContent,
        detectors: [...article.querySelectorAll("tbody th")].map(({ textContent }) => textContent),
        pictures: [...article.querySelectorAll("canvas")].map(
          ({ width, height, ariaLabel }) => `${ariaLabel} ${width} x ${height}`,
        ),
        numbers: link === null ? null : await (await fetch(link.href)).json(),
      };
    }),
  );
}

/** Judges a picture, and what is none; then one that is dropped. */
export async function run() {
  await loadPage();
  const ready = textOf("state");
  await choose(["photo.png", "broken.png", "cut.png"], 3);
  const announced = textOf("state");
  const dropped = new DragEvent("drop", {
    dataTransfer: await filesOf(["turned.jpg"]),
    bubbles: true,
  });
  document.querySelector("#drop")?.dispatchEvent(dropped);
  await until(() => document.querySelectorAll(".result").length === 4);
  return {
    ...{ ready, announced },
    device: textOf("device"),
    isFailureShown: document.querySelector<HTMLElement>("#failure")?.hidden === false,
    notes: document.querySelectorAll(".notes li").length,
    results: await shownResults(),
  };
}
