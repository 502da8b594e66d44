// The instructions of pickle protocols 2 to 5, with Python's names (Lib/pickle.py).

import type { PickleMachine } from "./unpickler.ts";
import { PickleTuple, type PickleValue } from "./values.ts";

interface Instruction {
  readonly name: string;
  readonly run: (machine: PickleMachine) => void;
}

const HIGHEST_PROTOCOL = 5;
/** Longest integer in bytes; PyTorch's magic number has 10. */
const LONGEST_INTEGER = 255;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function text(machine: PickleMachine, bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return machine.fail("a string is not valid UTF-8");
  }
}

function pushText(machine: PickleMachine, length: number): void {
  machine.push(text(machine, machine.reader.take(length)));
}

function pushBytes(machine: PickleMachine, length: number): void {
  machine.push(machine.reader.take(length));
}

/** A two's complement integer of `length` bytes, as a number where that is exact. */
function pushInteger(machine: PickleMachine, length: number): void {
  if (length > LONGEST_INTEGER) machine.fail(`an integer is ${length} bytes long`);
  let value = 0n;
  machine.reader.take(length).forEach((byte, i) => {
    value |= BigInt(byte) << BigInt(8 * i);
  });
  value = BigInt.asIntN(8 * length, value);
  const exact = Number(value);
  machine.push(Number.isSafeInteger(exact) ? exact : value);
}

function pushTuple(machine: PickleMachine, length: number): void {
  const items: PickleValue[] = [];
  for (let i = 0; i < length; i++) items.push(machine.pop());
  machine.push(new PickleTuple(items.reverse()));
}

function callTop(machine: PickleMachine): void {
  const args = machine.pop();
  machine.call(machine.pop(), args);
}

function stackGlobal(machine: PickleMachine): void {
  const name = machine.pop();
  machine.pushGlobal(machine.pop(), name);
}

function namedGlobal(machine: PickleMachine): void {
  const moduleName = text(machine, machine.reader.line());
  machine.pushGlobal(moduleName, text(machine, machine.reader.line()));
}

function checkProtocol(machine: PickleMachine): void {
  const protocol = machine.reader.uint8();
  if (protocol < 2 || protocol > HIGHEST_PROTOCOL) {
    machine.fail(`pickle protocol ${protocol} is not one of 2 to ${HIGHEST_PROTOCOL}`);
  }
}

function setOne(machine: PickleMachine): void {
  const value = machine.pop();
  machine.setItems([machine.pop(), value]);
}

function dictOf(machine: PickleMachine): void {
  const items = machine.popMark();
  machine.push(new Map());
  machine.setItems(items);
}

/** NEWOBJ_EX: class, arguments, keyword arguments; the last must be empty. */
function newObjectWithKeywords(machine: PickleMachine): void {
  const keywords = machine.pop();
  if (!(keywords instanceof Map) || keywords.size > 0) machine.fail("keyword arguments are passed");
  callTop(machine);
}

// Sets are lists here: nothing in a checkpoint asks them for membership.
const TABLE: Readonly<Record<number, readonly [string, Instruction["run"]]>> = {
  40: ["MARK", (m) => m.mark()],
  41: ["EMPTY_TUPLE", (m) => m.push(new PickleTuple([]))],
  46: ["STOP", (m) => m.stop()],
  48: ["POP", (m) => m.discard()],
  49: ["POP_MARK", (m) => void m.popMark()],
  50: ["DUP", (m) => m.push(m.peek())],
  66: ["BINBYTES", (m) => pushBytes(m, m.reader.uint32())],
  67: ["SHORT_BINBYTES", (m) => pushBytes(m, m.reader.uint8())],
  71: ["BINFLOAT", (m) => m.push(m.reader.float64BigEndian())],
  74: ["BININT", (m) => m.push(m.reader.int32())],
  75: ["BININT1", (m) => m.push(m.reader.uint8())],
  77: ["BININT2", (m) => m.push(m.reader.uint16())],
  78: ["NONE", (m) => m.push(null)],
  81: ["BINPERSID", (m) => m.pushPersistent(m.pop())],
  82: ["REDUCE", callTop],
  84: ["BINSTRING", (m) => pushText(m, m.reader.uint32())],
  85: ["SHORT_BINSTRING", (m) => pushText(m, m.reader.uint8())],
  88: ["BINUNICODE", (m) => pushText(m, m.reader.uint32())],
  93: ["EMPTY_LIST", (m) => m.push([])],
  97: ["APPEND", (m) => m.append([m.pop()])],
  98: ["BUILD", (m) => m.setState(m.pop())],
  99: ["GLOBAL", namedGlobal],
  100: ["DICT", dictOf],
  101: ["APPENDS", (m) => m.append(m.popMark())],
  104: ["BINGET", (m) => m.recall(m.reader.uint8())],
  106: ["LONG_BINGET", (m) => m.recall(m.reader.uint32())],
  108: ["LIST", (m) => m.push(m.popMark())],
  113: ["BINPUT", (m) => void m.memo.set(m.reader.uint8(), m.peek())],
  114: ["LONG_BINPUT", (m) => void m.memo.set(m.reader.uint32(), m.peek())],
  115: ["SETITEM", setOne],
  116: ["TUPLE", (m) => m.push(new PickleTuple(m.popMark()))],
  117: ["SETITEMS", (m) => m.setItems(m.popMark())],
  125: ["EMPTY_DICT", (m) => m.push(new Map())],
  128: ["PROTO", checkProtocol],
  129: ["NEWOBJ", callTop],
  133: ["TUPLE1", (m) => pushTuple(m, 1)],
  134: ["TUPLE2", (m) => pushTuple(m, 2)],
  135: ["TUPLE3", (m) => pushTuple(m, 3)],
  136: ["NEWTRUE", (m) => m.push(true)],
  137: ["NEWFALSE", (m) => m.push(false)],
  138: ["LONG1", (m) => pushInteger(m, m.reader.uint8())],
  139: ["LONG4", (m) => pushInteger(m, m.reader.uint32())],
  140: ["SHORT_BINUNICODE", (m) => pushText(m, m.reader.uint8())],
  141: ["BINUNICODE8", (m) => pushText(m, m.reader.uint64())],
  142: ["BINBYTES8", (m) => pushBytes(m, m.reader.uint64())],
  143: ["EMPTY_SET", (m) => m.push([])],
  144: ["ADDITEMS", (m) => m.append(m.popMark())],
  145: ["FROZENSET", (m) => m.push(m.popMark())],
  146: ["NEWOBJ_EX", newObjectWithKeywords],
  147: ["STACK_GLOBAL", stackGlobal],
  148: ["MEMOIZE", (m) => void m.memo.set(m.memo.size, m.peek())],
  149: ["FRAME", (m) => void m.reader.uint64()],
  150: ["BYTEARRAY8", (m) => pushBytes(m, m.reader.uint64())],
};

/** What each allowed opcode does, by its byte. */
export const INSTRUCTIONS: Readonly<Record<number, Instruction>> = Object.fromEntries(
  Object.entries(TABLE).map(([code, [name, run]]) => [code, { name, run }]),
);

/** Opcodes that are refused by name: text forms of protocols 0 and 1, and ways to call code. */
export const REFUSED: Readonly<Record<number, string>> = {
  70: "FLOAT",
  73: "INT",
  76: "LONG",
  80: "PERSID",
  83: "STRING",
  86: "UNICODE",
  103: "GET",
  105: "INST",
  111: "OBJ",
  112: "PUT",
  130: "EXT1",
  131: "EXT2",
  132: "EXT4",
  151: "NEXT_BUFFER",
  152: "READONLY_BUFFER",
};
