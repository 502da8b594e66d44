// A pickle is a program for a small stack machine. This one runs the instructions that build data
// and refuses the rest. Python's would import any name and call it: here a name outside the table
// of globals.ts ends the reading, and what is inside is a constructor of plain data of ours.
//
// Nothing recurses, and the work is linear: each instruction costs what it consumes, from the file
// or from the stack.

import { CheckpointError, FILE_IS_DAMAGED, quote, SAVE_AS_STATE_DICT } from "../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import { findGlobal } from "./globals.ts";
import { INSTRUCTIONS, REFUSED } from "./opcodes.ts";
import {
  isNatural,
  PickleGlobal,
  PickleRecord,
  PickleTuple,
  type PickleValue,
  StorageRecord,
} from "./values.ts";

// Far above any checkpoint, where 30 instructions rebuild a tensor: they bound the memory that a
// file can cost.
const MOST_INSTRUCTIONS = 10_000_000;
const MOST_OBJECTS = 2_000_000;

export interface UnpickleOptions {
  /** Allow the classes of a TorchScript archive, `__torch__.*`, as inert records. */
  readonly scriptModules?: boolean;
}

/** The stack, the marks on it, and the memo of one pickle. Used by the instructions only. */
export class PickleMachine {
  readonly reader: ByteReader;
  readonly memo = new Map<number, PickleValue>();
  /** Every storage the pickle refers to, by key, as it was first described. */
  readonly storages = new Map<string, StorageRecord>();
  readonly #scriptModules: boolean;
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  #objects = 0;
  #result: PickleValue | undefined;
  #opcode = { name: "", position: 0 };

  constructor(reader: ByteReader, { scriptModules = false }: UnpickleOptions) {
    this.reader = reader;
    this.#scriptModules = scriptModules;
  }

  run(): PickleValue {
    for (let count = 0; this.#result === undefined; count++) {
      const position = this.reader.position;
      const code = this.reader.uint8();
      const instruction = INSTRUCTIONS[code];
      this.#opcode = { name: instruction?.name ?? REFUSED[code] ?? "unknown", position };
      if (count === MOST_INSTRUCTIONS) this.fail(`the pickle has over ${count} instructions`);
      if (instruction === undefined) this.#refuseOpcode(code);
      instruction.run(this);
    }
    return this.#result;
  }

  /** STOP: the last value is the pickle's. */
  stop(): void {
    this.#result = this.pop();
  }

  push(value: PickleValue): void {
    if (typeof value === "object" && value !== null && ++this.#objects > MOST_OBJECTS) {
      this.fail(`the pickle holds over ${MOST_OBJECTS} objects`);
    }
    this.#stack.push(value);
  }

  pop(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) this.fail("the stack is empty");
    return this.#stack.pop() ?? null;
  }

  /** The last value, which stays where it is. */
  peek(): PickleValue {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** Removes the last mark and returns what was above it. */
  popMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) this.fail("there is no mark on the stack");
    return this.#stack.splice(mark);
  }

  /** POP removes a value, or a mark that nothing lies on. */
  discard(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) this.fail(`nothing was stored under memo ${index}`);
    this.push(value);
  }

  /** Adds `[key, value, key, value, …]` to the dictionary on the stack. */
  setItems(items: readonly PickleValue[]): void {
    const target = this.peek();
    if (!(target instanceof Map) || items.length % 2 !== 0) {
      this.fail("items are set on something that is not a dictionary");
    }
    for (let i = 0; i < items.length; i += 2) target.set(items[i] ?? null, items[i + 1] ?? null);
  }

  /** Adds `items` to the list on the stack. */
  append(items: readonly PickleValue[]): void {
    const target = this.peek();
    if (!Array.isArray(target)) this.fail("items are appended to something that is not a list");
    for (const item of items) target.push(item);
  }

  pushGlobal(moduleName: PickleValue, name: PickleValue): void {
    if (typeof moduleName !== "string" || typeof name !== "string") {
      this.fail("a global's name is not a string");
    }
    const found = findGlobal(moduleName, name, this.#scriptModules);
    if (found === null) this.#refuseGlobal(`${moduleName}.${name}`);
    this.push(found);
  }

  /** REDUCE and NEWOBJ: the only place where anything is called, and only stand-ins are. */
  call(callee: PickleValue, args: PickleValue): void {
    if (!(callee instanceof PickleGlobal) || callee.call === null) {
      this.fail("the pickle calls something that is not a function or class");
    }
    if (!(args instanceof PickleTuple)) this.fail("arguments are not a tuple");
    this.push(callee.call(args.items, (problem) => this.fail(problem)));
  }

  /** BUILD: attributes of a record. Those of a dictionary (`_metadata`) are dropped. */
  setState(state: PickleValue): void {
    const target = this.peek();
    if (target instanceof PickleRecord) target.state = state;
    else if (!(target instanceof Map)) this.fail("attributes are set on something without any");
  }

  /** BINPERSID: `("storage", class, key, location, length[, view])`. */
  pushPersistent(id: PickleValue): void {
    const items = id instanceof PickleTuple ? id.items : [];
    const [kind, type, key, , length, viewOf] = items;
    const dtype = type instanceof PickleGlobal ? type.storage : null;
    if (kind !== "storage" || dtype === null || typeof key !== "string") {
      this.fail("a persistent id does not describe a storage");
    }
    if (!isNatural(length)) this.fail("a storage's length is not a natural number");
    const whole = new StorageRecord(key, dtype, length);
    if (!this.storages.has(key)) this.storages.set(key, whole);
    this.push(viewOf instanceof PickleTuple ? this.#partOf(whole, viewOf) : whole);
  }

  /** A view of a storage: `(its own key, offset, length)`, in elements. */
  #partOf({ key, dtype }: StorageRecord, view: PickleTuple): StorageRecord {
    const [, offset, length] = view.items;
    if (!isNatural(offset) || !isNatural(length)) {
      this.fail("a storage's view is not a key, an offset and a length");
    }
    return new StorageRecord(key, dtype, length, offset);
  }

  fail(problem: string): never {
    throw new CheckpointError(`checkpoint: ${problem}\n  ${this.#where()}\n${FILE_IS_DAMAGED}`);
  }

  #where(): string {
    const { name, position } = this.#opcode;
    return `opcode ${name} at byte ${position} of ${this.reader.label}`;
  }

  #refuseGlobal(name: string): never {
    throw new CheckpointError(
      `checkpoint: the pickle names ${quote(name)}, which is not allowed in a checkpoint\n` +
        `  ${this.#where()}\nNothing of it was executed. ${SAVE_AS_STATE_DICT}`,
    );
  }

  #refuseOpcode(code: number): never {
    throw new CheckpointError(
      `checkpoint: the pickle uses the opcode 0x${code.toString(16).padStart(2, "0")}, ` +
        `which is not allowed in a checkpoint\n` +
        `  ${this.#where()}\nNothing of it was executed. ${SAVE_AS_STATE_DICT}`,
    );
  }
}

/**
 * Reads one pickle, protocol 2 to 5, from the reader's position and leaves the reader behind it.
 *
 * @throws {CheckpointError} naming the opcode or global and its byte position, if the pickle is
 *   damaged or holds anything that a checkpoint does not need
 */
export function unpickle(reader: ByteReader, options: UnpickleOptions = {}): PickleValue {
  return new PickleMachine(reader, options).run();
}
