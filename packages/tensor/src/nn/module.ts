import { type Gpu, type Shape, UsageError } from "@fauxgrad/kernels";
import { Random } from "../random.ts";
import type { Tensor } from "../tensor.ts";
import { assertSameState, mismatches } from "./mismatches.ts";
import { Buffer, Counter, type HostTensorLike, Parameter, type StateTensor } from "./parameter.ts";

/** What a module consists of. */
export type Member = Module | Parameter | Buffer | Counter;

/** Options of {@link Module.to}. */
export interface ToOptions {
  /** Everything random about the module follows from it. */
  readonly seed: number;
}

/** Options of {@link Module.load}. */
export interface LoadOptions {
  /** Refuse missing and unexpected tensors. */
  readonly strict?: boolean;
  /** For what the tensors do not give: missing parameters, dropout. */
  readonly seed?: number;
}

/** What {@link Module.load} found, when not strict. */
export interface LoadReport {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

/** A module of one tensor to one tensor. */
export interface Layer extends Module {
  forward(input: Tensor): Tensor;
}

/**
 * A part of a network: parameters, buffers and modules, which are found among its fields.
 *
 * A module is a description, shapes and initialisers, until {@link to} or {@link load} puts it on
 * a device. Names are PyTorch's: a field's name in snake case (`runningMean` is `running_mean`),
 * `blocks.0` for the elements of an array. `names` overrides them, {@link members} replaces them.
 * Fields declared with `#` are not found.
 *
 * ```ts
 * class Head extends Module {
 *   override readonly names = { auxLogits: "AuxLogits" };
 *   readonly norm = new BatchNorm2d(64);
 *   readonly auxLogits = new Linear(64, 10);
 *   forward(input: Tensor): Tensor { … }
 * }
 * ```
 */
export abstract class Module {
  /** Names of fields whose PyTorch name is not their own in snake case. */
  readonly names: Readonly<Record<string, string>> = {};
  #training = true;

  /** Whether the module is being trained: batch statistics, dropout. */
  get training(): boolean {
    return this.#training;
  }

  /** Parameters, buffers and modules by name, in order of declaration. */
  *members(): Iterable<readonly [string, Member]> {
    for (const [field, value] of Object.entries(this)) {
      if (field === "names") continue;
      yield* named(this.names[field] ?? snakeCase(field), value);
    }
  }

  /** This module, whose name is the prefix, and all below it. */
  *namedModules(prefix = ""): Iterable<readonly [string, Module]> {
    yield [prefix, this];
    for (const [name, member] of this.members()) {
      if (!(member instanceof Module)) continue;
      yield* member.namedModules(prefix === "" ? name : `${prefix}.${name}`);
    }
  }

  /** This module and all below it. */
  *modules(): Iterable<Module> {
    for (const [, module] of this.namedModules()) yield module;
  }

  /** Parameters by PyTorch's names; one that has two names comes once. */
  namedParameters(): Map<string, Parameter> {
    const found = new Map<Parameter, string>();
    for (const [name, member] of this.#states("")) {
      if (member instanceof Parameter && !found.has(member)) found.set(member, name);
    }
    return new Map([...found].map(([parameter, name]) => [name, parameter]));
  }

  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** Number of learned values, frozen ones included; needs no device. */
  numParameters(): number {
    return this.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
  }

