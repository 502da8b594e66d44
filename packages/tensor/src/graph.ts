// The graph of a computation and the walk back through it.
//
// A node is one operation that was applied: the arrays its backward needs (`saved`) and the nodes
// or leaves its inputs came from. It does not hold its output, so that an activation that no
// backward reads is freed as soon as its tensor is. Nodes count who refers to them: their tensor,
// and the nodes computed from it. When nobody does, the saved arrays are given back at once.

import {
  addInto,
  binary,
  formatShape,
  type GpuArray,
  sameShape,
  UsageError,
} from "@fauxgrad/kernels";

/** Arrays kept for a backward; null where one is not needed. */
export type Saved = readonly (GpuArray | null)[];

/**
 * Gradients of an operation's inputs from the gradient of its output.
 *
 * `gradOutput` and `saved` are lent: they are freed after the call. What is returned belongs to the
 * engine: fresh arrays, or further handles (`gradOutput.retain()`, `gradOutput.reshape(...)`).
 *
 * @param needs which inputs need one; return null for the others
 */
export type Backward<S extends Saved> = (
  gradOutput: GpuArray,
  needs: readonly boolean[],
  saved: S,
) => readonly (GpuArray | null)[];

/** Where gradients end: a tensor that nothing was computed for. */
export interface Leaf {
  readonly shape: readonly number[];
  /** False once nobody can ask for the gradient. */
  readonly wantsGrad: boolean;
  /** Takes `gradient` over. */
  accumulateGrad(gradient: GpuArray): void;
}

/** What an input of a node came from; null if it needs no gradient. */
export type Source = GraphNode | Leaf | null;

let nextId = 0;

/** An operation that was applied. */
export class GraphNode {
  /** Grows with time: an operation's inputs have smaller ones. */
  readonly id = nextId++;
  readonly op: string;
  /** Shape of the output, and so of its gradient. */
  readonly shape: readonly number[];
  #sources: readonly Source[];
  #saved: (GpuArray | null)[];
  readonly #versions: readonly number[];
  #backward: Backward<Saved> | null;
  #references = 1;

  constructor(
    op: string,
    shape: readonly number[],
    sources: readonly Source[],
    saved: Saved,
    backward: Backward<Saved>,
  ) {
    this.op = op;
    this.shape = shape;
    this.#sources = sources;
    this.#saved = saved.map((array) => array?.retain() ?? null);
    this.#versions = saved.map((array) => array?.storage.version ?? 0);
    this.#backward = backward;
    for (const source of sources) if (source instanceof GraphNode) source.#references++;
  }

  get sources(): readonly Source[] {
    return this.#sources;
  }

  /** Whether a backward went through, or nobody referred to the node any more. */
  get isConsumed(): boolean {
    return this.#backward === null;
  }

  /** Gradients of the inputs that want one. */
  gradients(gradOutput: GpuArray): readonly (GpuArray | null)[] {
    const needs = this.#sources.map(
      (source) => source instanceof GraphNode || source?.wantsGrad === true,
    );
    if (this.#backward === null || !needs.includes(true)) return needs.map(() => null);
    this.#assertUnmodified();
    const gradients = this.#backward(gradOutput, needs, this.#saved);
    this.#checkGradients(gradients, gradOutput);
    return gradients;
  }

