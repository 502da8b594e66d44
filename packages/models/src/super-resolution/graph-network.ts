import {
  add,
  affine,
  clamp,
  concat,
  interpolateBilinear,
  leakyRelu,
  mean,
  mul,
  relu,
  reshape,
  scope,
  sigmoid,
  slice,
  type Tensor,
  transpose,
  UsageError,
  upsampleNearest,
} from "@fauxgrad/tensor";
import { Conv2d, constant, type Member, Module, Parameter } from "@fauxgrad/tensor/nn";
import { requireImages } from "../layers/require-images.ts";
import type { Graph, GraphActivation, GraphNode, GraphOperation } from "./graph.ts";

type Convolution = Extract<GraphOperation, { kind: "convolution" }>;

function convolution({ shape, activation, ...operation }: Convolution): Conv2d {
  const [outputs, inputs, kh, kw] = shape;
  const { stride, padding, bias } = operation;
  const fused = activation?.kind === "leakyRelu" ? { activation } : {};
  return new Conv2d(inputs, outputs, [kh, kw], { stride, padding, bias, ...fused });
}

/** `x > 0 ? x : slope · x`, a slope for each channel. */
class PRelu extends Module {
  readonly weight: Parameter;

  constructor(channels: number) {
    super();
    this.weight = new Parameter([channels], { init: constant(0.25) });
  }

  forward(input: Tensor): Tensor {
    return scope(() => add(relu(input), mul(clamp(input, { max: 0 }), this.weight.tensor)));
  }
}

function activate(input: Tensor, activation: GraphActivation): Tensor {
  return activation.kind === "sigmoid" ? sigmoid(input) : leakyRelu(input, activation.slope);
}

function weightedSum(inputs: readonly Tensor[], scales: readonly number[]): Tensor {
  return scope(() =>
    inputs
      .map((input, i) => (scales[i] === 1 ? input : affine(input, scales[i] ?? 1)))
      .reduce((sum, input) => add(sum, input)),
  );
}

function crop(input: Tensor, before: number, after: number): Tensor {
  const [n = 0, h = 0, w = 0, c = 0] = input.shape;
  const sizes = [n, h - before - after, w - before - after, c];
  return slice(input, [0, before, before, 0], sizes);
}

/**
 * Blocks to pixels by one exchange of axes: rows of blocks and columns of images.
 * `[N·H, W, f, f·C]` holds, in the order of memory, the blocks' rows beside the images' columns.
 */
function pixelShuffle(input: Tensor, factor: number, channelsFirst: boolean): Tensor {
  const [n = 0, h = 0, w = 0, depth = 0] = input.shape;
  const channels = depth / factor ** 2;
  return scope(() => {
    const blocks = channelsFirst
      ? transpose(reshape(input, [n * h * w, channels, factor ** 2]), [0, 2, 1])
      : input;
    const rows = reshape(blocks, [n * h, w, factor, factor * channels]);
    return reshape(transpose(rows, [0, 2, 1, 3]), [n, h * factor, w * factor, channels]);
  });
}

function upsample(input: Tensor, factor: number, filter: "nearest" | "bilinear"): Tensor {
  if (filter === "nearest") return upsampleNearest(input, factor);
  const [, h = 0, w = 0] = input.shape;
  return interpolateBilinear(input, [h * factor, w * factor]);
}

/**
 * A network that a {@link Graph} describes, on images `[N, H, W, 3]`. Each map is freed behind the
 * last operation that takes it.
 *
 * State: `NAME.weight` and `NAME.bias` of convolutions, `NAME.weight` of PReLUs, by the graph's
 * names.
 */
export class GraphNetwork extends Module {
  readonly graph: Graph;
  readonly #layers = new Map<string, Conv2d | PRelu>();
  /** Maps that nothing takes any more, by the operation behind which that is so. */
  readonly #done = new Map<string, readonly string[]>();

  /** @throws {UsageError} if an operation takes a map that no operation before it makes */
  constructor(graph: Graph) {
    super();
    this.graph = graph;
    const known = new Set([graph.input]);
    const lastUse = new Map<string, string>();
    for (const { name, inputs, operation } of graph.nodes) {
      for (const input of inputs) {
        if (!known.has(input)) throw unknownMap(input, name);
        lastUse.set(input, name);
      }
      known.add(name);
      if (operation.kind === "convolution") this.#layers.set(name, convolution(operation));
      if (operation.kind === "prelu") this.#layers.set(name, new PRelu(operation.channels));
    }
    if (!known.has(graph.output)) throw unknownMap(graph.output, "the result");
    for (const [map, node] of lastUse) {
      if (map === graph.input || map === graph.output) continue;
      this.#done.set(node, [...(this.#done.get(node) ?? []), map]);
    }
  }

  override *members(): Iterable<readonly [string, Member]> {
    yield* this.#layers;
  }

  /** @throws {ShapeError} unless the input is `[N, H, W, 3]`, or where it is too small */
  forward(input: Tensor): Tensor {
    requireImages("super-resolution", input.shape);
    return scope(() => {
      const maps = new Map([[this.graph.input, input]]);
      for (const node of this.graph.nodes) {
        maps.set(
          node.name,
          this.#run(
            node,
            node.inputs.map((name) => maps.get(name)!),
          ),
        );
        for (const name of this.#done.get(node.name) ?? []) maps.get(name)?.dispose();
      }
      return maps.get(this.graph.output)!;
    });
  }

  #run({ name, operation }: GraphNode, inputs: readonly Tensor[]): Tensor {
    const [input] = inputs as readonly [Tensor];
    switch (operation.kind) {
      case "convolution":
        return this.#convolve(name, input, operation.activation);
      case "prelu":
        return this.#layers.get(name)!.forward(input);
      case "activation":
        return activate(input, operation.activation);
      case "concat":
        return concat(inputs, 3);
      case "sum":
        return weightedSum(inputs, operation.scales);
      case "product":
        return mul(input, inputs[1]!);
      case "globalMean":
        return mean(input, [1, 2], { keepDims: true });
      case "crop":
        return crop(input, operation.before, operation.after);
      case "upsample":
        return upsample(input, operation.factor, operation.filter);
      case "pixelShuffle":
        return pixelShuffle(input, operation.factor, operation.channelsFirst);
      default:
        return operation satisfies never;
    }
  }

  /** A leaky ReLU is part of the convolution's own pass. */
  #convolve(name: string, input: Tensor, activation: GraphActivation | null): Tensor {
    const layer = this.#layers.get(name)!;
    if (activation?.kind !== "sigmoid") return layer.forward(input);
    return scope(() => sigmoid(layer.forward(input)));
  }
}

function unknownMap(map: string, node: string): UsageError {
  return new UsageError(
    `super-resolution: nothing before ${node} makes the map ${map}\n` +
      "Put operations behind those whose maps they take.",
  );
}
