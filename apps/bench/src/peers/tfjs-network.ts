/** Whole networks in TensorFlow.js: fused convolutions for inference, variables for training. */
import type { Activation, ConvNode, NetworkGraph, NetworkNode } from "../networks/graph.ts";
import {
  CLASSES,
  imagesOf,
  LEARNING_RATE,
  type NetworkJob,
  oneHotLabels,
} from "../networks/network-job.ts";
import { endsOf, graphOf } from "../networks/networks.ts";
import {
  channelsLast,
  foldedConv,
  NORM_EPSILON,
  networkImages,
  networkWeights,
  transposed,
  type Weight,
  weightOf,
} from "../networks/weights.ts";
import { operand } from "../ops/operation.ts";
import type { Tensor, TensorFlow, Tensors, TfjsWork, Variable } from "./tfjs.ts";

/** How a convolution with all that follows it is computed. */
type ConvUnit = (x: Tensor, node: ConvNode) => Tensor;

/** `[K, K, I, O]`; a depthwise filter is `[K, K, C, 1]`. */
function filterOf(weight: Weight, { groups, kernel }: ConvNode): Weight {
  const { data, shape } = channelsLast(weight);
  return { data, shape: groups === 1 ? shape : [kernel, kernel, groups, 1] };
}

function activated(tf: TensorFlow, x: Tensor, activation: Activation): Tensor {
  switch (activation) {
    case "none":
      return x;
    case "relu":
      return tf.relu(x);
    case "sigmoid":
      return tf.sigmoid(x);
    case "silu":
      return tf.mul(x, tf.sigmoid(x));
    default:
      return activation satisfies never;
  }
}

/** The logits; `linear` has the weight `[I, O]` and the bias. */
function forward(
  tf: TensorFlow,
  { nodes, output }: NetworkGraph,
  images: Tensor,
  unit: ConvUnit,
  linear: { readonly weight: Tensor; readonly bias: Tensor },
): Tensor {
  const values: Record<string, Tensor> = { input: images };
  const value = (name: string) => operand(values, name);
  const compute = (node: NetworkNode): Tensor => {
    switch (node.kind) {
      case "conv":
        return unit(value(node.input), node);
      case "maxPool":
        return tf.maxPool(value(node.input), 3, 2, 1, "floor");
      case "globalAverage":
        return tf.mean(value(node.input), [1, 2], true);
      case "add":
        return activated(tf, tf.add(value(node.a), value(node.b)), node.activation);
      case "mul":
        return activated(tf, tf.mul(value(node.a), value(node.b)), node.activation);
      case "linear": {
        const x = value(node.input);
        const rows = tf.reshape(x, [x.shape[0] ?? 1, node.inFeatures]);
        return tf.add(tf.matMul(rows, linear.weight), linear.bias);
      }
      default:
        return node satisfies never;
    }
  };
  for (const node of nodes) values[node.output] = compute(node);
  return value(output);
}

function inferenceWork(tf: TensorFlow, job: NetworkJob): TfjsWork {
  const graph = graphOf(job);
  const weights = networkWeights(graph);
  const upload = ({ data, shape }: Weight) => tf.tensor(data, shape);
  const filters: Record<string, Tensor> = {};
  const biases: Record<string, Tensor> = {};
  for (const node of graph.nodes) {
    if (node.kind !== "conv") continue;
    const { weight, bias } = foldedConv(weights, node);
    filters[node.weight] = upload(filterOf(weight, node));
    biases[node.weight] = upload({ data: bias, shape: [bias.length] });
  }
  const { last } = endsOf(graph);
  const linear = {
    weight: upload(transposed(weightOf(weights, last.weight))),
    bias: upload(weightOf(weights, last.bias)),
  };
  const images = tf.tensor(networkImages(job), imagesOf(job));
  const unit: ConvUnit = (x, node) => {
    const [filter, bias] = [operand(filters, node.weight), operand(biases, node.weight)];
    const { stride: strides, padding: pad, groups, activation } = node;
    const isSilu = activation === "silu";
    const fused = isSilu || activation === "none" ? "linear" : activation;
    const options = { x, filter, strides, pad, bias, dimRoundingMode: "floor" } as const;
    const conv = groups === 1 ? tf.fused.conv2d : tf.fused.depthwiseConv2d;
    const sum = conv({ ...options, activation: fused });
    return isSilu ? activated(tf, sum, activation) : sum;
  };
  return {
    compute: () => [tf.tidy(() => forward(tf, graph, images, unit, linear))],
    release() {
      const held = [...Object.values(filters), ...Object.values(biases)];
      for (const tensor of [...held, linear.weight, linear.bias, images]) tensor.dispose();
    },
  };
}

