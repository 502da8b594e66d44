import { numel } from "@fauxgrad/kernels";
import type { Tensor } from "@fauxgrad/tensor";
import type { Use } from "../report/model-report.ts";

type Node = NonNullable<Tensor["node"]>;

/** Operations that multiply by a weight, `[…, out]`: its size over `out` products an element. */
const WEIGHTED = new Set(["conv2d", "linear"]);

/** What a forward pass multiplies, two operations a product. */
export interface ForwardFlops {
  readonly all: number;
  /** Of the layers that read the images. */
  readonly first: number;
  /** Layers with a weight. */
  readonly layers: number;
  /** Terms of the longest sum. */
  readonly longest: number;
}

/**
 * Counts the convolutions and linear layers behind `output`, as they were computed: two that a
 * network makes one of count as that one.
 *
 * @param output of a network whose weights want gradients, for images that want none
 */
export function forwardFlops(output: Tensor): ForwardFlops {
  const found = { all: 0, first: 0, layers: 0, longest: 0 };
  const seen = new Set<Node>(output.node === null ? [] : [output.node]);
  for (const node of seen) {
    for (const source of node.sources) {
      if (source !== null && "gradients" in source) seen.add(source);
    }
    const [input, weight] = node.sources;
    if (!WEIGHTED.has(node.op) || !weight) continue;
    const terms = numel(weight.shape) / (weight.shape.at(-1) ?? 1);
    const flops = 2 * numel(node.shape) * terms;
    found.all += flops;
    found.layers += 1;
    found.longest = Math.max(found.longest, terms);
    if (!input) found.first += flops;
  }
  return found;
}

/** Of a step: each gradient of a layer costs as much as the layer; the images get none in training. */
export function stepFlops(use: Use, { all, first }: ForwardFlops): number {
  switch (use) {
    case "inference":
      return all;
    case "input gradient":
      return 2 * all;
    case "training step":
      return 3 * all - first;
    case "detection":
      throw new RangeError("stepFlops: a detection is two networks; add up their steps");
    default:
      return use satisfies never;
  }
}
