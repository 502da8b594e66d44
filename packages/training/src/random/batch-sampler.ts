/*
 * A sampler without a position of its own: batch number `step` of the run is a function of the
 * seed and the step. Whoever trains counts steps, whoever prefetches asks for later ones, and to
 * resume is to go on counting.
 */
import { epochBatches, epochOrder, type Sampling } from "./epoch-order.ts";

/** How batches are drawn. */
export interface BatchSamplerOptions {
  readonly batchSize: number;
  readonly seed: number;
  /** Default `shuffle`. */
  readonly sampling?: Sampling;
  /** Leaves out the last batch of an epoch if it is smaller (T-GD); kept by default (LGrad). */
  readonly dropLast?: boolean;
}

/** One batch of a run. */
export interface SampledBatch {
  /** Counted from 0 over the whole run. */
  readonly step: number;
  readonly epoch: number;
  /** Within the epoch, from 0. */
  readonly batch: number;
  /** Of its first image within the epoch: what a balanced epoch draws twice differs by this. */
  readonly position: number;
  /** Images, as indices into the labels. */
  readonly indices: Uint32Array;
  /** No batch of this epoch follows. */
  readonly endsEpoch: boolean;
}

/** What a checkpoint keeps: how far the run is, and what it was drawn from. Plain data. */
export interface SamplerState {
  /** Number of batches already trained on. */
  readonly step: number;
  readonly images: number;
  /** Of the labels in their order: another data set has another one. */
  readonly fingerprint: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly sampling: Sampling;
  readonly dropLast: boolean;
}

/** The batches of a training run, by their number. */
export class BatchSampler {
  readonly batchesPerEpoch: number;
  readonly #labels: ArrayLike<number>;
  readonly #options: Required<BatchSamplerOptions>;
  readonly #fingerprint: number;
  /** Of the epoch asked for last, and of the one before: whoever prefetches is ahead. */
  readonly #epochs = new Map<number, readonly Uint32Array[]>();

  /**
   * @param labels of all images, which are known by their place in it
   * @throws {RangeError} if `batchSize` is no positive integer, or an epoch has no batch at all
   */
  constructor(labels: ArrayLike<number>, options: BatchSamplerOptions) {
    const { sampling = "shuffle", dropLast = false } = options;
    this.#labels = labels;
    this.#options = { ...options, sampling, dropLast };
    this.#fingerprint = fingerprint(labels);
    const { batchSize } = options;
    this.batchesPerEpoch = epochBatches(new Uint32Array(labels.length), batchSize, {
      dropLast,
    }).length;
    if (this.batchesPerEpoch > 0) return;
    throw new RangeError(
      `BatchSampler: ${labels.length} images make no batch\n` +
        `  batchSize  ${batchSize}\n  dropLast   ${dropLast}\n` +
        "Add images, choose a smaller batch, or keep the last partial batch.",
    );
  }

  /** Batch number `step` of the run, counted from 0. */
  at(step: number): SampledBatch {
    const epoch = Math.floor(step / this.batchesPerEpoch);
    const batch = step - epoch * this.batchesPerEpoch;
    return {
      step,
      epoch,
      batch,
      position: batch * this.#options.batchSize,
      indices: this.#batches(epoch)[batch]!,
      endsEpoch: batch === this.batchesPerEpoch - 1,
    };
  }

  /** To resume after `step` batches. */
  state(step: number): SamplerState {
    return {
      step,
      images: this.#labels.length,
      fingerprint: this.#fingerprint,
      ...this.#options,
    };
  }

  /**
   * The step to go on with.
   *
   * @throws {RangeError} naming everything that differs from what the state was saved with: the
   * batches would not be those of the uninterrupted run
   */
  resume(saved: SamplerState): number {
    const here = this.state(saved.step);
    const differences = (Object.keys(here) as (keyof SamplerState)[])
      .filter((name) => saved[name] !== here[name])
      .map((name) => `  ${name.padEnd(11)}  ${saved[name]} in the checkpoint, ${here[name]} here`);
    if (differences.length === 0) return saved.step;
    throw new RangeError(
      "BatchSampler: the checkpoint was made with other data or options\n" +
        `${differences.join("\n")}\n` +
        "Resume with the same images and options, or begin a new run from its weights.",
    );
  }

  #batches(epoch: number): readonly Uint32Array[] {
    const known = this.#epochs.get(epoch);
    if (known !== undefined) return known;
    const { sampling, seed, batchSize, dropLast } = this.#options;
    const order = epochOrder(this.#labels, sampling, { seed, epoch });
    const batches = epochBatches(order, batchSize, { dropLast });
    if (this.#epochs.size > 1) this.#epochs.delete(Math.min(...this.#epochs.keys()));
    this.#epochs.set(epoch, batches);
    return batches;
  }
}

/** FNV-1a. */
function fingerprint(labels: ArrayLike<number>): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < labels.length; i += 1) hash = Math.imul(hash ^ labels[i]!, 0x01000193);
  return hash >>> 0;
}
