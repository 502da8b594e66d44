/*
 * The numbers of the paper, to put measured ones beside: AUROC in percent as printed, and the
 * validation losses of Figure 5 from the authors' notebook. What contradicts itself in them is told
 * with the row.
 */

/** The test sets of Table 1, and of the faces in Table 3. */
export const TGD_GENERATORS = ["PGGAN", "StarGAN", "StyleGAN", "StyleGAN2"] as const;

/** A row: one detector on several test sets. */
export interface TgdPaperRow {
  /** `table1/tgd-b0/PGGAN/transfer` */
  readonly id: string;
  readonly table: 1 | 3 | 4;
  readonly title: string;
  /** As the table calls it. */
  readonly label: string;
  /** What the detector was pretrained on. */
  readonly source: string;
  /**
   * `zero-shot`: after pretraining. `transfer`: each target's cell is of another model, the one
   * transferred to it; the source's cell is one number, of which of them is not told.
   */
  readonly state: "zero-shot" | "transfer";
  /** AUROC in percent, by test set. */
  readonly cells: ReadonlyMap<string, number>;
  /** What is odd about the numbers, or empty. */
  readonly note: string;
}

const SAME_REALS =
  "StyleGAN and StyleGAN2 share their real images, so their columns are almost the same";
const SAME_MODELS = "the rows StyleGAN and StyleGAN2 look like one model, tested twice";

/** Zero-shot and transferred AUROCs by source, in the generators' order. */
type Table1Rows = readonly (readonly [source: string, zeroShot: string, transfer: string])[];

const GENERAL: Table1Rows = [
  ["PGGAN", "99.91 56.81 49.47 49.32", "99.86 87.06 54.17 54.18"],
  ["StarGAN", "66.47 99.88 52.01 52.10", "95.90 89.87 99.03 99.04"],
  ["StyleGAN", "49.80 50.04 99.96 99.97", "66.89 51.12 99.94 99.95"],
  ["StyleGAN2", "45.23 49.00 99.99 99.99", "91.33 88.16 45.26 47.37"],
];

/** T-GD begins with the same pretrained network as General Transfer. */
function pretrainedAsGeneral(transfers: readonly string[]): Table1Rows {
  return GENERAL.map(([source, zeroShot], i) => [source, zeroShot, transfers[i] ?? ""]);
}

const METHODS: readonly (readonly [id: string, label: string, rows: Table1Rows])[] = [
  ["general-b0", "General Transfer (EfficientNet-B0)", GENERAL],
  [
    "forensic-transfer",
    "ForensicTransfer",
    [
      ["PGGAN", "97.15 50.27 53.57 53.27", "69.35 72.40 76.50 76.50"],
      ["StarGAN", "47.09 85.34 49.51 49.48", "90.14 51.32 53.14 53.14"],
      ["StyleGAN", "49.23 49.66 99.12 99.97", "76.57 58.93 65.83 65.85"],
      ["StyleGAN2", "49.22 49.66 99.12 99.12", "76.58 58.94 65.84 65.84"],
    ],
  ],
  [
    "tgd-b0",
    "T-GD (EfficientNet-B0)",
    pretrainedAsGeneral([
      "95.87 91.61 98.12 98.13",
      "94.94 97.32 97.29 93.34",
      "84.92 90.00 97.83 97.71",
      "84.91 90.01 97.83 97.71",
    ]),
  ],
  [
    "tgd-resnext",
    "T-GD (ResNeXt-50)",
    [
      ["PGGAN", "99.81 61.25 49.76 49.91", "94.91 93.21 87.37 87.58"],
      ["StarGAN", "41.43 99.78 48.37 48.50", "98.88 96.15 91.48 91.26"],
      ["StyleGAN", "41.05 49.16 99.99 99.99", "85.93 79.69 94.31 94.31"],
      ["StyleGAN2", "38.90 50.31 99.90 99.88", "87.20 80.19 98.39 95.38"],
    ],
  ],
];

/** By id. */
const NOTES: Readonly<Record<string, string>> = {
  "table1/general-b0/PGGAN/transfer":
    "the only one of the notebooks' General runs that froze anything; the others misspell it",
  "table1/general-b0/StyleGAN2/transfer":
    "the text attributes the 91.33 to StyleGAN; the table has it under PGGAN",
  "table1/forensic-transfer/StyleGAN/zero-shot": SAME_REALS,
  "table1/forensic-transfer/StyleGAN/transfer": SAME_MODELS,
  "table1/forensic-transfer/StyleGAN2/transfer": SAME_MODELS,
  "table1/tgd-b0/PGGAN/transfer": "the source is 95.87 here and 95.08 in Table 4",
  "table1/tgd-b0/StarGAN/transfer":
    "the source is 97.32 here and 99.15 in Table 4; on PGGAN's validation set the notebook has 99.8",
  "table1/tgd-b0/StyleGAN/transfer": `the text quotes 97.85 for the 97.83; ${SAME_MODELS}`,
  "table1/tgd-b0/StyleGAN2/transfer": SAME_MODELS,
  "table3/tgd-b0/Bedroom/transfer": "sizes and resolution of the data are not known",
  "table3/tgd-b0/Bird/transfer": "sizes and resolution of the data are not known",
  "table4/without-self-training":
    "presumably fixed weights of the penalties and no feedback; their values are not known",
  "table4/without-augmentation": "CutMix, JPEG, blur and flip together",
};

