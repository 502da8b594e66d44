import type { Gpu } from "@fauxgrad/kernels";
import type { Layer } from "@fauxgrad/tensor/nn";
import { describeClassifier, type TgdRecipe, TgdTrainer, tgdPresets } from "@fauxgrad/tgd";
import { makeOperand } from "../operands.ts";
import type { Workload } from "./workload.ts";

/** Of student and teacher: two networks. */
const SEEDS = { student: 1, teacher: 2 } as const;

/**
 * A step of T-GD's transfer as its trainer does it: the student's forward and backward pass, the
 * teacher's forward pass, both penalties, the update. CutMix is drawn on the host, and left out.
 */
export class TgdTransfer implements Workload {
  readonly isSynchronous = true;
  readonly networks: Readonly<Record<string, Layer>>;
  readonly #student: ReturnType<typeof describeClassifier>;
  readonly #teacher: ReturnType<typeof describeClassifier>;
  readonly #trainer: TgdTrainer;
  readonly #pixels: Float32Array<ArrayBuffer>;
  readonly #shape: readonly [n: number, height: number, width: number, channels: 3];
  readonly #labels: readonly number[];
  #outcome: Promise<{ readonly totalLoss: number }> | null = null;

  constructor(gpu: Gpu, batch: number, size: number) {
    const { transfer } = tgdPresets.script;
    const recipe: TgdRecipe = {
      ...transfer,
      batchSize: batch,
      augmentation: { ...transfer.augmentation, size, cutMix: { kind: "none", rate: 0 } },
    };
    this.#student = describeClassifier(recipe).to(gpu, { seed: SEEDS.student });
    this.#teacher = describeClassifier(recipe).to(gpu, { seed: SEEDS.teacher });
    this.networks = { student: this.#student, teacher: this.#teacher };
    this.#labels = Array.from({ length: batch }, (_, i) => i % 2);
    this.#trainer = new TgdTrainer(gpu, {
      network: this.#student,
      teacher: this.#teacher,
      labels: this.#labels,
      recipe,
      // Images without a pattern may well end in one class.
      onCollapse: "tell",
    });
    this.#shape = [batch, size, size, 3];
    this.#pixels = makeOperand("images", batch * size * size * 3);
  }

  run(): void {
    const batch = { pixels: this.#pixels, shape: this.#shape };
    this.#outcome = this.#trainer.step(batch, this.#labels);
    // Whoever asks for the result hears of an error.
    this.#outcome.catch(() => undefined);
  }

  async result(): Promise<Float32Array> {
    if (this.#outcome === null) return new Float32Array();
    return Float32Array.of((await this.#outcome).totalLoss);
  }

  dispose(): void {
    this.#trainer.dispose();
    this.#student.dispose();
    this.#teacher.dispose();
  }
}
