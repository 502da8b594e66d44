// Pictures that come with the page, for visitors who have none at hand.

import { element, type PageElements } from "./page-elements.ts";

/** A picture beside the page: a row of `examples/examples.json`. */
export interface PageExample {
  readonly file: string;
  /** `A moose (photograph)` */
  readonly name: string;
  /** Author, licence and source of the photograph. */
  readonly credit: string;
}

/** A picture that is to be judged, read when its turn comes. */
export interface Pending {
  readonly name: string;
  read(): Promise<File>;
}

/** Where the examples lie, seen from the page. */
export const EXAMPLES = "examples/";

/** Shows the examples as buttons; a page without them stays as it is. */
export async function showExamples(
  { examples, exampleList, credits }: PageElements,
  onChoice: (pending: Pending) => void,
): Promise<void> {
  const response = await fetch(`${EXAMPLES}examples.json`).catch(() => null);
  if (response?.ok !== true) return;
  // Written with the page, by the program that made it.
  const listed = (await response.json()) as readonly PageExample[];
  const buttons = listed.map((example) => {
    const picture = element("img", "");
    picture.src = `${EXAMPLES}${example.file}`;
    picture.alt = "";
    const button = element("button", "", picture, example.name);
    button.type = "button";
    button.addEventListener("click", () => onChoice(pendingExample(example)));
    return element("li", "", button);
  });
  exampleList.replaceChildren(...buttons);
  credits.textContent = [...new Set(listed.map(({ credit }) => credit))].join("; ");
  examples.hidden = false;
}

function pendingExample({ file, name }: PageExample): Pending {
  return {
    name,
    read: async () => {
      const response = await fetch(`${EXAMPLES}${file}`);
      return new File([await response.arrayBuffer()], name);
    },
  };
}