  /** Frees what the backward needed. The graph below stays connected until {@link disconnect}. */
  consume(): void {
    for (const array of this.#saved) array?.dispose();
    this.#saved = [];
    this.#backward = null;
  }

  /** Forgets the inputs, whose nodes were consumed as well. */
  disconnect(): void {
    this.#sources = [];
  }

  /** One who referred to the node is gone; without recursion, for chains may be long. */
  release(): void {
    const released: GraphNode[] = [this];
    for (let node = released.pop(); node !== undefined; node = released.pop()) {
      if (--node.#references > 0) continue;
      node.consume();
      for (const source of node.#sources) if (source instanceof GraphNode) released.push(source);
      node.#sources = [];
    }
  }

  #assertUnmodified(): void {
    this.#saved.forEach((array, i) => {
      const version = array?.storage.version ?? 0;
      if (array === null || version === this.#versions[i]) return;
      throw new UsageError(
        `backward: an array that ${this.op} saved was modified after the forward pass\n` +
          `  saved ${i}  ${formatShape(array.shape)}, version ${this.#versions[i]}, now ${version}\n` +
          "Call backward() before the optimizer's step and before writing into arrays.",
      );
    });
  }

  #checkGradients(gradients: readonly (GpuArray | null)[], gradOutput: GpuArray): void {
    const isLent = (array: GpuArray) => array === gradOutput || this.#saved.includes(array);
    gradients.forEach((gradient, i) => {
      if (gradient === null) return;
      const source = this.#sources[i];
      const lent = isLent(gradient);
      if (!lent && source && sameShape(gradient.shape, source.shape)) return;
      for (const array of gradients) if (array !== null && !isLent(array)) array.dispose();
      throw new UsageError(
        `backward of ${this.op}: gradient ${i} is wrong\n` +
          `  input     ${source ? formatShape(source.shape) : "needs no gradient"}\n` +
          `  gradient  ${formatShape(gradient.shape)}${lent ? ", an array that was only lent" : ""}\n` +
          "Return an array of the input's shape that is new or a retain() of a lent one.",
      );
    });
  }
}

/**
 * The sum of two gradients, which it takes over. In place only where nobody else reads the buffer:
 * handles of one gradient may have gone to several inputs.
 */
export function accumulate(a: GpuArray, b: GpuArray): GpuArray {
  const [target, source] = a.storage.references === 1 ? [a, b] : [b, a];
  if (target.storage.references === 1) {
    addInto(target.gpu, target, source);
    source.dispose();
    return target;
  }
  const sum = binary(a.gpu, "add", a, b);
  a.dispose();
  b.dispose();
  return sum;
}

/** Nodes from `root` back to the leaves, later ones first. */
function reachable(root: GraphNode): GraphNode[] {
  const seen = new Set([root]);
  // A set iterates over what is added meanwhile.
  for (const node of seen) {
    if (node.isConsumed) {
      throw new UsageError(
        `backward: the arrays that ${node.op} saved were already freed by a backward pass\n` +
          "Pass { retainGraph: true } to the first backward, or run the forward pass again.",
      );
    }
    for (const source of node.sources) if (source instanceof GraphNode) seen.add(source);
  }
  return [...seen].sort((a, b) => b.id - a.id);
}

/**
 * Reverse-mode differentiation: carries `gradient`, which is consumed, from `root` to the leaves.
 * Nodes are visited in the reverse of the order in which they were made: every node after all
 * that used its output. Each frees its saved arrays as soon as it is done.
 */
export function backpropagate(root: GraphNode, gradient: GpuArray, retainGraph: boolean): void {
  const pending = new Map<GraphNode | Leaf, GpuArray>([[root, gradient]]);
  try {
    const nodes = reachable(root);
    for (const node of nodes) {
      const gradOutput = pending.get(node);
      if (gradOutput !== undefined) {
        distribute(node, node.gradients(gradOutput), pending);
        pending.delete(node);
        gradOutput.dispose();
      }
      if (!retainGraph) node.consume();
    }
    if (!retainGraph) for (const node of nodes) node.disconnect();
    // Only leaves are left. They get theirs last, when no other handle of a gradient is around.
    for (const [leaf, array] of pending) {
      pending.delete(leaf);
      (leaf as Leaf).accumulateGrad(array);
    }
  } finally {
    for (const array of pending.values()) array.dispose();
  }
}

function distribute(
  node: GraphNode,
  gradients: readonly (GpuArray | null)[],
  pending: Map<GraphNode | Leaf, GpuArray>,
): void {
  gradients.forEach((gradient, i) => {
    const source = node.sources[i];
    if (gradient === null || !source) return;
    const earlier = pending.get(source);
    pending.set(source, earlier === undefined ? gradient : accumulate(earlier, gradient));
  });
}
