import { inputGradient } from "@fauxgrad/lgrad";
import { StyleganDiscriminator } from "@fauxgrad/models";
import { type Gpu, scope, type Tensor, tensor } from "@fauxgrad/tensor";
import { type Cost, costOf } from "../measure/cost.ts";
import type { Contestant } from "../measure/rounds.ts";
import { crossCheckDiscriminator } from "./cross-check.ts";
import { type DiscriminatorJob, discriminatorImages, discriminatorState } from "./discriminator.ts";

/** The frozen discriminator of a job, as LGrad runs it. */
export class OurDiscriminator implements Contestant {
  readonly name: string;
  readonly #gpu: Gpu;
  readonly #job: DiscriminatorJob;
  readonly #model: StyleganDiscriminator;
  readonly #images: Tensor;
  #last: { readonly output: Tensor; readonly gradient: Tensor } | undefined;
  #reference: Float32Array | undefined;

  constructor(name: string, gpu: Gpu, job: DiscriminatorJob) {
    this.name = name;
    this.#gpu = gpu;
    this.#job = job;
    this.#model = new StyleganDiscriminator({ resolution: job.size });
    const state = discriminatorState(this.#model.expectedState());
    const tensors = [...state].map(([key, weight]) => {
      return [key, { dtype: "float32", ...weight }] as const;
    });
    this.#model.load(gpu, new Map(tensors));
    this.#model.requiresGrad_(false);
    const { data, shape } = discriminatorImages(job);
    this.#images = tensor(gpu, data, shape);
  }

  get isWarm(): boolean {
    return this.#last !== undefined;
  }

  sample(repeats: number): Promise<Cost> {
    return costOf(async () => {
      for (let i = 0; i < repeats; i++) {
        this.#forget();
        this.#last = scope(() => inputGradient(this.#model, this.#images));
      }
      await this.#gpu.synchronize();
    });
  }

  /** Scores and gradients of the last run. The first is what later ones must be. */
  async output(): Promise<Float32Array> {
    if (this.#last === undefined) throw new Error("nothing was computed");
    const { output, gradient } = this.#last;
    const parts = await Promise.all([output.read(), gradient.read()]);
    return Float32Array.from(parts.flatMap((part) => [...part]));
  }

  async check(): Promise<void> {
    const output = await this.output();
    this.#reference ??= output;
    crossCheckDiscriminator(this.#job, this.#reference, output);
  }

  dispose(): void {
    this.#forget();
    this.#model.dispose();
    this.#images.dispose();
    this.#gpu.trim();
  }

  #forget(): void {
    this.#last?.output.dispose();
    this.#last?.gradient.dispose();
  }
}
