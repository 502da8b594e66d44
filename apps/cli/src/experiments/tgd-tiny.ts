/*
 * `--tiny`: a table's whole chain in a minute or two, on generated images and with a network of three
 * stages. Its numbers mean nothing; that it runs means that the steps fit together.
 */
import path from "node:path";
import { type TinyGenerator, writeTinyGenerator } from "../tgd/tiny-images.ts";
import type { TgdExperiment, TgdTraining } from "./tgd-experiment.ts";

/** Rows that are made. */
const ROWS = 3;
/** Images of each label. */
const COUNTS = { train: 8, val: 4, test: 4, few: 8 } as const;
const GENERATORS: readonly TinyGenerator[] = ["checkerboard", "stripes", "dots"];

const COMMON = {
  batchSize: 8,
  "learningRate.warmUp": null,
  "learningRate.milestones": null,
  "duration.count": 1,
  "duration.unit": "epochs",
} as const;
const NETWORK = {
  name: "tgd_efficientnet_b0",
  options: { standardizeSE: false, stages: "3", widthPercent: 25 },
} as const;
/** What an experiment's own changes may keep. */
const KEPT = /^(augmentation|regularization)(\.|$)/;

/** The same table, its networks and trainings small: of the first transfer's generators alone. */
export function tinyTgdExperiment(experiment: TgdExperiment): TgdExperiment {
  const { title, data, trainings, columns, rows } = experiment;
  const kept = columns.filter((column) => firstGenerators(experiment).includes(column));
  const isMade = (key: string) => lineage(experiment, key).every((each) => kept.includes(each));
  const small = rows.map((row) => {
    const cells = [...row.cells]
      .filter(([column]) => kept.includes(column))
      .map(([column, keys]) => [column, keys.filter(isMade)] as const)
      .filter(([, keys]) => keys.length > 0);
    return { ...row, cells: new Map(cells) };
  });
  return {
    ...experiment,
    title: `${title} (tiny: generated images, a small network)`,
    notes: ["These numbers mean nothing: the images are generated, the network is small."],
    data: new Map(
      [...data.keys()].map((key) => [key, { folder: key, few: path.posix.join(key, "few") }]),
    ),
    trainings: new Map([...trainings].map(([key, training]) => [key, tinyTraining(training)])),
    columns: kept,
    rows: small.filter(({ cells }) => cells.size > 0).slice(0, ROWS),
  };
}

/** Of the first transfer that a row shows, and of all before it. */
function firstGenerators(experiment: TgdExperiment): readonly string[] {
  const shown = experiment.rows.flatMap(({ cells }) => [...cells.values()].flat());
  const transfer = shown.find((key) => experiment.trainings.get(key)?.from !== null);
  return transfer === undefined ? experiment.columns : lineage(experiment, transfer);
}

/** Data of a training and of all that it goes on from. */
function lineage(experiment: TgdExperiment, key: string): string[] {
  const { data, from } = experiment.trainings.get(key)!;
  return from === null ? [data] : [data, ...lineage(experiment, from)];
}

function tinyTraining(training: TgdTraining): TgdTraining {
  const kept = Object.entries(training.changes).filter(([name]) => KEPT.test(name));
  const isAutoencoder = training.network === "forensic_transfer";
  const own = training.network === null ? {} : { "augmentation.size": 32 };
  const network = training.network === null || isAutoencoder ? {} : { network: NETWORK };
  return {
    ...training,
    network: training.network === null || isAutoencoder ? training.network : NETWORK.name,
    changes: { ...Object.fromEntries(kept), ...COMMON, ...own, ...network },
  };
}

/** Writes the images that a tiny table needs. @throws {FileError} if the disk refuses */
export async function writeTinyData(
  { data, columns }: TgdExperiment,
  out: string,
): Promise<string> {
  const root = path.join(out, "data");
  for (const key of columns) {
    const place = [...data.keys()].indexOf(key);
    const generator = GENERATORS[place % GENERATORS.length] ?? "dots";
    await writeTinyGenerator(path.join(root, key), generator, COUNTS);
  }
  return root;
}
