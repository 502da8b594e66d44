import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** An image that is shipped with the program. */
export interface ExampleImage {
  readonly file: string;
  /** `A red panda` */
  readonly title: string;
  /** `control`: made by a network that was not trained adversarially. */
  readonly kind: "real" | "fake" | "control";
  /** Null for a photograph. */
  readonly generator: string | null;
  /** Author, licence and source of the photograph. */
  readonly credit: string;
}

interface Listed extends Omit<ExampleImage, "credit"> {
  readonly author: string;
  readonly licence: string;
  readonly source: string;
}

/**
 * The images, in the order in which they are shown.
 *
 * @param folder where they lie; by default as seen from the bundle
 */
export async function exampleImages(
  folder = new URL("../../../examples/images/", import.meta.url),
): Promise<ExampleImage[]> {
  const text = await readFile(new URL("images.json", folder), "utf8");
  // A file of this repository, which a test holds to this form.
  const listed = JSON.parse(text) as readonly Listed[];
  return listed.map(({ file, title, kind, generator, author, licence, source }) => ({
    ...{ title, kind, generator },
    file: fileURLToPath(new URL(file, folder)),
    credit: `${title}: ${author}, ${licence}, ${source}`,
  }));
}

/** `A pig in the grass (isr-gans)`, `A moose (photograph)` */
export function exampleName({ title, kind, generator }: ExampleImage): string {
  if (generator === null) return `${title} (photograph)`;
  return `${title} (${kind === "control" ? "control: " : ""}${generator.replace(/^control-/, "")})`;
}