const NON_FACE_COLUMNS = [...TGD_GENERATORS, "Bedroom", "Bird"] as const;

const TABLE_3 = [
  ["Bedroom", "86.25 88.08 90.47 90.25 94.25 90.15"],
  ["Bird", "87.80 78.32 98.49 98.49 97.63 88.82"],
] as const;

const TABLE_4 = [
  ["with-self-training", "with self-training", "StarGAN PGGAN", "99.15 94.94"],
  ["without-self-training", "without self-training", "StarGAN PGGAN", "98.96 92.54"],
  ["with-augmentation", "with augmentation", "PGGAN StyleGAN2", "95.08 98.13"],
  ["without-augmentation", "without augmentation", "PGGAN StyleGAN2", "85.04 99.38"],
] as const;

function cellsOf(columns: readonly string[], text: string): ReadonlyMap<string, number> {
  const numbers = text.split(" ").map(Number);
  return new Map(columns.map((name, i) => [name, numbers[i]!]));
}

function row(id: string, rest: Omit<TgdPaperRow, "id" | "note">): TgdPaperRow {
  return { id, ...rest, note: NOTES[id] ?? "" };
}

/**
 * Every row of Tables 1, 3 and 4, in their order; the zero-shot rows before the transferred ones.
 *
 * @see Jeon et al., "T-GD", ICML 2020
 */
export const tgdPaperRows: readonly TgdPaperRow[] = [
  ...METHODS.flatMap(([method, label, sources]) =>
    (["zero-shot", "transfer"] as const).flatMap((state) =>
      sources.map(([source, zeroShot, transfer]) =>
        row(`table1/${method}/${source}/${state}`, {
          table: 1,
          title: "zero-shot and after transfer",
          label,
          source,
          state,
          cells: cellsOf(TGD_GENERATORS, state === "zero-shot" ? zeroShot : transfer),
        }),
      ),
    ),
  ),
  ...TABLE_3.map(([source, cells]) =>
    row(`table3/tgd-b0/${source}/transfer`, {
      table: 3,
      title: "sources without faces",
      label: "T-GD (EfficientNet-B0)",
      source,
      state: "transfer",
      cells: cellsOf(NON_FACE_COLUMNS, cells),
    }),
  ),
  ...TABLE_4.map(([id, label, pair, cells]) =>
    row(`table4/${id}`, {
      table: 4,
      title: "ablations, EfficientNet-B0",
      label,
      source: pair.split(" ")[0]!,
      state: "transfer",
      cells: cellsOf(pair.split(" "), cells),
    }),
  ),
];

/** The row of that id; undefined if there is none. */
export function tgdPaperRow(id: string): TgdPaperRow | undefined {
  return tgdPaperRows.find((each) => each.id === id);
}

/** Validation losses of Figure 5 at one epoch. */
export interface CutMixLosses {
  readonly kind: "intra" | "inter";
  /** Counted as the notebook does. */
  readonly epoch: number;
  /** PGGAN */
  readonly target: number;
  /** StarGAN */
  readonly source: number;
}

/**
 * Figure 5: StarGAN → PGGAN with CutMix within classes and across them. The AUROCs are nearly the
 * same, target 99.9 for both, source 99.1 and 99.3: what differs is the loss.
 */
export const cutMixLosses: readonly CutMixLosses[] = [
  { kind: "intra", epoch: 100, target: 0.161, source: 0.321 },
  { kind: "intra", epoch: 200, target: 0.157, source: 0.288 },
  { kind: "intra", epoch: 300, target: 0.155, source: 0.265 },
  { kind: "inter", epoch: 100, target: 0.216, source: 0.349 },
  { kind: "inter", epoch: 200, target: 0.215, source: 0.332 },
  { kind: "inter", epoch: 300, target: 0.199, source: 0.327 },
];

/** Final AUROCs of Figure 5's runs, in percent. */
export const cutMixAuroc: Readonly<
  Record<"intra" | "inter", { readonly target: number; readonly source: number }>
> = {
  intra: { target: 99.9, source: 99.1 },
  inter: { target: 99.9, source: 99.3 },
};
