// What a pickle turns into here: plain data, and inert records of the few classes that checkpoints
// hold. Nothing has behaviour; a class or function of Python is never more than its name.

import type { HostDType } from "../host-tensor.ts";

/** A value on the stack of the unpickler. Lists are arrays, dictionaries are maps. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleTuple
  | PickleGlobal
  | PickleRecord
  | StorageRecord
  | TensorRecord;

/** A dictionary of Python: dict, OrderedDict, defaultdict, Counter. */
export type PickleDict = Map<PickleValue, PickleValue>;

/** A tuple, apart from a list only because persistent ids and arguments must be tuples. */
export class PickleTuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** What calling an allowed global yields. `fail` throws with the position in the pickle. */
export type PickleCall = (args: readonly PickleValue[], fail: PickleFail) => PickleValue;

/** Throws a {@link CheckpointError} that says where in the pickle the unpickler stands. */
export type PickleFail = (problem: string) => never;

/** An allowed class or function, by its full name. */
export class PickleGlobal {
  readonly name: string;
  /** Our stand-in for the constructor or function; null for a mere name, such as a dtype. */
  readonly call: PickleCall | null;
  /** Element type, for a storage class. */
  readonly storage: HostDType | null;
  constructor(name: string, call: PickleCall | null, storage: HostDType | null = null) {
    this.name = name;
    this.call = call;
    this.storage = storage;
  }
}

/** An instance of an allowed class: its name, constructor arguments and attributes. */
export class PickleRecord {
  readonly className: string;
  readonly args: readonly PickleValue[];
  state: PickleValue = null;
  constructor(className: string, args: readonly PickleValue[]) {
    this.className = className;
    this.args = args;
  }
}

/** A piece of raw memory that lies elsewhere in the file. */
export class StorageRecord {
  readonly key: string;
  readonly dtype: HostDType;
  /** Length in elements of `dtype`. */
  readonly length: number;
  /** Where a view of another storage starts, in elements (files older than PyTorch 0.4). */
  readonly offset: number;
  constructor(key: string, dtype: HostDType, length: number, offset = 0) {
    this.key = key;
    this.dtype = dtype;
    this.length = length;
    this.offset = offset;
  }
}

/** A strided view of a storage; offset and strides in elements of `dtype`. */
export class TensorRecord {
  readonly storage: StorageRecord;
  readonly dtype: HostDType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(
    storage: StorageRecord,
    dtype: HostDType,
    view: { offset: number; shape: readonly number[]; strides: readonly number[] },
  ) {
    this.storage = storage;
    this.dtype = dtype;
    this.offset = view.offset;
    this.shape = view.shape;
    this.strides = view.strides;
  }
}

/** Whether a value counts something: an integer from 0, exact. */
export function isNatural(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
