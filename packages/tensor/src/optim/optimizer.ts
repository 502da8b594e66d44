import { formatShape, type GpuArray, numel, sameShape, UsageError } from "@fauxgrad/kernels";
import { toDeviceOrder, toTorchOrder } from "../nn/layout.ts";
import { type HostTensorLike, Parameter, type StateTensor } from "../nn/parameter.ts";
import type { Tensor } from "../tensor.ts";

/** What an optimizer changes: a module's parameter, or a leaf tensor. */
export type Trainable = Parameter | Tensor;

/** Trainables by name, as `module.namedParameters()` gives them, or numbered by their place. */
export type Trainables = ReadonlyMap<string, Trainable> | readonly Trainable[];

/** Trainables with options of their own; what is left out is the optimizer's. */
export type GroupInput<O> = Partial<O> & { readonly parameters: Trainables };

/** A group as the optimizer holds it. Its options may be changed between steps. */
export type Group<O> = O & { readonly parameters: ReadonlyMap<string, Trainable> };

/** What every optimizer needs to know. */
export interface BaseOptions {
  /** Learning rate. */
  lr: number;
}

/** A group of parameters, by name, and its options. */
export interface GroupState {
  readonly parameters: readonly string[];
  readonly options: object;
}

/** Everything an optimizer needs to continue exactly. */
export interface OptimizerState {
  readonly groups: readonly GroupState[];
  /** `exp_avg.layer1.0.conv1.weight` and so on, in PyTorch's shapes and order. */
  readonly tensors: ReadonlyMap<string, StateTensor>;
}

/** What is remembered about a parameter between steps. */
interface Memory {
  step: number;
  readonly arrays: Map<string, GpuArray>;
}

/**
 * Changes parameters by their gradients. Parameters without a gradient are left alone, and so is
 * what is remembered about them.
 */
export abstract class Optimizer<O extends BaseOptions = BaseOptions> {
  /** Options of each group; schedules set `lr`. */
  readonly groups: readonly Group<O>[];
  readonly #memories = new Map<string, Memory>();

  constructor(groups: Trainables | readonly GroupInput<O>[], defaults: O) {
    this.groups = toGroups(groups).map((group) => ({
      ...defaults,
      ...group,
      parameters: toNamed(group.parameters),
    }));
    assertDistinct(this.groups);
  }

  /** One step along the gradients, in place. */
  step(): void {
    for (const group of this.groups) {
      for (const [name, trainable] of group.parameters) {
        const tensor = tensorOf(trainable);
        const { grad } = tensor;
        if (grad === null) continue;
        const memory = this.#memories.get(name) ?? { step: 0, arrays: new Map() };
        this.#memories.set(name, memory);
        // Counts on when a captured step is replayed.
        tensor.gpu.perStep(() => ++memory.step);
        this.update(group, tensor.data, grad.data, memory);
      }
    }
  }

  /** Frees the gradients. */
  zeroGrad(): void {
    for (const trainable of this.#trainables().values()) tensorOf(trainable).zeroGrad();
  }

  /** Copies what is remembered to the host. */
  async state(): Promise<OptimizerState> {
    const groups = this.groups.map(({ parameters, ...options }) => ({
      parameters: [...parameters.keys()],
      options,
    }));
    const entries = [...this.#memories].flatMap(([name, { step, arrays }]) => [
      Promise.resolve([`step.${name}`, counter(step)] as const),
      ...[...arrays].map(async ([kind, array]) => {
        const trainable = this.#trainables().get(name);
        return [`${kind}.${name}`, await toHost(array, trainable)] as const;
      }),
    ]);
    return { groups, tensors: new Map(await Promise.all(entries)) };
  }

  /**
   * Continues from a saved state: options of the groups and what was remembered.
   *
   * @throws {UsageError} if the groups or shapes are others
   */
  load({ groups, tensors }: LoadableState): void {
    assertSameGroups(groups, this.groups);
    const trainables = this.#trainables();
    const loaded = [...tensors].map(([key, tensor]) => resolve(key, tensor, trainables));
    this.dispose();
    groups.forEach(({ options }, i) => {
      Object.assign(this.groups[i] ?? {}, options);
    });
    for (const { kind, name, tensor, trainable } of loaded) {
      const memory = this.#memories.get(name) ?? { step: 0, arrays: new Map() };
      this.#memories.set(name, memory);
      if (kind === "step") memory.step = Number(tensor.data[0]);
      else memory.arrays.set(kind, toDevice(tensor, trainable));
    }
  }

  /** Frees what is remembered; the parameters stay. */
  dispose(): void {
    for (const { arrays } of this.#memories.values()) {
      for (const array of arrays.values()) array.dispose();
    }
    this.#memories.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * Changes one parameter. Numbers that may differ between steps belong into `gpu.perStep`, so that
   * a captured step follows them.
   *
   * @param memory what is remembered about it; `step` counts from 1
   */
  protected abstract update(
    options: O,
    parameter: GpuArray,
    gradient: GpuArray,
    memory: Memory,
  ): void;

  #trainables(): Map<string, Trainable> {
    return new Map(this.groups.flatMap(({ parameters }) => [...parameters]));
  }
}

