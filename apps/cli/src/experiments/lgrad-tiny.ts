/*
 * `--tiny`: a table's whole chain in a minute or two, on generated images and with discriminators of
 * 32 pixels. Its numbers mean nothing; that it runs means that the steps fit together.
 */
import path from "node:path";
import { describeClassifier } from "@fauxgrad/lgrad";
import { fromFloat32, type HostTensor, writeSafetensors } from "@fauxgrad/models/checkpoint";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { writePng } from "../io/write-png.ts";
import { fileError } from "../session/files.ts";
import { tinyImage } from "../training/tiny-images.ts";
import { isFile } from "../transform/plan.ts";
import type { ExperimentModel, ExperimentRow, LGradExperiment } from "./lgrad-experiment.ts";
import { CLASSIFIER_KEY } from "./lgrad-plan.ts";
import { fingerprint } from "./step-records.ts";

/** Columns that are made, and trainings: of more, only the rows of the first are. */
const COLUMNS = 2;
const TRAININGS = 4;
const SIDE = 32;
/** Images of either label in each folder. */
const COUNTS = { train: 2, val: 1, test: 1 } as const;
const CLASSIFIER = "classifier.safetensors";

/** The same table, its networks and trainings small. */
export function tinyExperiment(experiment: LGradExperiment): LGradExperiment {
  const { title, models, training, test, rows } = experiment;
  const limits = [...new Set(rows.map(({ images }) => images))]
    .filter((images) => images !== null)
    .sort((a, b) => a - b);
  const small = [...models.keys()].map((key) => [key, tinyModel(key)] as const);
  const trainings = [...new Set(rows.map(trainingOf))].slice(0, TRAININGS);
  return {
    ...experiment,
    title: `${title} (tiny: generated images, random networks)`,
    notes: ["These numbers mean nothing: the images are generated, the networks random and small."],
    models: new Map(small),
    training: {
      ...{ ...training, epochs: 1, batchSize: 4, size: 40, crop: 36 },
      weights: [CLASSIFIER],
    },
    test: { ...test, columns: test.columns.slice(0, COLUMNS) },
    rows: rows
      .filter((row) => trainings.includes(trainingOf(row)))
      // Two images of the smallest set, one more of each larger one.
      .map((row) =>
        row.images === null ? row : { ...row, images: 2 + limits.indexOf(row.images) },
      ),
  };
}

function trainingOf({ model, classes, images }: ExperimentRow): string {
  return JSON.stringify([model, classes, images]);
}

/** The same for a key in every table, so that tables may share a folder. */
function tinyModel(key: string): ExperimentModel {
  const network = NETWORKS.find(([name]) => key.startsWith(name))?.[1] ?? "pggan";
  const set = { resolution: String(SIDE), fmapsBase: "256", fmapsMax: "16" };
  const randomInit = Number.parseInt(fingerprint([key]).slice(0, 6), 16);
  return { network, weights: [], randomInit, size: null, filter: "bilinear", set };
}

const NETWORKS = [
  ["stylegan2", "stylegan2"],
  ["stylegan", "stylegan"],
] as const;

/** Where `--tiny` finds its images and weights. */
export interface TinySources {
  readonly data: string;
  /** As `--models` takes it. */
  readonly models: readonly string[];
}

/**
 * Writes the images that a tiny table needs, and a classifier to begin from.
 *
 * @throws {FileError} if the disk refuses
 */
export async function writeTinySources(
  { folder, test, rows }: LGradExperiment,
  out: string,
): Promise<TinySources> {
  const data = path.join(out, "data");
  const classes = new Set(rows.flatMap((row) => row.classes));
  const write = async (place: string, count: number) => {
    for (const label of [0, 1] as const) {
      for (let i = 0; i < count; i += 1) {
        const name = path.posix.join(place, label === 0 ? "0_real" : "1_fake", `${i}.png`);
        const file = path.join(data, folder, name);
        if (await isFile(file)) continue;
        await writePng(file, tinyImage(label, name)).catch((cause: unknown) => {
          throw fileError("write", file, cause);
        });
      }
    }
  };
  for (const name of classes) {
    await write(`train/${name}`, COUNTS.train);
    await write(`val/${name}`, COUNTS.val);
  }
  for (const name of test.columns) await write(`${test.folder}/${name}`, COUNTS.test);
  const classifier = path.join(data, CLASSIFIER);
  if (!(await isFile(classifier))) await writeClassifier(classifier);
  return { data, models: [`${CLASSIFIER_KEY}=${classifier}`] };
}

/** A ResNet-50's first weights, which are cheap to make: properly random ones take seconds. */
async function writeClassifier(file: string): Promise<void> {
  const tensors = new Map<string, HostTensor>();
  for (const [name, shape] of describeClassifier().expectedState()) {
    if (name.endsWith("num_batches_tracked")) continue;
    const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
    const [outputs = 1, , height = 1, width = 1] = shape;
    // Kaiming's variance, 2 / (outputs · height · width), of a uniform distribution.
    const bound = Math.sqrt(6 / (outputs * height * width));
    for (let i = 0; i < values.length; i += 1) {
      values[i] = bound * ((Math.imul(i + 1, 2654435761) | 0) / 2 ** 31);
    }
    if (shape.length === 1) values.fill(/weight|var/.test(name) ? 1 : 0);
    tensors.set(name, fromFloat32(values, shape));
  }
  try {
    await writeFileAtomic(file, new Uint8Array(writeSafetensors(tensors)));
  } catch (cause) {
    throw fileError("write", file, cause);
  }
}
