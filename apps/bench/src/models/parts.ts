/*
 * Which part of a network a dispatch belongs to. While a step is profiled, the modules' `forward`
 * and the backward of the graph's nodes are wrapped so that they note where they begin and end in
 * the count of dispatches. The packages know nothing of it, and unwatched networks pay nothing.
 */
import type { Gpu } from "@fauxgrad/kernels";
import { Tensor } from "@fauxgrad/tensor";
import type { Module } from "@fauxgrad/tensor/nn";
import type { TimedDispatch } from "../report/model-report.ts";
import type { Phase, Workload } from "./workload.ts";

type Node = NonNullable<Tensor["node"]>;
type Forward = (...inputs: unknown[]) => unknown;

/** What dispatches outside every network and phase are called: read-backs' copies are not among them. */
const OUTSIDE = "around the network";

/** From a dispatch on, until the next mark. */
interface Mark {
  readonly from: number;
  readonly part: readonly string[];
}

/** `layer1.0.conv1` is conv1 of layer1.0. */
function pathOf(network: string, module: string): string[] {
  return [network, ...module.split(/\.(?!\d+(?:\.|$))/)].filter((name) => name !== "");
}

/** Notes where in a step its dispatches are. */
class PartMarks {
  readonly marks: Mark[] = [];
  readonly #gpu: Gpu;
  readonly #stack: (readonly string[])[] = [[OUTSIDE]];
  readonly #labelled = new WeakSet<Node>();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#mark();
  }

  /** Dispatches that `work` encodes belong to `part`. */
  within<T>(part: readonly string[], work: () => T): T {
    this.#stack.push(part);
    this.#mark();
    try {
      return work();
    } finally {
      this.#stack.pop();
      this.#mark();
    }
  }

  /** Nodes from `output` back to those that were there before: their backward is this part's. */
  claim(output: Tensor, newerThan: number, part: readonly string[]): void {
    const open = output.node === null ? [] : [output.node];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node.id <= newerThan || this.#labelled.has(node)) continue;
      this.#labelled.add(node);
      this.#wrapBackward(node, part);
      for (const source of node.sources) {
        if (source !== null && "gradients" in source) open.push(source);
      }
    }
  }

  #wrapBackward(node: Node, part: readonly string[]): void {
    const original = node.gradients.bind(node);
    Object.defineProperty(node, "gradients", {
      value: (...given: Parameters<Node["gradients"]>) =>
        this.within(["backward", ...part], () => original(...given)),
    });
  }

  #mark(): void {
    const part = this.#stack.at(-1) ?? [OUTSIDE];
    this.marks.push({ from: this.#gpu.stats.dispatches, part });
  }
}

/** Ids of nodes that an operand's history ends with. */
function newestNode(inputs: readonly unknown[]): number {
  const ids = inputs.map((input) => (input instanceof Tensor ? (input.node?.id ?? -1) : -1));
  return Math.max(-1, ...ids);
}

function tensorsIn(value: unknown): Tensor[] {
  return value instanceof Tensor ? [value] : [];
}

/** Wraps `forward` of a module; call the result to undo it. */
function watch(module: Module, part: readonly string[], marks: PartMarks): () => void {
  const original = (module as { forward?: Forward }).forward;
  if (original === undefined) return () => undefined;
  const forward: Forward = (...inputs) => {
    const newest = newestNode(inputs);
    const output = marks.within(["forward", ...part], () => original.apply(module, inputs));
    for (const made of tensorsIn(output)) marks.claim(made, newest, part);
    return output;
  };
  // Not enumerable: a module's fields are its members.
  Object.defineProperty(module, "forward", { value: forward, configurable: true });
  return () => {
    Reflect.deleteProperty(module, "forward");
  };
}

/**
 * Times every dispatch of one step by the device's clock.
 *
 * @throws {DeviceError} without the `timestamp-query` feature
 */
export async function profileParts(gpu: Gpu, workload: Workload): Promise<TimedDispatch[]> {
  const marks = new PartMarks(gpu);
  const first = gpu.stats.dispatches;
  const undo = Object.entries(workload.networks).flatMap(([name, network]) =>
    [...network.namedModules()].map(([module, found]) => watch(found, pathOf(name, module), marks)),
  );
  const phase: Phase = (name, work) => marks.within([name], work);
  try {
    const { dispatches } = await gpu.profile(() => workload.run(phase));
    let at = 0;
    return dispatches.map(({ name, startMs, ms }, i) => {
      while ((marks.marks[at + 1]?.from ?? Infinity) <= first + i) at++;
      return { part: marks.marks[at]?.part ?? [OUTSIDE], kernel: name, startMs, ms };
    });
  } finally {
    for (const restore of undo) restore();
  }
}
