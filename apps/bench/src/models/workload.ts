/*
 * What a case does in a step. A workload owns its networks and inputs on the device; `run` encodes
 * one step, and what it leaves behind can be read.
 */
import type { Gpu } from "@fauxgrad/kernels";
import { inputGradient } from "@fauxgrad/lgrad";
import {
  binaryCrossEntropyWithLogits,
  crossEntropy,
  noGrad,
  scope,
  type Tensor,
  tensor,
} from "@fauxgrad/tensor";
import type { Layer } from "@fauxgrad/tensor/nn";
import { Adam, type Optimizer, SGD } from "@fauxgrad/tensor/optim";
import { makeOperand } from "../operands.ts";
import type { BenchNetwork } from "./networks.ts";

/** Names a phase of a step while `work` encodes it. */
export type Phase = (name: string, work: () => void) => void;

/** One step of something, again and again. */
export interface Workload {
  /** Networks whose parts a profile tells apart, by name; one alone has the name "". */
  readonly networks: Readonly<Record<string, Layer>>;
  /** Whether `run` encodes the whole step without waiting for the device. */
  readonly isSynchronous: boolean;
  /** Encodes one step, and submits it. */
  run(phase?: Phase): void | Promise<void>;
  /** What the last step computed; empty before the first. */
  result(): Promise<Float32Array>;
  dispose(): void;
}

const plain: Phase = (_name, work) => work();

/** Images of odd sixteenths, the same everywhere. */
export function imagesOf(gpu: Gpu, batch: number, size: number): Tensor {
  const shape = [batch, size, size, 3];
  return tensor(gpu, makeOperand("images", batch * size * size * 3), shape);
}

/** Keeps the tensors of the last step. */
abstract class NetworkWorkload implements Workload {
  readonly networks: Readonly<Record<string, Layer>>;
  readonly isSynchronous = true;
  protected readonly gpu: Gpu;
  protected readonly network: Layer;
  protected readonly images: Tensor;
  #kept: Tensor | null = null;

  constructor(gpu: Gpu, network: Layer, images: Tensor) {
    this.gpu = gpu;
    this.network = network;
    this.networks = { "": network };
    this.images = images;
  }

  run(phase: Phase = plain): void {
    this.#kept?.dispose();
    this.#kept = scope(() => this.step(phase));
    this.gpu.flush();
  }

  async result(): Promise<Float32Array> {
    return this.#kept === null ? new Float32Array() : this.#kept.read();
  }

  dispose(): void {
    this.#kept?.dispose();
    this.images.dispose();
    this.network.dispose();
  }

  /** What the step computes. */
  protected abstract step(phase: Phase): Tensor;
}

/** The outputs of a frozen network. */
export class Inference extends NetworkWorkload {
  protected override step(): Tensor {
    return noGrad(() => this.network.forward(this.images));
  }
}

/** The gradient of a frozen network's summed outputs by the images, as LGrad takes it. */
export class InputGradient extends NetworkWorkload {
  protected override step(): Tensor {
    return inputGradient(this.network, this.images).gradient;
  }
}

/** Forward, loss, backward, update: SGD with momentum for classes, Adam for scores. */
export class TrainingStep extends NetworkWorkload {
  readonly #targets: Tensor;
  readonly #lossOf: (output: Tensor, targets: Tensor) => Tensor;
  readonly optimizer: Optimizer;

  constructor(gpu: Gpu, network: Layer, images: Tensor, output: BenchNetwork["output"]) {
    super(gpu, network, images);
    const [n = 0] = images.shape;
    const labels = Array.from({ length: n }, (_, i) => i % 2);
    const parameters = network.namedParameters();
    if (output === "classes") {
      this.#targets = tensor(gpu, labels, [n], { dtype: "u32" });
      this.#lossOf = crossEntropy;
      this.optimizer = new SGD(parameters, { lr: 1e-3, momentum: 0.9 });
    } else {
      this.#targets = tensor(gpu, labels, [n, 1]);
      this.#lossOf = binaryCrossEntropyWithLogits;
      this.optimizer = new Adam(parameters, { lr: 1e-4 });
    }
  }

  /** Forward and backward: gradients of this batch, and its loss. */
  differentiate(phase: Phase = plain): Tensor {
    this.optimizer.zeroGrad();
    let loss: Tensor | undefined;
    phase("loss", () => {
      loss = this.#lossOf(this.network.forward(this.images), this.#targets);
    });
    if (loss === undefined) throw new Error("the phase did not run its work");
    loss.backward();
    return loss.detach();
  }

  override dispose(): void {
    this.optimizer.zeroGrad();
    this.optimizer.dispose();
    this.#targets.dispose();
    super.dispose();
  }

  protected override step(phase: Phase): Tensor {
    const loss = this.differentiate(phase);
    phase("optimiser", () => this.optimizer.step());
    this.optimizer.zeroGrad();
    return loss;
  }
}
