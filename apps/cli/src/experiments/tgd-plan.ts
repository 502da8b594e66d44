/*
 * One of T-GD's tables as a plan: which rows can be made of the data that are there, and the steps
 * that make them. Rows share trainings, and a model is evaluated once on all that any row asks of it.
 */
import path from "node:path";
import { changeRecipe, recipePreset, type TgdRecipe } from "@fauxgrad/tgd";
import { CommandLineError } from "../terminal/errors.ts";
import { inheritedFrom } from "../tgd/recipe-options.ts";
import { type ImageFolder, lookInto } from "./image-folder.ts";
import type { Plan, PlanRow, Step } from "./step.ts";
import { fingerprint } from "./step-records.ts";
import { TGD_ASSUMPTIONS } from "./tgd-costs.ts";
import type { TgdExperiment, TgdRow, TgdTraining } from "./tgd-experiment.ts";
import { tgdEvaluationId, tgdEvaluationStep, tgdTrainingStep } from "./tgd-steps.ts";

/** What there is to make a table of. */
export interface TgdSources {
  /** Root of the data. */
  readonly data: string;
  readonly out: string;
  /** Only these rows. */
  readonly rows?: readonly string[];
}

/** Plans a table; looks at the data, writes nothing. */
export async function planTgd(experiment: TgdExperiment, sources: TgdSources): Promise<Plan> {
  const planner = new Planner(experiment, sources);
  const wanted = experiment.rows.filter(({ id }) => sources.rows?.includes(id) !== false);
  const rows: PlanRow[] = [];
  for (const row of wanted) rows.push(await planner.row(row));
  const steps = await planner.steps();
  return { title: experiment.title, steps, rows, assumptions: TGD_ASSUMPTIONS };
}

class Planner {
  readonly #experiment: TgdExperiment;
  readonly #sources: TgdSources;
  readonly #folders = new Map<string, Promise<ImageFolder | null>>();
  /** Trainings that rows need, each after the one that it begins from. */
  readonly #trainings = new Set<string>();
  /** Test sets of each model. */
  readonly #tests = new Map<string, Set<string>>();

  constructor(experiment: TgdExperiment, sources: TgdSources) {
    this.#experiment = experiment;
    this.#sources = sources;
  }

