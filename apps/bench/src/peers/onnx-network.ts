/** A network as an ONNX model: weights are constants with the normalisation inside. */
import type { Activation, NetworkGraph, NetworkNode } from "../networks/graph.ts";
import { imagesOf, type NetworkJob } from "../networks/network-job.ts";
import { foldedConv, type Weight, weightOf } from "../networks/weights.ts";
import type { OnnxConstant, OnnxGraph, OnnxNode } from "./onnx.ts";

type Weights = ReadonlyMap<string, Weight>;

/** Nodes for an activation, which leaves its result under `output`. */
function activationNodes(activation: Activation, input: string, output: string): OnnxNode[] {
  switch (activation) {
    case "none":
      return [];
    case "relu":
      return [{ type: "Relu", inputs: [input], output }];
    case "sigmoid":
      return [{ type: "Sigmoid", inputs: [input], output }];
    case "silu":
      return [
        { type: "Sigmoid", inputs: [input], output: `${output}.sigmoid` },
        { type: "Mul", inputs: [input, `${output}.sigmoid`], output },
      ];
    default:
      return activation satisfies never;
  }
}

/** One node and its activation. */
function withActivation(node: OnnxNode, activation: Activation): OnnxNode[] {
  if (activation === "none") return [node];
  const sum = `${node.output}.sum`;
  return [{ ...node, output: sum }, ...activationNodes(activation, sum, node.output)];
}

function square(value: number, count: number): number[] {
  return new Array<number>(count).fill(value);
}

/** ONNX's maps are `[N, C, H, W]`: names of the network's values, but for the transposed images. */
function onnxNodes(node: NetworkNode): OnnxNode[] {
  switch (node.kind) {
    case "conv": {
      const { input, output, kernel, stride, padding, groups, activation } = node;
      const attributes = {
        kernel_shape: square(kernel, 2),
        strides: square(stride, 2),
        pads: square(padding, 4),
        group: groups,
      };
      const inputs = [input === "input" ? "nchw" : input, `${output}.w`, `${output}.b`];
      return withActivation({ type: "Conv", inputs, output, attributes }, activation);
    }
    case "maxPool": {
      const attributes = { kernel_shape: square(3, 2), strides: square(2, 2), pads: square(1, 4) };
      return [{ type: "MaxPool", inputs: [node.input], output: node.output, attributes }];
    }
    case "globalAverage":
      return [{ type: "GlobalAveragePool", inputs: [node.input], output: node.output }];
    case "add":
    case "mul": {
      const { kind, a, b, output, activation } = node;
      const type = kind === "add" ? "Add" : "Mul";
      return withActivation({ type, inputs: [a, b], output }, activation);
    }
    case "linear": {
      const flat = `${node.output}.flat`;
      const inputs = [flat, `${node.output}.w`, `${node.output}.b`];
      return [
        { type: "Flatten", inputs: [node.input], output: flat },
        { type: "Gemm", inputs, output: "y", attributes: { transB: 1 } },
      ];
    }
    default:
      return node satisfies never;
  }
}

function constantsOf(node: NetworkNode, weights: Weights): OnnxConstant[] {
  if (node.kind === "conv") {
    const { weight, bias } = foldedConv(weights, node);
    return [
      { name: `${node.output}.w`, ...weight },
      { name: `${node.output}.b`, shape: [bias.length], data: bias },
    ];
  }
  if (node.kind !== "linear") return [];
  return [
    { name: `${node.output}.w`, ...weightOf(weights, node.weight) },
    { name: `${node.output}.b`, ...weightOf(weights, node.bias) },
  ];
}

/** `y`, the logits, of `x`, images `[N, H, W, 3]`. */
export function networkOnnx({ nodes }: NetworkGraph, weights: Weights, job: NetworkJob): OnnxGraph {
  const last = nodes.at(-1);
  const classes = last?.kind === "linear" ? last.outFeatures : 0;
  const images: OnnxNode = {
    type: "Transpose",
    inputs: ["x"],
    output: "nchw",
    attributes: { perm: [0, 3, 1, 2] },
  };
  return {
    nodes: [images, ...nodes.flatMap(onnxNodes)],
    constants: nodes.flatMap((node) => constantsOf(node, weights)),
    inputs: [{ name: "x", shape: imagesOf(job) }],
    outputs: [{ name: "y", shape: [job.batch, classes] }],
  };
}
