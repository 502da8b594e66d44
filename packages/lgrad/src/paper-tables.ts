/*
 * The numbers of the paper's tables, to put measured ones beside: accuracy and average precision in
 * percent, as printed.
 */
import { FOREN_SYNTHS_CLASSES, LGRAD_GENERATORS } from "@fauxgrad/training";

/** A measured pair, in percent. */
export interface PaperCell {
  readonly accuracy: number;
  readonly averagePrecision: number;
}

/** A row of a table: one detector, or one perturbation. */
export interface PaperRow {
  /** `table3/stylegan-bedroom-1` */
  readonly id: string;
  readonly table: number;
  /** As the table calls it. */
  readonly label: string;
  /** Of the table. */
  readonly title: string;
  /** What the columns are: generators, or categories of ProGAN. */
  readonly unit: "generator" | "category";
  /** By the name of the generator or category. */
  readonly cells: ReadonlyMap<string, PaperCell>;
  /** As printed, or null where the table has none. */
  readonly mean: PaperCell | null;
}

interface Table {
  readonly table: number;
  readonly title: string;
  readonly unit: PaperRow["unit"];
  readonly columns: readonly string[];
  /** Label and cells by id; a last cell beyond the columns is the mean. */
  readonly rows: Readonly<Record<string, readonly [label: string, cells: string]>>;
}

const GENERATORS = LGRAD_GENERATORS;