  async row({ id, label, cells }: TgdRow): Promise<PlanRow> {
    const absent = await this.#absentTests([...cells.keys()]);
    const shown = [...cells].filter(([column]) => !absent.includes(column));
    const keys = [...new Set(shown.flatMap(([, trainings]) => trainings))];
    const problems = await Promise.all(keys.map((key) => this.#absentImages(key)));
    const missing = [...new Set(problems.flat())];
    const notices = absent.map((column) => `no test images of ${column}: that column is empty.`);
    if (shown.length === 0) missing.push(...notices);
    if (missing.length > 0) return { id, label, step: null, missing, notices: [] };
    for (const key of keys) this.#addTraining(key);
    for (const [column, trainings] of shown) {
      for (const key of trainings) {
        this.#tests.set(key, (this.#tests.get(key) ?? new Set()).add(column));
      }
    }
    const [[column = "", [first = ""] = []] = []] = shown;
    return { id, label, step: tgdEvaluationId(first, column), missing: [], notices };
  }

  async steps(): Promise<Step[]> {
    const steps: Step[] = [];
    for (const key of this.#trainings) {
      steps.push(await this.#trainingStep(key));
      for (const column of this.#tests.get(key) ?? []) {
        steps.push(await this.#evaluationStep(key, column));
      }
    }
    return steps;
  }

  #training(key: string): TgdTraining {
    return this.#experiment.trainings.get(key)!;
  }

  #addTraining(key: string): void {
    const { from } = this.#training(key);
    if (from !== null) this.#addTraining(from);
    this.#trainings.add(key);
  }

  /** The pretraining's recipe says the network and its input. */
  #recipe(key: string): TgdRecipe {
    const { preset, network, from, method, changes } = this.#training(key);
    const source = from === null ? null : this.#recipe(from);
    const name = source?.network.name ?? network ?? "tgd_efficientnet_b0";
    const isAutoencoder = name === "forensic_transfer";
    try {
      const recipe = recipePreset({
        ...{ preset, network: name, stage: from === null ? "pretrain" : "transfer" },
        method: isAutoencoder ? "forensic-transfer" : (method ?? "tgd"),
      });
      const inherited = source === null ? {} : inheritedFrom(source);
      return changeRecipe(recipe, { ...changes, ...inherited });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new CommandLineError(`${this.#experiment.name}: trainings.${key}: ${error.message}`, {
        cause: error,
      });
    }
  }

  async #trainingStep(key: string): Promise<Step> {
    const training = this.#training(key);
    const isTransfer = training.from !== null;
    const learned = (await this.#images(this.#learned(training)))!;
    const own = await this.#validation(training.data);
    const source = isTransfer ? await this.#validation(this.#sourceOf(key)) : null;
    const read = [learned.fingerprint, own?.fingerprint ?? "", source?.fingerprint ?? ""];
    return tgdTrainingStep(this.#sources.out, {
      ...{ key, training, images: learned.count, inputs: fingerprint(read) },
      data: path.join(this.#sources.data, this.#place(training)),
      recipe: this.#recipe(key),
      targetVal: isTransfer ? (own?.folder ?? null) : null,
      sourceVal: source?.folder ?? null,
    });
  }

  async #evaluationStep(key: string, column: string): Promise<Step> {
    const images = (await this.#images(this.#testPlace(column)))!;
    const folder = path.dirname(images.folder);
    const recipe = this.#recipe(key);
    return tgdEvaluationStep(this.#sources.out, { key, recipe, column, folder, images });
  }

  /** The data of the pretraining that a chain begins with. */
  #sourceOf(key: string): string {
    const { from, data } = this.#training(key);
    return from === null ? data : this.#sourceOf(from);
  }

  /** What the command is given, below the root. */
  #place({ data, from }: TgdTraining): string {
    const { folder, few } = this.#experiment.data.get(data)!;
    return from !== null && few !== null ? few : folder;
  }

  #learned(training: TgdTraining): string {
    const place = this.#place(training);
    const { folder } = this.#experiment.data.get(training.data)!;
    return place === folder ? path.posix.join(folder, "train") : place;
  }

  #testPlace(column: string): string {
    return path.posix.join(this.#experiment.data.get(column)!.folder, "test");
  }

  async #absentTests(columns: readonly string[]): Promise<string[]> {
    const found = await Promise.all(columns.map((each) => this.#images(this.#testPlace(each))));
    return columns.filter((_, i) => found[i] === null);
  }

  /** Why a training cannot be made. */
  async #absentImages(key: string): Promise<string[]> {
    const training = this.#training(key);
    const before = training.from === null ? [] : await this.#absentImages(training.from);
    const place = this.#learned(training);
    if ((await this.#images(place)) !== null) return before;
    const remedy =
      training.from === null ? "" : " Make it: fauxgrad data sample draws few images of a split.";
    return [...before, `no images in ${place} below ${this.#sources.data}.${remedy}`];
  }

  /** The folder whose val validates, and a fingerprint of val alone; null if it has none. */
  async #validation(data: string): Promise<Pick<ImageFolder, "folder" | "fingerprint"> | null> {
    const { folder } = this.#experiment.data.get(data)!;
    const names = ["val", "validation"].map((name) => path.posix.join(folder, name));
    const found = await Promise.all(names.map((name) => this.#images(name)));
    if (found.every((images) => images === null)) return null;
    return {
      folder: path.join(this.#sources.data, folder),
      fingerprint: fingerprint(found.map((images) => images?.fingerprint ?? "")),
    };
  }

  #images(place: string): Promise<ImageFolder | null> {
    const known = this.#folders.get(place) ?? lookInto(path.join(this.#sources.data, place));
    this.#folders.set(place, known);
    return known;
  }
}