export type { Memory };

/** An {@link OptimizerState} as a file gives it back. */
export interface LoadableState {
  readonly groups: readonly GroupState[];
  readonly tensors: ReadonlyMap<string, HostTensorLike>;
}

/** The remembered array `kind`, zeros at first. */
export function remembered(memory: Memory, kind: string, like: GpuArray): GpuArray {
  const existing = memory.arrays.get(kind);
  if (existing !== undefined) return existing;
  const array = like.gpu.outsideCapture(() => like.gpu.zeros(like.shape));
  memory.arrays.set(kind, array);
  return array;
}

/** The tensor behind a trainable. */
export function tensorOf(trainable: Trainable): Tensor {
  return trainable instanceof Parameter ? trainable.tensor : trainable;
}

/** Trainables by name; an array's are numbered. */
function toNamed(trainables: Trainables): ReadonlyMap<string, Trainable> {
  if (!Array.isArray(trainables)) return trainables as ReadonlyMap<string, Trainable>;
  return new Map(trainables.map((trainable: Trainable, i) => [`${i}`, trainable]));
}

function toGroups<O>(groups: Trainables | readonly GroupInput<O>[]): readonly GroupInput<O>[] {
  const isGroups = Array.isArray(groups) && groups.some((item) => "parameters" in item);
  if (isGroups) return groups as readonly GroupInput<O>[];
  return [{ parameters: groups as Trainables } as GroupInput<O>];
}

function assertDistinct(groups: readonly { parameters: ReadonlyMap<string, Trainable> }[]): void {
  const seen = new Set<string | Trainable>();
  for (const { parameters } of groups) {
    for (const [name, trainable] of parameters) {
      if (seen.has(name) || seen.has(trainable)) {
        throw new UsageError(
          `optimizer: parameter "${name}" is in two groups\n` +
            "Each parameter, and each name, may appear once; pass maps of names with several groups.",
        );
      }
      seen.add(name).add(trainable);
    }
  }
}

function assertSameGroups(
  saved: OptimizerState["groups"],
  groups: readonly { parameters: ReadonlyMap<string, Trainable> }[],
): void {
  const same =
    saved.length === groups.length &&
    saved.every(({ parameters }, i) => {
      const names = [...(groups[i]?.parameters.keys() ?? [])];
      return names.length === parameters.length && names.every((name, j) => name === parameters[j]);
    });
  if (same) return;
  const counts = (sizes: number[]) => `[${sizes.join(", ")}]`;
  throw new UsageError(
    "optimizer: the saved groups are not these\n" +
      `  saved  ${counts(saved.map(({ parameters }) => parameters.length))} parameters\n` +
      `  here   ${counts(groups.map(({ parameters }) => parameters.size))} parameters\n` +
      "Make the optimizer with the groups it was saved with, in their order.",
  );
}

function resolve(
  key: string,
  tensor: HostTensorLike,
  trainables: ReadonlyMap<string, Trainable>,
): { kind: string; name: string; tensor: HostTensorLike; trainable: Trainable } {
  const dot = key.indexOf(".");
  const [kind, name] = [key.slice(0, dot), key.slice(dot + 1)];
  const trainable = trainables.get(name);
  const shape = kind === "step" ? [] : trainable?.shape;
  if (trainable === undefined || shape === undefined || !sameShape(shape, tensor.shape)) {
    throw new UsageError(
      `optimizer: "${key}" does not fit\n  saved  ${formatShape(tensor.shape)}\n` +
        `  here   ${shape === undefined ? "no such parameter" : formatShape(shape)}\n` +
        "Load the state into an optimizer of the same network.",
    );
  }
  return { kind, name, tensor, trainable };
}

function counter(value: number): StateTensor {
  return { dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(value)) };
}

async function toHost(array: GpuArray, trainable: Trainable | undefined): Promise<StateTensor> {
  const data = await array.read();
  if (!(trainable instanceof Parameter)) return { dtype: "float32", shape: array.shape, data };
  const { layout, shape } = trainable;
  return { dtype: "float32", shape, data: toTorchOrder(layout, shape, data) };
}

function toDevice({ data, shape }: HostTensorLike, trainable: Trainable): GpuArray {
  const { gpu, shape: ours } = tensorOf(trainable);
  const values = Float32Array.from({ length: numel(shape) }, (_, i) => Number(data[i]));
  if (!(trainable instanceof Parameter)) return gpu.upload(values, ours);
  return gpu.upload(toDeviceOrder(trainable.layout, shape, values), ours);
}
