/** Whole networks in jax-js, compiled by its `jit`. */
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
  permuted,
  transposed,
  type Weight,
  weightOf,
} from "../networks/weights.ts";
import { operand } from "../ops/operation.ts";
import { convolve, type Jax, type JaxArray, type JaxTree, type JaxWork, refs } from "./jax.ts";

/** How a convolution with all that follows it is computed. */
type ConvUnit = (x: JaxArray, node: ConvNode) => JaxArray;

function activated(jax: Jax, x: JaxArray, activation: Activation): JaxArray {
  return activation === "none" ? x : jax.nn[activation](x);
}

/** A vector of channels against maps `[N, C, H, W]`. */
function ofChannels(vector: JaxArray): JaxArray {
  return vector.reshape([1, vector.shape[0] ?? 1, 1, 1]);
}

/** The logits of images `[N, 3, H, W]`; uses a reference of whatever it reads. */
function forward(
  jax: Jax,
  { nodes, output }: NetworkGraph,
  images: JaxArray,
  unit: ConvUnit,
  parameter: (name: string) => JaxArray,
): JaxArray {
  const { numpy } = jax;
  const values: Record<string, JaxArray> = { input: images };
  const value = (name: string) => operand(values, name).ref;
  const compute = (node: NetworkNode): JaxArray => {
    switch (node.kind) {
      case "conv":
        return unit(value(node.input), node);
      case "maxPool": {
        const none = [0, 0] as const;
        const one = [1, 1] as const;
        // Zeros as padding: what is pooled has come through a ReLU.
        const padded = numpy.pad(value(node.input), [none, none, one, one]);
        return jax.lax.reduceWindow(padded, (window) => numpy.max(window), [3, 3], [2, 2]);
      }
      case "globalAverage":
        return numpy.mean(value(node.input), [2, 3], { keepdims: true });
      case "add":
        return activated(jax, value(node.a).add(value(node.b)), node.activation);
      case "mul":
        return activated(jax, value(node.a).mul(value(node.b)), node.activation);
      case "linear": {
        const x = value(node.input);
        const rows = x.reshape([x.shape[0] ?? 1, node.inFeatures]);
        return numpy.matmul(rows, parameter(node.weight)).add(parameter(node.bias));
      }
      default:
        return node satisfies never;
    }
  };
  for (const node of nodes) values[node.output] = compute(node);
  return value(output);
}

function upload(jax: Jax, weights: ReadonlyMap<string, Weight>): JaxTree {
  const arrays = [...weights].map(([name, { data, shape }]) => {
    return [name, jax.numpy.array(data).reshape(shape)] as const;
  });
  return Object.fromEntries(arrays);
}

function imagesArray(jax: Jax, job: NetworkJob): JaxArray {
  const turned = permuted({ shape: imagesOf(job), data: networkImages(job) }, [0, 3, 1, 2]);
  return jax.numpy.array(turned.data).reshape(turned.shape);
}

function disposeAll(tree: JaxTree): void {
  for (const array of Object.values(tree)) array.dispose();
}

function inferenceWork(jax: Jax, job: NetworkJob): JaxWork {
  const graph = graphOf(job);
  const weights = networkWeights(graph);
  const constants = new Map<string, Weight>();
  for (const node of graph.nodes) {
    if (node.kind === "conv") {
      const { weight, bias } = foldedConv(weights, node);
      constants.set(node.weight, weight);
      constants.set(`${node.weight}.bias`, { data: bias, shape: [bias.length] });
    } else if (node.kind === "linear") {
      constants.set(node.weight, transposed(weightOf(weights, node.weight)));
      constants.set(node.bias, weightOf(weights, node.bias));
    }
  }
  const arrays = { ...upload(jax, constants), input: imagesArray(jax, job) };
  const run = jax.jit((tree) => {
    const parameter = (name: string) => operand(tree, name).ref;
    const unit: ConvUnit = (x, node) => {
      const sum = convolve(jax, x, parameter(node.weight), node);
      const bias = ofChannels(parameter(`${node.weight}.bias`));
      return activated(jax, sum.add(bias), node.activation);
    };
    return { logits: forward(jax, graph, operand(tree, "input"), unit, parameter) };
  });
  return {
    compute: () => run(refs(arrays)),
    read: (results) => operand(results, "logits").ref.data(),
    release() {
      run.dispose();
      disposeAll(arrays);
    },
  };
}

