import { fileURLToPath } from "node:url";

/** A photograph that is shipped with the program. */
export interface DemoPhoto {
  readonly file: string;
  /** `A kitten with a ball of wool` */
  readonly title: string;
  /** Author, licence and source, as in ATTRIBUTION.md. */
  readonly credit: string;
}

/** Beside `dist` and `src` alike. */
const FOLDER = new URL("../assets/photos/", import.meta.url);
const COMMONS = "https://commons.wikimedia.org/wiki/File:";

function photo(name: string, title: string, credit: string, page: string): DemoPhoto {
  const file = fileURLToPath(new URL(name, FOLDER));
  return { file, title, credit: `${title}: ${credit}, ${COMMONS}${page}` };
}

/** In the order in which they are shown. */
export const demoPhotos: readonly DemoPhoto[] = [
  photo(
    "cat.jpg",
    "A kitten with a ball of wool",
    "Loliloli, public domain",
    "Spielendes_K%C3%A4tzchen.JPG",
  ),
  photo("kingfisher.jpg", "A common kingfisher", "Frank-2.0, CC0 1.0", "Eisvogel_kingfisher.jpg"),
  photo(
    "red-panda.jpg",
    "A red panda on a branch",
    "Mathias Appel, CC0 1.0",
    "Red_Panda_(30324056733).jpg",
  ),
  photo(
    "neuschwanstein.jpg",
    "Neuschwanstein castle",
    "cameralends, CC0 1.0",
    "Neuschwanstein_Castle_(532850).jpg",
  ),
  photo(
    "hawa-mahal.webp",
    "The Hawa Mahal in Jaipur",
    "Janwiki, public domain",
    "Hawa_Mahal,_Jaipur,_India.jpg",
  ),
];
