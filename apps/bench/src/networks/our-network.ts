import { EfficientNet, ResNet } from "@fauxgrad/models";
import { crossEntropy, type Gpu, noGrad, scope, Tensor, tensor } from "@fauxgrad/tensor";
import type { Layer } from "@fauxgrad/tensor/nn";
import { SGD } from "@fauxgrad/tensor/optim";
import { type Cost, costOf } from "../measure/cost.ts";
import type { Contestant } from "../measure/rounds.ts";
import { crossCheckNetwork } from "./cross-check.ts";
import { imagesOf, LEARNING_RATE, labelsOf, type NetworkJob } from "./network-job.ts";
import { endsOf, graphOf } from "./networks.ts";
import { networkImages, networkWeights } from "./weights.ts";

/** Our model of a job, as the packages have it; nothing is dropped. */
export function ourModel({ network }: Pick<NetworkJob, "network">): Layer {
  if (network === "resnet50") return new ResNet("resnet50");
  return new EfficientNet({ form: "torchvision", dropout: 0, dropConnect: 0 });
}

/** A whole network of ours with the compared weights on the device. */
export class OurNetwork implements Contestant {
  readonly name: string;
  readonly #gpu: Gpu;
  readonly #job: NetworkJob;
  readonly #model: Layer;
  readonly #images: Tensor;
  readonly #labels: Tensor;
  readonly #optimizer: SGD;
  #last: Tensor | undefined;
  #reference: Float32Array | undefined;

  constructor(name: string, gpu: Gpu, job: NetworkJob) {
    this.name = name;
    this.#gpu = gpu;
    this.#job = job;
    this.#model = ourModel(job);
    const weights = networkWeights(graphOf(job));
    const state = [...weights].map(([key, weight]) => {
      return [key, { dtype: "float32", ...weight }] as const;
    });
    this.#model.load(gpu, new Map(state));
    this.#model.train(job.pass === "training");
    this.#images = tensor(gpu, networkImages(job), imagesOf(job));
    this.#labels = new Tensor(gpu.upload(labelsOf(job), [job.batch], "u32"));
    this.#optimizer = new SGD(this.#model.namedParameters(), { lr: LEARNING_RATE });
  }

  get isWarm(): boolean {
    return this.#last !== undefined;
  }

  sample(repeats: number): Promise<Cost> {
    return costOf(async () => {
      for (let i = 0; i < repeats; i++) this.#run();
      await this.#gpu.synchronize();
    });
  }

  /** What the last run gave: logits, or loss and gradients. The first is what later ones must be. */
  async output(): Promise<Float32Array> {
    if (this.#last === undefined) throw new Error("nothing was computed");
    const last = await this.#last.read();
    if (this.#job.pass === "inference") return new Float32Array(last);
    const { first, last: linear } = endsOf(graphOf(this.#job));
    const [bias, weight] = await Promise.all([this.#grad(linear.bias), this.#grad(first.weight)]);
    return Float32Array.from([...last, ...bias, ...weight]);
  }

  async check(): Promise<void> {
    const output = await this.output();
    this.#reference ??= output;
    crossCheckNetwork(this.#job, this.#reference, output);
  }

  dispose(): void {
    this.#optimizer.zeroGrad();
    this.#last?.dispose();
    this.#optimizer.dispose();
    this.#model.dispose();
    this.#images.dispose();
    this.#labels.dispose();
    this.#gpu.trim();
  }

  #run(): void {
    this.#last?.dispose();
    if (this.#job.pass === "inference") {
      this.#last = noGrad(() => scope(() => this.#model.forward(this.#images)));
      return;
    }
    this.#optimizer.zeroGrad();
    this.#last = scope(() => {
      const loss = crossEntropy(this.#model.forward(this.#images), this.#labels);
      loss.backward();
      return loss.detach();
    });
    this.#optimizer.step();
  }

  /** A parameter's gradient, in our layout. */
  async #grad(name: string): Promise<Float32Array> {
    const grad = this.#model.namedParameters().get(name)?.tensor.grad;
    if (grad == null) throw new Error(`${name} has no gradient`);
    return grad.read();
  }
}