/** The trained parameters; running moments are not among them. */
function parametersOf(graph: NetworkGraph): Map<string, Weight> {
  const weights = networkWeights(graph);
  const { last } = endsOf(graph);
  const trained = [...weights].filter(([name]) => !/running_(mean|var)$/.test(name));
  return new Map(
    trained.map(([name, weight]) => [name, name === last.weight ? transposed(weight) : weight]),
  );
}

/** Normalised by the moments of the batch itself. */
function normalised(jax: Jax, x: JaxArray, gamma: JaxArray, beta: JaxArray): JaxArray {
  const { numpy } = jax;
  const axes = [0, 2, 3];
  const centred = x.ref.sub(numpy.mean(x, axes, { keepdims: true }));
  const variance = numpy.mean(numpy.square(centred.ref), axes, { keepdims: true });
  const deviation = numpy.sqrt(variance.add(NORM_EPSILON));
  return centred.mul(numpy.reciprocal(deviation)).mul(ofChannels(gamma)).add(ofChannels(beta));
}

function trainingWork(jax: Jax, job: NetworkJob): JaxWork {
  const graph = graphOf(job);
  const { first, last } = endsOf(graph);
  let parameters = upload(jax, parametersOf(graph));
  const target = jax.numpy.array(oneHotLabels(job)).reshape([job.batch, CLASSES]);
  const fixed = { input: imagesArray(jax, job), target };
  const loss = (trained: JaxTree, { input, target: wanted }: JaxTree): JaxArray => {
    if (input === undefined || wanted === undefined) throw new Error("an operand is missing");
    const parameter = (name: string) => operand(trained, name).ref;
    const unit: ConvUnit = (x, node) => {
      const sum = convolve(jax, x, parameter(node.weight), node);
      const { norm, bias, activation } = node;
      if (norm === null) {
        const shifted = bias === null ? sum : sum.add(ofChannels(parameter(bias)));
        return activated(jax, shifted, activation);
      }
      const [gamma, beta] = [parameter(`${norm}.weight`), parameter(`${norm}.bias`)];
      return activated(jax, normalised(jax, sum, gamma, beta), activation);
    };
    const logits = forward(jax, graph, input, unit, parameter);
    return jax.numpy.sum(jax.nn.logSoftmax(logits).mul(wanted)).mul(-1 / job.batch);
  };
  const step = jax.jit(({ input, target: wanted, ...trained }) => {
    if (input === undefined || wanted === undefined) throw new Error("an operand is missing");
    const [value, grads] = jax.valueAndGrad(loss)(refs(trained), { input, target: wanted });
    const updated = Object.entries(trained).map(([name, array]) => {
      return [`new.${name}`, array.sub(operand(grads, name).ref.mul(LEARNING_RATE))] as const;
    });
    const watched = { bias: operand(grads, last.bias), weight: operand(grads, first.weight) };
    return { loss: value, ...watched, ...Object.fromEntries(updated) };
  });
  return {
    compute() {
      const { loss: value, bias, weight, ...updated } = step({ ...parameters, ...refs(fixed) });
      if (!value || !bias || !weight) throw new Error("the step has no such result");
      parameters = Object.fromEntries(
        Object.entries(updated).map(([name, array]) => [name.slice("new.".length), array]),
      );
      return { loss: value, bias, weight };
    },
    async read(results) {
      const [value, bias, weight] = await Promise.all(
        ["loss", "bias", "weight"].map((name) => operand(results, name).ref.data()),
      );
      const shape = [first.outChannels, first.inChannels, first.kernel, first.kernel];
      const data = channelsLast({ shape, data: weight ?? new Float32Array() }).data;
      return Float32Array.from([...(value ?? []), ...(bias ?? []), ...data]);
    },
    release() {
      step.dispose();
      disposeAll(parameters);
      disposeAll(fixed);
    },
  };
}

/** The work of a network's job. */
export function networkWork(jax: Jax, job: NetworkJob): JaxWork {
  return job.pass === "inference" ? inferenceWork(jax, job) : trainingWork(jax, job);
}
