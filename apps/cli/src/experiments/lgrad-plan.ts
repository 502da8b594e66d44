/*
 * One of LGrad's tables as a plan: which rows can be made of the data and the weights that are
 * there, and the steps that make them. Rows share what they have in common.
 */
import path from "node:path";
import { plural } from "../terminal/units.ts";
import type { WeightFiles } from "./find-weights.ts";
import { type ImageFolder, lookInto } from "./image-folder.ts";
import { LGRAD_ASSUMPTIONS } from "./lgrad-costs.ts";
import type { ExperimentRow, LGradExperiment } from "./lgrad-experiment.ts";
import { evaluationStep, gradientStep, type ReadyModel, trainingStep } from "./lgrad-steps.ts";
import type { Plan, PlanRow, Step } from "./step.ts";
import { fingerprint } from "./step-records.ts";

/** What there is to make a table of. */
export interface LGradSources {
  /** Root of the data. */
  readonly data: string;
  readonly out: string;
  readonly weights: WeightFiles;
  /** Begin classifiers from random weights where the experiment names a file. */
  readonly fromScratch: boolean;
  /** Only these rows. */
  readonly rows?: readonly string[];
}

/** The key of the classifier's first weights, for `--models`. */
export const CLASSIFIER_KEY = "classifier";

/** Plans a table; looks at the data, writes nothing. */
export async function planLGrad(experiment: LGradExperiment, sources: LGradSources): Promise<Plan> {
  const planner = new Planner(experiment, sources);
  const rows: PlanRow[] = [];
  for (const row of experiment.rows) {
    if (sources.rows?.includes(row.id) === false) continue;
    rows.push(await planner.row(row));
  }
  const { title } = experiment;
  return { title, steps: [...planner.steps.values()], rows, assumptions: LGRAD_ASSUMPTIONS };
}

/** A part of the data that a row needs. */
interface Part {
  /** Below the data's folder: `train/horse`. */
  readonly place: string;
  readonly images: ImageFolder;
}

class Planner {
  /** In an order in which they can be done. */
  readonly steps = new Map<string, Step>();
  readonly #experiment: LGradExperiment;
  readonly #sources: LGradSources;
  readonly #folders = new Map<string, Promise<ImageFolder | null>>();

  constructor(experiment: LGradExperiment, sources: LGradSources) {
    this.#experiment = experiment;
    this.#sources = sources;
  }

