import type { Gpu, GpuArray } from "@fauxgrad/kernels";
import { isHalf, type Job } from "../jobs.ts";
import type { Operands } from "../operands.ts";
import { operationOf } from "../ops/table.ts";
import { type Cost, costOf } from "./cost.ts";
import type { Contestant } from "./rounds.ts";
import { median } from "./statistics.ts";
import { validate, WrongResultError } from "./validate.ts";

const PROFILES = 5;

/** One of our variants at one job, with its operands on the device. */
export class OurContestant implements Contestant {
  readonly name: string;
  readonly #gpu: Gpu;
  /** What it runs on. */
  readonly #arrays: readonly GpuArray[];
  readonly #run: () => GpuArray;
  readonly #check: (output: Float32Array) => void;
  #last: GpuArray | undefined;

  private constructor(
    name: string,
    gpu: Gpu,
    arrays: readonly GpuArray[],
    run: () => GpuArray,
    check: (output: Float32Array) => void,
  ) {
    this.name = name;
    this.#gpu = gpu;
    this.#arrays = arrays;
    this.#run = run;
    this.#check = check;
  }

  /**
   * A contestant whose output is right.
   *
   * @returns it, and that output
   * @throws {WrongResultError} if the output differs from the float64 reference
   */
  static async validated(name: string, gpu: Gpu, job: Job, operands: Operands) {
    const operation = operationOf(job);
    const { operands: shapes } = operation.facts(job);
    const arrays = Object.fromEntries(
      Object.entries(operands).map(([key, data]) => {
        return [key, gpu.upload(data, shapes[key] ?? [data.length], isHalf(job) ? "f16" : "f32")];
      }),
    );
    const owned = Object.values(arrays);
    const run = operation.start(gpu, job, arrays, (...kept) => owned.push(...kept));
    const check = (result: Float32Array) => validate(job, operands, result);
    const contestant = new OurContestant(name, gpu, owned, run, check);
    try {
      await contestant.sample(1);
      const output = await contestant.#output();
      check(output);
      return { contestant, output };
    } catch (error) {
      contestant.dispose();
      if (!(error instanceof WrongResultError)) throw error;
      throw new WrongResultError(`${name}: refused to time a wrong kernel: ${error.message}`);
    }
  }

  sample(repeats: number): Promise<Cost> {
    return costOf(async () => {
      for (let i = 0; i < repeats; i++) {
        this.#last?.dispose();
        this.#last = this.#run();
      }
      await this.#gpu.synchronize();
    });
  }

  async check(): Promise<void> {
    this.#check(await this.#output());
  }

  async #output(): Promise<Float32Array> {
    if (this.#last === undefined) throw new Error("nothing was computed");
    return this.#last.read();
  }

  /** Milliseconds by the device's own clock: the median of some runs; null without timestamps. */
  async deviceMs(): Promise<number | null> {
    if (!this.#gpu.device.features.has("timestamp-query")) return null;
    const times: number[] = [];
    for (let i = 0; i < PROFILES; i++) {
      const { dispatches } = await this.#gpu.profile(() => this.#run().dispose());
      times.push(dispatches.reduce((sum, { ms }) => sum + ms, 0));
    }
    return median(times);
  }

  dispose(): void {
    this.#last?.dispose();
    for (const array of this.#arrays) array.dispose();
    this.#gpu.trim();
  }
}
