import type { Gpu } from "@fauxgrad/kernels";
import { describeClassifier } from "@fauxgrad/lgrad";
import { scope } from "@fauxgrad/tensor";
import type { Layer } from "@fauxgrad/tensor/nn";
import type { Use } from "../report/model-report.ts";
import type { ModelCase } from "./cases.ts";
import { type ForwardFlops, forwardFlops, stepFlops } from "./flops.ts";
import { LgradDetection, LgradTraining } from "./lgrad-steps.ts";
import { type BenchNetwork, networks } from "./networks.ts";
import { TgdTransfer } from "./tgd-step.ts";
import { Inference, InputGradient, imagesOf, TrainingStep, type Workload } from "./workload.ts";

/** Of all weights: the same network everywhere. */
const SEED = 1;

/** A network on a device, and what is done with it. */
export function startNetwork(
  gpu: Gpu,
  network: Layer,
  output: BenchNetwork["output"],
  { use, batch, size }: Pick<ModelCase, "use" | "batch" | "size">,
): Workload {
  const isTrained = use === "training step";
  network.to(gpu, { seed: SEED }).train(isTrained).requiresGrad_(isTrained);
  const images = imagesOf(gpu, batch, size);
  switch (use) {
    case "inference":
      return new Inference(gpu, network, images);
    case "input gradient":
      return new InputGradient(gpu, network, images);
    case "training step":
      return new TrainingStep(gpu, network, images, output);
    case "detection":
      throw new RangeError("startNetwork: a detection is no use of one network");
    default:
      return use satisfies never;
  }
}

/** A case's networks and inputs on a device. */
export function startCase(gpu: Gpu, { subject, use, batch, size }: ModelCase): Workload {
  if (subject === "tgd") return new TgdTransfer(gpu, batch, size);
  if (subject !== "lgrad") {
    const { create, output } = networks[subject];
    return startNetwork(gpu, create(size), output, { use, batch, size });
  }
  return use === "detection"
    ? new LgradDetection(gpu, batch, size)
    : new LgradTraining(gpu, batch, size);
}

/** Counted on one image, computed once. */
function countForward(gpu: Gpu, network: Layer, size: number): ForwardFlops {
  // Evaluation mode: one image may be too few for the moments of a batch.
  network.to(gpu, { seed: SEED }).eval().requiresGrad_(true);
  try {
    return scope(() => forwardFlops(network.forward(imagesOf(gpu, 1, size))));
  } finally {
    network.dispose();
  }
}

/** Operations of one step of a case. */
export function flopsOf(gpu: Gpu, { subject, use, batch, size }: ModelCase): number {
  const of = (network: Layer, how: Use) => batch * stepFlops(how, countForward(gpu, network, size));
  if (subject === "tgd") {
    const student = networks.efficientnetTgd;
    return of(student.create(size), use) + of(student.create(size), "inference");
  }
  if (subject !== "lgrad") return of(networks[subject].create(size), use);
  if (use !== "detection") return of(describeClassifier(), use);
  const transformation = networks.stylegan256.create(size);
  return of(transformation, "input gradient") + of(describeClassifier(), "inference");
}
