import { efficientNetB0 } from "./efficientnet-b0.ts";
import type { ConvNode, LinearNode, NetworkGraph } from "./graph.ts";
import type { NetworkJob } from "./network-job.ts";
import { resnet50 } from "./resnet50.ts";

/** The network of a job, at its image size. */
export function graphOf({ network, size }: NetworkJob): NetworkGraph {
  switch (network) {
    case "resnet50":
      return resnet50(size);
    case "efficientnet_b0":
      return efficientNetB0(size);
    default:
      return network satisfies never;
  }
}

/** Multiplications and additions of convolutions and the linear layer, for one image. */
function forwardFlops({ nodes }: NetworkGraph): number {
  return nodes.reduce((sum, node) => {
    if (node.kind === "linear") return sum + 2 * node.inFeatures * node.outFeatures;
    if (node.kind !== "conv") return sum;
    const { outChannels, inChannels, groups, kernel, size } = node;
    return sum + 2 * size ** 2 * outChannels * (inChannels / groups) * kernel ** 2;
  }, 0);
}

/** Work of a job: a training step's gradients cost twice the forward pass. */
export function networkFlops(job: NetworkJob): number {
  return forwardFlops(graphOf(job)) * job.batch * (job.pass === "training" ? 3 : 1);
}

/** The ends of a network: their gradients have come through all of it, and through none. */
export function endsOf({ nodes }: NetworkGraph): { first: ConvNode; last: LinearNode } {
  const [first] = nodes;
  const last = nodes.at(-1);
  if (first?.kind !== "conv" || last?.kind !== "linear") {
    throw new Error("the network does not begin with a convolution, or end with a linear layer");
  }
  return { first, last };
}

/** Terms of the longest sum of each layer that has weights. */
export function sumLengths({ nodes }: NetworkGraph): number[] {
  return nodes.flatMap((node) => {
    if (node.kind === "linear") return [node.inFeatures];
    return node.kind === "conv" ? [(node.inChannels / node.groups) * node.kernel ** 2] : [];
  });
}
