import { fileURLToPath } from "node:url";

/** A photograph that is shipped with the program. */
export interface DemoPhoto {
  readonly file: string;
  /** `A kitten with a ball of wool` */
  readonly title: string;
  /** Author, licence and source, as in ATTRIBUTION.md. */
  readonly credit: string;
}

type Row = readonly [name: string, title: string, credit: string, page: string];

const PHOTOS: readonly Row[] = [
  [
    "cat.jpg",
    "A kitten with a ball of wool",
    "Loliloli, public domain",
    "Spielendes_K%C3%A4tzchen.JPG",
  ],
  ["kingfisher.jpg", "A common kingfisher", "Frank-2.0, CC0 1.0", "Eisvogel_kingfisher.jpg"],
  [
    "red-panda.jpg",
    "A red panda on a branch",
    "Mathias Appel, CC0 1.0",
    "Red_Panda_(30324056733).jpg",
  ],
  [
    "neuschwanstein.jpg",
    "Neuschwanstein castle",
    "cameralends, CC0 1.0",
    "Neuschwanstein_Castle_(532850).jpg",
  ],
  [
    "hawa-mahal.webp",
    "The Hawa Mahal in Jaipur",
    "Janwiki, public domain",
    "Hawa_Mahal,_Jaipur,_India.jpg",
  ],
];

const COMMONS = "https://commons.wikimedia.org/wiki/File:";

/**
 * The photographs, in the order in which they are shown.
 *
 * @param folder where they lie; by default beside the bundle's folder
 */
export function demoPhotos(folder = new URL("../assets/photos/", import.meta.url)): DemoPhoto[] {
  return PHOTOS.map(([name, title, credit, page]) => ({
    file: fileURLToPath(new URL(name, folder)),
    title,
    credit: `${title}: ${credit}, ${COMMONS}${page}`,
  }));
}
