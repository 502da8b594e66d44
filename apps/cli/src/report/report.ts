import type { LineChart } from "@fauxgrad/training";

/**
 * A page to be written: plain text everywhere, no markup. `html.ts` lays it out.
 */
export interface Report {
  readonly title: string;
  /** One line under the title: what it ran on. */
  readonly device: string;
  /** Paragraphs before the first section. */
  readonly intro: readonly string[];
  readonly sections: readonly ReportSection[];
  /** Small print at the end: licences, sources, the command. */
  readonly footer?: readonly string[];
}

/** A heading and what stands below it, in this order. */
export interface ReportSection {
  readonly title: string;
  readonly paragraphs?: readonly string[];
  readonly charts?: readonly LineChart[];
  readonly drawings?: readonly Drawing[];
  readonly rows?: readonly ImageRow[];
  readonly tables?: readonly ReportTable[];
  readonly notes?: readonly string[];
}

/** A picture of lines and text, which whoever made it has escaped. */
export interface Drawing {
  /** An `<svg>` element. */
  readonly svg: string;
  readonly caption: string;
}

/** Images side by side: e.g. a photograph, its gradient and three heat maps. */
export interface ImageRow {
  readonly title?: string;
  readonly images: readonly ReportImage[];
}

/** One picture, whose bytes go into the page. */
export interface ReportImage {
  readonly bytes: Uint8Array;
  readonly type: "image/png" | "image/jpeg" | "image/webp";
  /** Pixels; the page reserves the room before it has decoded the bytes. */
  readonly width: number;
  readonly height: number;
  /** What it shows, for those who do not see it. */
  readonly alt: string;
  readonly caption: string;
}

/** Numbers are aligned to the right, text to the left. */
export interface ReportTable {
  readonly caption?: string;
  readonly columns: readonly string[];
  /** As many cells as columns, each. */
  readonly rows: readonly (readonly (string | number)[])[];
}