  async row(row: ExperimentRow): Promise<PlanRow> {
    const { id, label } = row;
    const { test } = this.#experiment;
    const missing: string[] = [];
    const model = row.model === null ? null : await this.#model(row.model, missing);
    const weights = await this.#classifier(missing);
    const train = await this.#parts("train", row.classes);
    missing.push(...this.#absences(train.absent));
    const images = countOf(train.found);
    if (train.absent.length === 0 && row.images !== null && images < row.images) {
      missing.push(`${plural(images, "training image")}, ${plural(row.images, "image")} needed.`);
    }
    const val = await this.#parts("val", row.classes);
    const tests = await this.#parts(test.folder, test.columns);
    if (tests.found.length === 0) missing.push(...this.#absences(tests.absent));
    if (missing.length > 0) return { id, label, step: null, missing, notices: [] };

    // A row that needs no gradients has no step for them; perturbed images get theirs on the way.
    const gradientsOf = (parts: readonly Part[]) =>
      model === null ? [] : parts.map((part) => this.#gradients(model, part));
    const learned = [...train.found, ...val.found];
    const training = this.#add(
      trainingStep(this.#sources.out, {
        ...{ id: this.#trainingId(row), model, weights, row },
        training: this.#experiment.training,
        data: this.#dataOf(model),
        images: row.images ?? images,
        inputs: model === null ? inputsOf(learned) : "",
        needs: gradientsOf(learned),
      }),
    );
    const isOriginal = model === null || row.perturb !== null;
    const evaluation = this.#add(
      evaluationStep(this.#sources.out, {
        ...{ id: this.#evaluationId(row), model, row, trainingFolder: training.folder },
        columns: tests.found.map(({ place }) => path.posix.basename(place)),
        data: path.join(this.#dataOf(isOriginal ? null : model), test.folder),
        images: countOf(tests.found),
        inputs: isOriginal ? inputsOf(tests.found) : "",
        needs: [training.id, ...(isOriginal ? [] : gradientsOf(tests.found))],
        side: this.#experiment.training.size,
      }),
    );
    const absent = [...val.absent, ...tests.absent];
    const notices = this.#absences(absent);
    return { id, label, step: evaluation.id, missing: [], notices };
  }

  async #model(key: string, missing: string[]): Promise<ReadyModel | null> {
    const model = this.#experiment.models.get(key)!;
    if (model.randomInit !== null) return { ...model, key, file: null };
    const file = await this.#sources.weights.find(key, model.weights);
    if (file === null) missing.push(absentWeights(key, model.weights));
    return { ...model, key, file };
  }

  async #classifier(missing: string[]) {
    const names = this.#experiment.training.weights;
    if (names.length === 0 || this.#sources.fromScratch) return null;
    const file = await this.#sources.weights.find(CLASSIFIER_KEY, names);
    if (file === null) {
      missing.push(
        `${absentWeights(CLASSIFIER_KEY, names)} Or pass --from-scratch to begin at random.`,
      );
    }
    return file;
  }

  #gradients(model: ReadyModel, { place, images }: Part): string {
    const { folder } = this.#experiment;
    return this.#add(gradientStep(this.#sources.out, model, path.posix.join(folder, place), images))
      .id;
  }

  /** The first of a name stays: rows share it. */
  #add(step: Step): Step {
    const known = this.steps.get(step.id);
    if (known !== undefined) return known;
    this.steps.set(step.id, step);
    return step;
  }

  #trainingId({ model, classes, images }: ExperimentRow): string {
    const name = `${classes.join("+")}${images === null ? "" : `-${images}`}`;
    const { folder } = this.#experiment;
    return path.posix.join("trainings", model ?? "images", folder, name);
  }

  #evaluationId(row: ExperimentRow): string {
    const { perturb } = row;
    const { test } = this.#experiment;
    const how = perturb === null ? "" : `-${perturb.mode}-${perturb.parameters}-${perturb.seed}`;
    const training = this.#trainingId(row).replace(/^trainings/, "evaluations");
    return `${training}/${test.folder}${how}`;
  }

  /** Where images of a kind are. */
  #dataOf(model: ReadyModel | null): string {
    const { data, out } = this.#sources;
    const { folder } = this.#experiment;
    return model === null
      ? path.join(data, folder)
      : path.join(out, "gradients", model.key, folder);
  }

  async #parts(split: string, names: readonly string[]) {
    const found: Part[] = [];
    const absent: string[] = [];
    for (const name of names) {
      const place = path.posix.join(split, name);
      const images = await this.#images(place);
      if (images === null) absent.push(place);
      else found.push({ place, images });
    }
    return { found, absent };
  }

  #images(place: string): Promise<ImageFolder | null> {
    const known = this.#folders.get(place) ?? lookInto(path.join(this.#dataOf(null), place));
    this.#folders.set(place, known);
    return known;
  }

  #absences(places: readonly string[]): string[] {
    if (places.length === 0) return [];
    const { data } = this.#sources;
    const names = places.map((place) => path.posix.join(this.#experiment.folder, place));
    return [`no images in ${names.join(", ")} below ${data}.`];
  }
}

function absentWeights(key: string, names: readonly string[]): string {
  return `no weights of ${key}: none of ${names.join(", ")} in --models, nor ${key}=FILE.`;
}

function countOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { images }) => sum + images.count, 0);
}

function inputsOf(parts: readonly Part[]): string {
  return fingerprint(parts.map(({ images }) => images.fingerprint));
}