  /** Keys and PyTorch shapes of the state dict; needs no device. */
  expectedState(): Map<string, Shape> {
    return new Map([...this.#persistent()].map(([name, { shape }]) => [name, shape]));
  }

  /** Puts initial values on the device where there are none yet. */
  to(gpu: Gpu, { seed }: ToOptions): this {
    this.#initialize(gpu, seed);
    for (const [name, module] of this.namedModules()) module.onSeed(new Random(seed, name).bits());
    return this;
  }

  /**
   * Puts the values of a state dict on the device, in place where there are some already. Nothing
   * is changed if something does not fit. `num_batches_tracked` may be missing.
   *
   * @throws {UsageError} listing every missing, unexpected and mis-shaped tensor; the first two
   *   only if `strict`
   */
  load(
    gpu: Gpu,
    tensors: ReadonlyMap<string, HostTensorLike>,
    { strict = true, seed }: LoadOptions = {},
  ): LoadReport {
    const states = this.#persistent();
    const report = mismatches(states, tensors, strict);
    if (seed === undefined && report.missing.some((name) => !isReady(states.get(name)))) {
      throw new UsageError(
        `load: ${report.missing.length} tensors are missing and nothing says what to start from\n` +
          `  missing  ${report.missing.join(", ")}\nPass a seed: load(gpu, tensors, { seed }).`,
      );
    }
    for (const [name, member] of states) {
      const tensor = tensors.get(name);
      if (tensor === undefined) continue;
      if (member instanceof Counter) member.assign(tensor);
      else member.assign(gpu, tensor);
    }
    // Without a seed only buffers that no checkpoint holds are left, and those are constants.
    if (seed === undefined) this.#initialize(gpu, 0);
    else this.to(gpu, { seed });
    return report;
  }

  /** Copies the state to the host: PyTorch's keys, order and shapes. */
  async stateDict(): Promise<Map<string, StateTensor>> {
    const entries = [...this.#persistent()].map(
      async ([name, member]) => [name, await member.read()] as const,
    );
    return new Map(await Promise.all(entries));
  }

  /**
   * Copies the state of a module of the same kind, on the device: a teacher from its student.
   *
   * @throws {UsageError} if names or shapes differ
   */
  copyFrom(source: Module): void {
    const theirs = source.#persistent();
    const mine = this.#persistent();
    assertSameState(mine, theirs);
    for (const [name, state] of mine) {
      const other = theirs.get(name);
      if (state instanceof Counter && other instanceof Counter) state.value = other.value;
      else if (!(state instanceof Counter) && other && !(other instanceof Counter)) {
        state.copyFrom(other);
      }
    }
  }

  /** Training mode: batch statistics, dropout. */
  train(flag = true): this {
    for (const module of this.modules()) module.#training = flag;
    return this;
  }

  /** Inference mode: running statistics, no dropout. */
  eval(): this {
    return this.train(false);
  }

  /** Freezes the parameters, or thaws them. Frozen ones cost no gradient. */
  requiresGrad_(flag = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = flag;
    return this;
  }

  /** Frees the gradients. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.zeroGrad();
  }

  /** Frees the device memory: a description again. */
  dispose(): void {
    for (const [, member] of this.#states("")) if (!(member instanceof Counter)) member.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Gives a module that draws random numbers while training its own seed. */
  protected onSeed(_seed: number): void {}

  #initialize(gpu: Gpu, seed: number): void {
    for (const [name, member] of this.#states("")) {
      if (member instanceof Counter || member.isOnDevice) continue;
      // A stream for each name: a layer more leaves the others' values as they were.
      member.initialize(gpu, new Random(seed, name));
    }
  }

  #persistent(): Map<string, Parameter | Buffer | Counter> {
    const states = [...this.#states("")];
    return new Map(states.filter(([, state]) => !(state instanceof Buffer) || state.persistent));
  }

  /** PyTorch's order: a module's parameters, its buffers, then what is below it. */
  *#states(prefix: string): Iterable<[string, Parameter | Buffer | Counter]> {
    const members = [...this.members()];
    for (const [name, member] of members) {
      if (member instanceof Parameter) yield [prefix + name, member];
    }
    for (const [name, member] of members) {
      if (member instanceof Buffer || member instanceof Counter) yield [prefix + name, member];
    }
    for (const [name, member] of members) {
      if (member instanceof Module) yield* member.#states(`${prefix}${name}.`);
    }
  }
}

/** `runningMean` to `running_mean`; what starts with a capital or has underscores stays. */
function snakeCase(field: string): string {
  if (/^[A-Z]|_/.test(field)) return field;
  return field.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}

function isReady(member: Parameter | Buffer | Counter | undefined): boolean {
  return member instanceof Counter || member?.isOnDevice === true;
}

function* named(name: string, value: unknown): Iterable<readonly [string, Member]> {
  const isState = value instanceof Parameter || value instanceof Buffer || value instanceof Counter;
  if (isState || value instanceof Module) yield [name, value];
  else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* named(`${name}.${i}`, item);
  }
}
