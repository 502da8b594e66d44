import type { LossOptions } from "@fauxgrad/kernels";
import { binaryCrossEntropyWithLogits, crossEntropy } from "../ops/losses.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** Binary cross-entropy of a sigmoid. @see torch.nn.BCEWithLogitsLoss */
export class BCEWithLogitsLoss extends Module {
  readonly options: LossOptions;

  constructor(options: LossOptions = {}) {
    super();
    this.options = options;
  }

  forward(logits: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(logits, target, this.options);
  }
}

/** Cross-entropy of a softmax. @see torch.nn.CrossEntropyLoss */
export class CrossEntropyLoss extends Module {
  readonly options: LossOptions;

  constructor(options: LossOptions = {}) {
    super();
    this.options = options;
  }

  /** @param target labels `[N]` (u32), or class probabilities `[N, C]` */
  forward(logits: Tensor, target: Tensor): Tensor {
    return crossEntropy(logits, target, this.options);
  }
}
