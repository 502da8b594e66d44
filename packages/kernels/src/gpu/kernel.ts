import { DTypeError, KernelError } from "../errors.ts";
import type { Gpu } from "./gpu.ts";
import type { GpuArray, Storage } from "./gpu-array.ts";
import { type Constants, link, type Modules } from "./link.ts";
import type { Access, Pipeline } from "./pipelines.ts";
import type { Workgroups } from "./workgroups.ts";

/** Type of one field of `Params`. */
export type ParamType = "u32" | "i32" | "f32";

/** A kernel as its file declares it. */
export interface KernelDefinition<
  B extends Readonly<Record<string, Access>>,
  P extends Readonly<Record<string, ParamType>>,
  C extends Constants,
> {
  /** Names the kernel in errors and profiles. */
  readonly name: string;
  /** WGSL files; the variable ones can be replaced per dispatch. */
  readonly modules: Modules;
  /** Values of the file's `const`s and `alias`es. */
  readonly constants: C;
  /** In `@binding` order. */
  readonly bindings: B;
  /** The fields of `struct Params`, in order; uniform `params` is the last binding. */
  readonly params: P;
  /** Bindings that may hold f16; which modules read them so, the host function says. */
  readonly halves?: readonly (keyof B)[];
}

/** What varies between dispatches besides arrays and parameters. */
export interface DispatchOptions<C extends Constants> {
  readonly constants?: Partial<{ [K in keyof C]: Widen<C[K]> }>;
  /** Replaces modules by file name. */
  readonly modules?: Modules;
  readonly workgroups: Workgroups;
}

type Widen<T> = T extends number ? number : T extends boolean ? boolean : string;

/** Parameters, or a function of them that each replay of a captured step calls again. */
export type PerDispatch<P> = P | (() => P);

/** A kernel that can be dispatched on any `Gpu`. */
export interface Kernel<
  B extends Readonly<Record<string, Access>>,
  P extends Readonly<Record<string, ParamType>>,
  C extends Constants,
> {
  readonly definition: KernelDefinition<B, P, C>;
  dispatch(
    gpu: Gpu,
    arrays: { readonly [K in keyof B]: GpuArray },
    params: PerDispatch<{ readonly [K in keyof P]: number }>,
    options: DispatchOptions<C>,
  ): void;
}

const scratch = new ArrayBuffer(256);
const scratchFloats = new Float32Array(scratch);
const scratchInts = new Int32Array(scratch);
const scratchUnsigned = new Uint32Array(scratch);

let nextKernelId = 0;

/**
 * Declares a kernel: its WGSL, its bindings in order, its parameters and its constants. Wrong
 * names at a dispatch are type errors; in plain JavaScript they are `KernelError`s.
 */
export function defineKernel<
  const B extends Readonly<Record<string, Access>>,
  const P extends Readonly<Record<string, ParamType>>,
  const C extends Constants,
>(definition: KernelDefinition<B, P, C>): Kernel<B, P, C> {
  const id = nextKernelId++;
  const bindingNames = Object.keys(definition.bindings);
  const accesses = Object.values(definition.bindings);
  const fields = Object.entries(definition.params);
  const storages: Storage[] = new Array(bindingNames.length);
  const takesHalves = bindingNames.map((name) => definition.halves?.includes(name) === true);

  const toWords = (values: Readonly<Record<string, number>>) => {
    for (let i = 0; i < fields.length; i++) {
      const [name, type] = fields[i] as [string, ParamType];
      const value = values[name];
      if (value === undefined)
        throw new KernelError(`${definition.name}: params.${name} is missing`);
      const words = type === "f32" ? scratchFloats : type === "i32" ? scratchInts : scratchUnsigned;
      words[i] = value;
    }
    return scratchUnsigned;
  };

  const compile = (gpu: Gpu, constants: Constants, modules: Modules | undefined): Pipeline => {
    const paramBytes = 4 * fields.length;
    const immediates = paramBytes > 0 && paramBytes <= gpu.maxImmediateBytes;
    const linked = link(
      definition.name,
      { ...definition.modules, ...modules },
      { ...definition.constants, ...constants },
      immediates,
    );
    return gpu.pipelines.get({
      name: definition.name,
      linked,
      accesses,
      paramBytes,
      immediates,
      constants: { ...definition.constants, ...constants },
    });
  };

  return {
    definition,
    dispatch(gpu, arrays, values, options) {
      const variantKey = variant(id, options.constants, options.modules);
      let pipeline = gpu.variants.get(variantKey);
      if (pipeline === undefined) {
        pipeline = compile(gpu, (options.constants ?? {}) as Constants, options.modules);
        gpu.variants.set(variantKey, pipeline);
      }
      for (let i = 0; i < bindingNames.length; i++) {
        const array = arrays[bindingNames[i] as keyof B];
        if (array === undefined) {
          throw new KernelError(`${definition.name}: binding ${bindingNames[i]} is missing`);
        }
        if (array.dtype === "f16" && takesHalves[i] !== true) {
          throw new DTypeError(
            `${definition.name}: ${bindingNames[i]} is f16, not f32\nCast it with castTo.`,
          );
        }
        const storage = array.storage;
        if (accesses[i] === "read_write") storage.touch();
        storages[i] = storage;
      }
      const isLive = typeof values === "function";
      const params = toWords(isLive ? values() : values);
      const live = isLive ? () => toWords(values()) : undefined;
      gpu.encode({ pipeline, storages, params, workgroups: options.workgroups, live });
    },
  };
}

/** Numbers for the texts of modules: a text's hash is computed once, its characters never copied. */
const textIds = new Map<string, number>();

function textId(text: string): number {
  let known = textIds.get(text);
  if (known === undefined) {
    known = textIds.size;
    textIds.set(text, known);
  }
  return known;
}

function variant(id: number, constants: object | undefined, modules: Modules | undefined): string {
  let key = `${id}`;
  if (constants !== undefined) {
    for (const [name, value] of Object.entries(constants)) key += `|${name}=${value}`;
  }
  if (modules !== undefined) {
    for (const text of Object.values(modules)) key += `|${textId(text)}`;
  }
  return key;
}
