import { ImageError } from "../io/image-error.ts";
import { Interrupted, messageOf } from "../terminal/errors.ts";
import { formatDuration, plural } from "../terminal/units.ts";
import type { PlannedTransform, TransformPlan } from "./plan.ts";
import type { Outcome } from "./transform-images.ts";

/** What became of one input, for `--json`. */
export interface ImageReport {
  readonly file: string;
  readonly status: "written" | "skipped" | "failed" | "not reached";
  readonly output?: string;
  readonly raw?: string;
  readonly error?: string;
}

/** What a {@link Summary} says of the command. */
export interface SummaryOptions {
  readonly model: string;
  readonly out: string;
  readonly overwrite?: boolean;
}

/** Keeps count of what became of every image. */
export class Summary {
  /** The device's line, once it is open. */
  device: string | null = null;
  readonly #plan: TransformPlan;
  readonly #options: SummaryOptions;
  readonly #outcomes = new Map<PlannedTransform, Error | null>();
  #began: number | null = null;
  #ended: number | null = null;
  #stopped: string | null = null;

  constructor(plan: TransformPlan, options: SummaryOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  /** The first image is about to be transformed. */
  start(): void {
    this.#began = performance.now();
  }

  /** Whether {@link start} was called. */
  get isStarted(): boolean {
    return this.#began !== null;
  }

  add({ image, error }: Outcome): void {
    this.#outcomes.set(image, error);
    this.#ended = performance.now();
  }

  /** The run ends before its last image. */
  endedEarly(error: unknown): void {
    this.#stopped = error instanceof Interrupted ? "interrupted" : messageOf(error);
  }

  get written(): number {
    return [...this.#outcomes.values()].filter((error) => error === null).length;
  }

  get skipped(): number {
    return this.#plan.done.length;
  }

  /** Images and inputs that could not be used. */
  get failed(): number {
    return this.#plan.problems.length + this.#outcomes.size - this.written;
  }

  /** Images that were not reached. */
  get remaining(): number {
    return this.#plan.work.length - this.#outcomes.size;
  }

  /** From the first image to the last, in ms. */
  get ms(): number {
    return this.#began === null || this.#ended === null ? 0 : this.#ended - this.#began;
  }

  /** `12 images transformed, 1 failed, in 20.1 s (0.597 images/s), into out` */
  toText(): string {
    const { written, skipped, failed, remaining, ms } = this;
    const rate = ms > 0 ? ((written * 1000) / ms).toPrecision(3) : "-";
    const parts = [
      `${plural(written, "image")} transformed`,
      ...(skipped > 0 ? [`${skipped} skipped (their results exist)`] : []),
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(remaining > 0 ? [`${remaining} not reached`] : []),
      ...(written > 0 ? [`in ${formatDuration(ms)} (${rate} images/s)`] : []),
      `into ${this.#options.out}`,
    ];
    return parts.join(", ");
  }

  howToContinue(): string {
    const without = this.#options.overwrite === true ? " without --overwrite" : "";
    return `Run the command again${without} for the rest: what exists is skipped.`;
  }

  toJson() {
    const { written, skipped, failed, remaining } = this;
    const { model, out } = this.#options;
    return {
      model,
      out,
      device: this.device,
      written,
      skipped,
      failed,
      remaining,
      seconds: Math.round(this.ms) / 1000,
      stopped: this.#stopped,
      images: [
        ...this.#plan.problems.map(problemReport),
        ...this.#plan.done.map((image) => imageReport(image, "skipped")),
        ...this.#plan.work.map((image) => this.#workReport(image)),
      ],
    };
  }

  #workReport(image: PlannedTransform): ImageReport {
    const error = this.#outcomes.get(image);
    if (error === undefined) return imageReport(image, "not reached");
    if (error === null) return imageReport(image, "written");
    return { file: image.file, status: "failed", error: problemOf(image.file, error) };
  }
}

function imageReport(
  { file, output, rawOutput }: PlannedTransform,
  status: ImageReport["status"],
): ImageReport {
  return { file, status, output, ...(rawOutput === null ? {} : { raw: rawOutput }) };
}

function problemReport(problem: ImageError): ImageReport {
  return { file: problem.file, status: "failed", error: problem.problem };
}

/** Without the file's name, which stands beside it. */
function problemOf(file: string, error: Error): string {
  if (error instanceof ImageError && error.file === file) return error.problem;
  return error.message;
}
