/*
 * An experiment as a list of steps: commands of this program, what each needs, what it leaves and
 * what it costs. Nothing here knows a method; `lgrad-*.ts` beside this plans LGrad's tables.
 */

/** How a command of the program ended. */
export interface StepEnd {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** All of standard output. */
  readonly output: string;
  /** The last lines of standard error. */
  readonly lastLines: readonly string[];
}

/** What a step will take. */
export interface StepCost {
  /** Steps of one key cost the same for each unit: what one took is the estimate of the others. */
  readonly key: string;
  /** `gradient`, `training image` */
  readonly unit: string;
  readonly count: number;
  /** Floating-point operations of one unit, in 10⁹. */
  readonly gflop: number;
  /** Of the disk, in all. */
  readonly bytes: number;
}

/** One command, and what it leaves behind. */
export interface Step {
  /** `gradients/stylegan-bedroom/train/horse`: unique in the output folder of an experiment. */
  readonly id: string;
  /** What plans group by: `transform`, `train`, `eval`. */
  readonly kind: string;
  /** Steps that come before. */
  readonly needs: readonly string[];
  /** The folder that it writes. */
  readonly folder: string;
  /**
   * What decides about the result, in words. A step that was done with another identity is never
   * silently replaced, nor taken for this one.
   */
  readonly identity: Readonly<Record<string, string | number | boolean | null>>;
  /** Fingerprint of the files that it reads: if they are others by now, the step is done again. */
  readonly inputs: string;
  readonly cost: StepCost;
  /** Below `folder`: of no use any more once the step is done. */
  readonly discard?: readonly string[];
  /** Arguments of the program; decided when its turn comes, e.g. whether to resume. */
  command(): Promise<readonly string[]>;
  /**
   * Looks at what the command left.
   *
   * @returns what to know about it, e.g. files that were left out
   * @throws if the step has failed
   */
  conclude(end: StepEnd): Promise<readonly string[]>;
}

/** A row of the table, and whether it can be made. */
export interface PlanRow {
  readonly id: string;
  readonly label: string;
  /** The step whose result it shows; null if it cannot be made. */
  readonly step: string | null;
  /** Why not, a sentence each. */
  readonly missing: readonly string[];
  /** What to know about it though it can be made. */
  readonly notices: readonly string[];
}

/** What an experiment comes to. */
export interface Plan {
  readonly title: string;
  /** Each after those that it needs. */
  readonly steps: readonly Step[];
  readonly rows: readonly PlanRow[];
  /** What estimates rest on, a sentence each. */
  readonly assumptions: readonly string[];
}

/** What became of a step. */
export type StepOutcome =
  | { readonly status: "done"; readonly seconds: number; readonly notices: readonly string[] }
  | { readonly status: "failed"; readonly error: string }
  | { readonly status: "blocked"; readonly by: string };
