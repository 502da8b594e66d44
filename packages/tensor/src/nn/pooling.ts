import type { AvgPool2dOptions, MaxPool2dOptions, Pair } from "@fauxgrad/kernels";
import { adaptiveAvgPool2d, avgPool2d, maxPool2d } from "../ops/pool2d.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** Maximum of each window of `[N, H, W, C]`. @see torch.nn.MaxPool2d */
export class MaxPool2d extends Module {
  readonly options: MaxPool2dOptions;

  constructor(kernelSize: Pair, options: Omit<MaxPool2dOptions, "kernelSize"> = {}) {
    super();
    this.options = { ...options, kernelSize };
  }

  forward(input: Tensor): Tensor {
    return maxPool2d(input, this.options);
  }
}

/** Mean of each window of `[N, H, W, C]`. @see torch.nn.AvgPool2d */
export class AvgPool2d extends Module {
  readonly options: AvgPool2dOptions;

  constructor(kernelSize: Pair, options: Omit<AvgPool2dOptions, "kernelSize"> = {}) {
    super();
    this.options = { ...options, kernelSize };
  }

  forward(input: Tensor): Tensor {
    return avgPool2d(input, this.options);
  }
}

/** Means of `[N, H, W, C]` over as many windows as asked for. @see torch.nn.AdaptiveAvgPool2d */
export class AdaptiveAvgPool2d extends Module {
  readonly outputSize: Pair;

  constructor(outputSize: Pair) {
    super();
    this.outputSize = outputSize;
  }

  forward(input: Tensor): Tensor {
    return adaptiveAvgPool2d(input, this.outputSize);
  }
}