const TABLES: readonly Table[] = [
  {
    table: 1,
    title: "cross-model, CelebA-HQ faces",
    unit: "generator",
    columns: GENERATORS.slice(0, 3),
    rows: {
      "input-image": ["Input Image", "99.6/100.0 76.8/98.9 64.2/96.2"],
      "progan-randominit": ["ProGAN-RandomInit", "91.4/97.3 57.4/66.3 52.4/56.9"],
      vgg16: ["VGG16", "96.9/99.8 79.6/96.3 68.2/91.6"],
      "clip-rn50": ["CLIP-RN50", "99.5/100.0 99.4/100.0 99.2/100.0"],
      "progan-bedroom": ["ProGAN-bedroom", "98.8/100.0 98.4/99.9 96.5/99.6"],
      "progan-bridge": ["ProGAN-bridge", "96.4/99.5 84.8/95.0 81.9/93.6"],
    },
  },
  {
    table: 2,
    title: "cross-category, ProGAN; trained on horse",
    unit: "category",
    columns: FOREN_SYNTHS_CLASSES,
    rows: {
      "clip-rn50": [
        "CLIP-RN50",
        "92.9/97.0 80.5/94.6 85.6/94.4 90.6/96.6 94.7/98.2 81.5/94.9 84.0/95.7 90.2/96.1 94.5/98.5 85.5/95.0 92.4/97.7 89.8/96.1 89.0/96.3 79.2/94.8 93.6/97.1 77.9/95.6 83.2/94.2 94.1/98.6 83.6/94.4 93.0/98.7 87.8/96.2",
      ],
      "progan-bedroom": [
        "ProGAN-bedroom",
        "99.4/100.0 94.5/98.5 99.2/100.0 99.6/100.0 97.7/100.0 98.1/100.0 99.7/100.0 99.7/100.0 96.2/99.9 99.5/100.0 98.5/99.8 99.6/100.0 100.0/100.0 97.0/99.7 98.9/100.0 97.5/99.7 99.2/100.0 99.1/100.0 94.4/99.7 96.5/100.0 98.2/99.9",
      ],
      "progan-bridge": [
        "ProGAN-bridge",
        "99.4/100.0 94.8/98.5 97.5/99.7 98.5/99.9 99.2/100.0 96.7/99.8 99.1/100.0 98.7/99.9 99.1/100.0 97.7/99.8 96.9/99.5 98.4/99.9 99.8/100.0 96.9/99.3 99.1/100.0 95.7/99.1 95.8/99.3 99.2/100.0 96.1/99.6 99.2/100.0 97.9/99.7",
      ],
    },
  },
  {
    table: 3,
    title: "cross-model and category",
    unit: "generator",
    columns: GENERATORS,
    rows: {
      "wang-1": [
        "Wang, 1 class",
        "50.4/63.8 50.4/79.3 68.2/94.7 50.2/61.3 50.0/52.9 50.0/48.2 50.3/67.6 50.1/51.5 52.5/64.9",
      ],
      "frank-1": [
        "Frank, 1 class",
        "78.9/77.9 69.4/64.8 67.4/64.0 62.3/58.6 67.4/65.4 60.5/59.5 67.5/69.1 52.4/47.3 65.7/63.3",
      ],
      "durall-1": [
        "Durall, 1 class",
        "85.1/79.5 59.2/55.2 70.4/63.8 57.0/53.9 66.7/61.4 99.8/99.6 58.7/54.8 53.0/51.9 68.7/65.0",
      ],
      "bihpf-1": [
        "BiHPF, 1 class",
        "82.5/81.4 68.0/62.8 68.8/63.6 67.0/62.5 75.5/74.2 90.1/90.1 73.6/92.1 51.6/49.9 72.1/72.1",
      ],
      "frepgan-1": [
        "FrePGAN, 1 class",
        "95.5/99.4 80.6/90.6 77.4/93.0 63.5/60.5 59.4/59.9 99.6/100.0 53.0/49.1 70.4/81.5 74.9/79.3",
      ],
      "progan-bedroom-1": [
        "LGrad (ProGAN-bedroom), 1 class",
        "98.4/99.9 82.6/95.6 83.3/98.4 76.2/81.8 82.3/90.6 99.7/100.0 71.7/75.0 52.8/57.8 80.9/87.4",
      ],
      "stylegan-bedroom-1": [
        "LGrad (StyleGAN-bedroom), 1 class",
        "99.4/99.9 96.0/99.6 93.8/99.4 79.5/88.9 84.7/94.4 99.5/100.0 70.9/81.8 66.7/77.9 86.3/92.7",
      ],
      "wang-2": [
        "Wang, 2 classes",
        "64.6/92.7 52.8/82.8 75.7/96.6 51.6/70.5 58.6/81.5 51.2/74.3 53.6/86.6 50.6/51.5 57.3/79.6",
      ],
      "frank-2": [
        "Frank, 2 classes",
        "85.7/81.3 73.1/68.5 75.0/70.9 76.9/70.8 86.5/80.8 85.0/77.0 67.3/65.3 50.1/55.3 75.0/71.2",
      ],
      "durall-2": [
        "Durall, 2 classes",
        "79.0/73.9 63.6/58.8 67.3/62.1 69.5/62.9 65.4/60.8 99.4/99.4 67.0/63.0 50.5/50.2 70.2/66.4",
      ],
      "bihpf-2": [
        "BiHPF, 2 classes",
        "87.4/87.4 71.6/74.1 77.0/81.1 82.6/80.6 86.0/86.6 93.8/80.8 75.3/88.2 53.7/54.0 78.4/79.1",
      ],
      "frepgan-2": [
        "FrePGAN, 2 classes",
        "99.0/99.9 80.8/92.0 72.2/94.0 66.0/61.8 69.1/70.3 98.5/100.0 53.1/51.0 62.2/80.6 75.1/81.2",
      ],
      "progan-bedroom-2": [
        "LGrad (ProGAN-bedroom), 2 classes",
        "99.5/100.0 85.8/99.3 83.5/99.4 78.9/87.7 78.8/89.0 99.6/100.0 70.5/77.6 51.9/52.7 81.1/88.2",
      ],
      "stylegan-bedroom-2": [
        "LGrad (StyleGAN-bedroom), 2 classes",
        "99.8/100.0 94.8/99.7 92.4/99.6 82.5/92.4 85.9/94.7 99.7/99.9 73.7/83.2 60.6/67.8 86.2/92.2",
      ],
      "wang-4": [
        "Wang, 4 classes",
        "91.4/99.4 63.8/91.4 76.4/97.5 52.9/73.3 72.7/88.6 63.8/90.8 63.9/92.2 51.7/62.3 67.1/86.9",
      ],
      "frank-4": [
        "Frank, 4 classes",
        "90.3/85.2 74.5/72.0 73.1/71.4 88.7/86.0 75.5/71.2 99.5/99.5 69.2/77.4 60.7/49.1 78.9/76.5",
      ],
      "durall-4": [
        "Durall, 4 classes",
        "81.1/74.4 54.4/52.6 66.8/62.0 60.1/56.3 69.0/64.0 98.1/98.1 61.9/57.4 50.2/50.0 67.7/64.4",
      ],
      "bihpf-4": [
        "BiHPF, 4 classes",
        "90.7/86.2 76.9/75.1 76.2/74.7 84.9/81.7 81.9/78.9 94.4/94.4 69.5/78.1 54.4/54.6 78.6/77.9",
      ],
      "frepgan-4": [
        "FrePGAN, 4 classes",
        "99.0/99.9 80.7/89.6 84.1/98.6 69.2/71.1 71.1/74.4 99.9/100.0 60.3/71.7 70.9/91.9 79.4/87.2",
      ],
      "progan-bedroom-4": [
        "LGrad (ProGAN-bedroom), 4 classes",
        "99.7/100.0 87.8/99.1 91.7/99.7 80.9/89.3 78.2/89.0 99.8/100.0 73.5/78.6 53.1/55.0 83.1/88.8",
      ],
      "stylegan-bedroom-4": [
        "LGrad (StyleGAN-bedroom), 4 classes",
        "99.9/100.0 94.8/99.9 96.0/99.9 82.9/90.7 85.3/94.0 99.6/100.0 72.4/79.3 58.0/67.9 86.1/91.5",
      ],
    },
  },
  {
    table: 4,
    title: "perturbed test images",
    unit: "generator",
    columns: GENERATORS,
    rows: {
      none: [
        "unperturbed",
        "99.4/99.9 96.0/99.6 93.8/99.4 79.5/88.9 84.7/94.4 99.5/100.0 70.9/81.8 66.7/77.9 86.3/92.7",
      ],
      blur: [
        "blur",
        "90.1/96.5 90.6/95.7 87.5/93.4 71.1/76.3 70.6/73.6 93.6/98.0 63.7/69.5 61.2/62.6 78.5/83.2",
      ],
      cropping: [
        "cropping",
        "99.2/99.9 95.9/99.6 94.0/99.6 80.1/88.0 78.5/88.1 94.4/99.4 70.6/78.1 67.5/82.3 85.0/91.9",
      ],
      jpeg: [
        "jpeg",
        "76.2/90.0 74.4/90.2 72.6/89.1 66.0/74.6 72.7/83.2 76.0/89.5 60.1/67.6 58.0/65.2 69.5/81.2",
      ],
      noise: [
        "noise",
        "77.1/87.7 73.3/84.8 74.3/84.9 68.2/77.4 66.4/77.2 76.0/88.8 60.4/69.1 57.5/65.1 69.1/79.4",
      ],
      combined: [
        "combined",
        "86.3/94.6 83.5/93.0 82.4/92.3 71.2/78.9 73.0/80.4 84.7/94.3 64.7/71.5 61.2/67.4 75.9/84.1",
      ],
    },
  },
  {
    table: 5,
    title: "transformation models, 1 class",
    unit: "generator",
    columns: GENERATORS,
    rows: {
      vgg16: [
        "VGG16",
        "96.0/99.5 65.5/88.8 74.7/93.8 73.0/78.1 77.8/86.1 99.8/100.0 60.7/63.1 60.4/67.8 76.0/84.7",
      ],
      inceptionv3: [
        "InceptionV3",
        "64.9/74.4 58.8/66.9 65.4/73.8 50.9/52.1 59.1/68.4 52.6/58.5 54.0/56.5 49.8/50.1 56.9/62.6",
      ],
      resnet50: [
        "Resnet50",
        "86.4/95.0 81.0/92.2 83.7/93.5 57.2/56.2 68.3/75.8 96.4/99.5 51.2/52.7 63.4/70.4 73.4/79.4",
      ],
      "clip-resnet50": [
        "CLIP-Resnet50",
        "87.6/95.8 80.2/90.0 78.9/91.0 60.1/61.1 84.2/87.9 88.5/95.1 72.6/71.6 64.9/64.4 77.1/82.1",
      ],
      vit: [
        "ViT",
        "51.2/71.1 51.7/65.7 52.4/67.9 50.6/53.3 54.1/75.2 51.6/64.0 50.6/61.1 50.0/53.7 51.5/64.0",
      ],
      deeplabv3: [
        "DeeplabV3",
        "81.6/91.6 68.7/80.4 70.6/84.5 54.5/55.7 66.2/71.0 87.9/94.7 51.7/53.1 59.3/58.9 67.6/73.7",
      ],
      idinvert: [
        "Idinvert",
        "97.4/99.8 71.6/95.3 71.2/95.4 86.6/94.8 78.7/85.7 97.4/99.7 72.0/82.1 60.1/72.1 79.4/90.6",
      ],
      "progan-bedroom": [
        "ProGAN-bedroom",
        "98.4/99.9 82.6/95.6 83.3/98.4 76.2/81.8 82.3/90.6 99.7/100.0 71.7/75.0 52.8/57.8 80.9/87.4",
      ],
      "progan-bridge": [
        "ProGAN-bridge",
        "97.8/99.7 86.4/97.5 85.7/97.3 72.5/78.7 76.8/87.5 94.1/99.9 62.5/75.8 53.2/61.3 78.6/87.2",
      ],
      "stylegan-bedroom": [
        "StyleGAN-bedroom",
        "99.4/99.9 96.0/99.6 93.8/99.4 79.5/88.9 84.7/94.4 99.5/100.0 70.9/81.8 66.7/77.9 86.3/92.7",
      ],
      "stylegan-cats": [
        "StyleGAN-cats",
        "97.4/99.7 83.4/97.3 77.4/96.4 69.8/74.6 79.3/90.2 97.8/99.8 68.0/77.4 65.9/72.9 79.9/88.5",
      ],
      "stylegan2-church": [
        "StyleGAN2-church",
        "99.1/100.0 88.2/97.7 91.9/99.6 70.1/71.7 80.6/89.1 95.6/99.8 60.8/68.9 72.7/76.5 82.4/87.9",
      ],
    },
  },
  {
    table: 6,
    title: "amount of training data, StyleGAN-bedroom",
    unit: "generator",
    columns: GENERATORS,
    rows: {
      "frepgan-36k": [
        "FrePGAN, 36k images",
        "95.5/99.4 80.6/90.6 77.4/93.0 63.5/60.5 59.4/59.9 99.6/100.0 53.0/49.1 70.4/81.5 74.9/79.3",
      ],
      "lgrad-4k": [
        "LGrad, 4k images",
        "95.9/99.5 88.9/98.0 91.7/99.0 59.1/55.2 58.7/58.4 87.8/99.8 59.2/66.2 65.9/83.5 75.9/82.4",
      ],
      "lgrad-9k": [
        "LGrad, 9k images",
        "98.3/99.9 92.4/99.4 92.2/99.4 71.7/74.5 73.0/76.8 98.1/100.0 64.0/74.2 68.0/79.3 82.2/87.9",
      ],
      "lgrad-18k": [
        "LGrad, 18k images",
        "98.8/100.0 95.1/99.8 91.4/99.7 76.8/87.1 79.8/90.7 99.2/100.0 68.9/80.4 63.9/73.0 84.2/91.3",
      ],
      "lgrad-36k": [
        "LGrad, 36k images",
        "99.4/99.9 96.0/99.6 93.8/99.4 79.5/88.9 84.7/94.4 99.5/100.0 70.9/81.8 66.7/77.9 86.3/92.7",
      ],
      "lgrad-72k": [
        "LGrad, 72k images",
        "99.8/100.0 94.8/99.7 92.4/99.6 82.5/92.4 85.9/94.7 99.7/99.9 73.7/83.2 60.6/67.8 86.2/92.2",
      ],
    },
  },
];

/**
 * Every row of tables 1 to 6, other methods included, in their order.
 *
 * @see Tan et al., "Learning on Gradients", CVPR 2023
 */
export const paperRows: readonly PaperRow[] = TABLES.flatMap(({ rows, ...table }) =>
  Object.entries(rows).map(([id, [label, cells]]) => readRow(table, id, label, cells)),
);

/** The row of that id; undefined if there is none. */
export function paperRow(id: string): PaperRow | undefined {
  return paperRows.find((row) => row.id === id);
}

function readRow(
  { table, title, unit, columns }: Omit<Table, "rows">,
  id: string,
  label: string,
  text: string,
): PaperRow {
  const cells = text.split(" ").map((cell): PaperCell => {
    const [accuracy, averagePrecision] = cell.split("/").map(Number);
    return { accuracy: accuracy!, averagePrecision: averagePrecision! };
  });
  return {
    id: `table${table}/${id}`,
    table,
    title,
    unit,
    label,
    cells: new Map(columns.map((name, i) => [name, cells[i]!])),
    mean: cells[columns.length] ?? null,
  };
}
