import type { Gpu } from "@fauxgrad/kernels";
import { currentContext, isPromise, type Owner, runWith } from "./context.ts";
import { Tensor } from "./tensor.ts";

/** Owns the tensors made while a scope runs. */
class Region implements Owner {
  readonly #tensors = new Set<Tensor>();
  readonly #outer: Owner | null;
  #closed = false;

  constructor(outer: Owner | null) {
    this.#outer = outer;
  }

  add(tensor: Tensor): void {
    // Work that the scope did not wait for: whoever surrounds the scope frees it.
    if (this.#closed) tensor.moveTo(this.#outer);
    else this.#tensors.add(tensor);
  }

  delete(tensor: Tensor): void {
    this.#tensors.delete(tensor);
  }

  /** Frees everything but the tensors in `result`, which go to the surrounding scope. */
  close(result: unknown): void {
    this.#closed = true;
    const escaping = new Set<Tensor>();
    collectTensors(result, escaping, new Set());
    for (const tensor of this.#tensors) {
      if (escaping.has(tensor)) {
        tensor.moveTo(this.#outer);
        continue;
      }
      const { grad } = tensor;
      if (grad !== null && escaping.has(grad)) tensor.takeGrad()?.moveTo(this.#outer);
      tensor.dispose();
    }
    this.#tensors.clear();
  }
}

function collectTensors(value: unknown, found: Set<Tensor>, seen: Set<object>): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (value instanceof Tensor) {
    found.add(value);
    return;
  }
  if (seen.has(value)) return;
  seen.add(value);
  if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
    for (const item of value) collectTensors(item, found, seen);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return;
  for (const item of Object.values(value)) collectTensors(item, found, seen);
}

/**
 * Runs `work` and frees the tensors it made, except those it returns: a tensor, or arrays, plain
 * objects, maps and sets of them. Those belong to the surrounding scope, if there is one.
 *
 * `work` may be asynchronous: the scope then ends when its promise settles, and several such
 * scopes may run at the same time (where the host has AsyncLocalStorage). Parameters of modules
 * are never freed by a scope; nor is what a graph still needs: a returned loss can be
 * differentiated outside.
 *
 * ```ts
 * const loss = await scope(async () => {
 *   const output = network.forward(images);
 *   binaryCrossEntropyWithLogits(output, labels).backward();
 *   optimizer.step();
 *   return output.read();
 * });
 * ```
 *
 * @throws {UsageError} if asynchronous scopes interleave on a host without AsyncLocalStorage
 */
export function scope<T>(work: () => T): T {
  const region = new Region(currentContext().owner);
  let result: T;
  try {
    result = runWith({ owner: region }, work);
  } catch (error) {
    region.close(null);
    throw error;
  }
  if (!isPromise(result)) {
    region.close(result);
    return result;
  }
  return result.then(
    (value) => {
      region.close(value);
      return value;
    },
    (error: unknown) => {
      region.close(null);
      throw error;
    },
  ) as T;
}

/** Runs `work`; no scope around the call owns what it makes. */
export function unscoped<T>(work: () => T): T {
  return runWith({ owner: null }, work);
}

/** Takes a tensor out of its scope: it lives until `dispose()`. Returns it. */
export function keep<T extends Tensor>(tensor: T): T {
  tensor.moveTo(null);
  return tensor;
}

/** Arrays alive that were made at the same place. */
export interface Leak {
  readonly arrays: number;
  readonly bytes: number;
  /** Where; "unknown" unless the `Gpu` was made with `trackArrays`. */
  readonly stack: string;
}

/** The arrays alive on `gpu`, grouped by where they were made, most bytes first. */
export function leakReport(gpu: Gpu): Leak[] {
  const groups = new Map<string, { arrays: number; bytes: number }>();
  for (const { bytes, stack = "unknown" } of gpu.liveArrays()) {
    const group = groups.get(stack) ?? { arrays: 0, bytes: 0 };
    group.arrays++;
    group.bytes += bytes;
    groups.set(stack, group);
  }
  return [...groups]
    .map(([stack, group]) => ({ ...group, stack }))
    .sort((a, b) => b.bytes - a.bytes);
}