/** The trained parameters, in the library's layouts; running moments are not among them. */
function parametersOf(graph: NetworkGraph): Map<string, Weight> {
  const weights = networkWeights(graph);
  const parameters = new Map<string, Weight>();
  for (const node of graph.nodes) {
    if (node.kind === "linear") {
      parameters.set(node.weight, transposed(weightOf(weights, node.weight)));
      parameters.set(node.bias, weightOf(weights, node.bias));
    }
    if (node.kind !== "conv") continue;
    parameters.set(node.weight, filterOf(weightOf(weights, node.weight), node));
    const vectors = node.norm === null ? [] : [`${node.norm}.weight`, `${node.norm}.bias`];
    if (node.bias !== null) vectors.push(node.bias);
    for (const name of vectors) parameters.set(name, weightOf(weights, name));
  }
  return parameters;
}

function trainingWork(tf: TensorFlow, job: NetworkJob): TfjsWork {
  const graph = graphOf(job);
  const variables: Record<string, Variable> = {};
  for (const [name, { data, shape }] of parametersOf(graph)) {
    variables[name] = tf.variable(tf.tensor(data, shape), true, name);
  }
  const parameter = (name: string) => operand(variables, name);
  const images = tf.tensor(networkImages(job), imagesOf(job));
  const target = tf.tensor(oneHotLabels(job), [job.batch, CLASSES]);
  const optimizer = tf.train.sgd(LEARNING_RATE);
  const unit: ConvUnit = (x, { weight, bias, norm, stride, padding, groups, activation }) => {
    const conv = groups === 1 ? tf.conv2d : tf.depthwiseConv2d;
    const sum = conv(x, parameter(weight), stride, padding, "NHWC", 1, "floor");
    if (bias !== null) return activated(tf, tf.add(sum, parameter(bias)), activation);
    if (norm === null) return activated(tf, sum, activation);
    const { mean, variance } = tf.moments(sum, [0, 1, 2]);
    const [beta, gamma] = [parameter(`${norm}.bias`), parameter(`${norm}.weight`)];
    const normal = tf.batchNorm(sum, mean, variance, beta, gamma, NORM_EPSILON);
    return activated(tf, normal, activation);
  };
  const { first, last } = endsOf(graph);
  const linear = { weight: parameter(last.weight), bias: parameter(last.bias) };
  const loss = () => {
    const logits = forward(tf, graph, images, unit, linear);
    return tf.losses.softmaxCrossEntropy(target, logits);
  };
  return {
    compute() {
      const { value, grads } = optimizer.computeGradients(loss, Object.values(variables));
      optimizer.applyGradients(grads);
      const watched = [last.bias, first.weight].map((name) =>
        operand<Tensor>(grads as Tensors, name),
      );
      for (const grad of Object.values(grads)) if (!watched.includes(grad)) grad.dispose();
      return [value, ...watched];
    },
    release() {
      tf.disposeVariables();
      optimizer.dispose();
      images.dispose();
      target.dispose();
    },
  };
}

/** The work of a network's job. */
export function networkWork(tf: TensorFlow, job: NetworkJob): TfjsWork {
  return job.pass === "inference" ? inferenceWork(tf, job) : trainingWork(tf, job);
}
