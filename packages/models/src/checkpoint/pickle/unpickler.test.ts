import { expect, test } from "vitest";
import { CheckpointError } from "../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { type UnpickleOptions, unpickle } from "./unpickler.ts";
import { PickleRecord, PickleTuple, type PickleValue, TensorRecord } from "./values.ts";

/** A pickle from opcodes as Latin-1 text and raw bytes, with PROTO 2 in front and STOP behind. */
function program(...parts: readonly (string | number)[]): Uint8Array<ArrayBuffer> {
  const bytes = parts.flatMap((part) =>
    typeof part === "number" ? [part] : [...part].map((character) => character.charCodeAt(0)),
  );
  return Uint8Array.from([0x80, 2, ...bytes, 0x2e]);
}

function load(bytes: Uint8Array<ArrayBuffer>, options?: UnpickleOptions): PickleValue {
  return unpickle(new ByteReader(bytes, "the test"), options);
}

function run(...parts: readonly (string | number)[]): PickleValue {
  return load(program(...parts));
}

const DAMAGED = "\nThe file is damaged or incomplete: copy or download it again.";

test("reads numbers of every kind", () => {
  expect(run("K", 200)).toBe(200);
  expect(run("M", 1, 2)).toBe(513);
  expect(run("J", 0xff, 0xff, 0xff, 0xff)).toBe(-1);
  expect(run(0x8a, 0)).toBe(0);
  expect(run(0x8a, 2, 0, 0x80)).toBe(-32768);
  expect(run(0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x80)).toBe(-(2n ** 63n));
  expect(run(0x8b, 1, 0, 0, 0, 5)).toBe(5);
  expect(run("G", 0x3f, 0xf8, 0, 0, 0, 0, 0, 0)).toBe(1.5);
  expect([run("N"), run(0x88), run(0x89)]).toEqual([null, true, false]);
});

test("reads text and bytes of every width", () => {
  expect(run("X", 2, 0, 0, 0, 0xc3, 0xa9)).toBe("é");
  expect(run(0x8c, 1, "a")).toBe("a");
  expect(run(0x8d, 1, 0, 0, 0, 0, 0, 0, 0, "a")).toBe("a");
  expect(run("T", 1, 0, 0, 0, "a")).toBe("a");
  expect(run("U", 1, "a")).toBe("a");
  for (const value of [
    run("B", 1, 0, 0, 0, 7),
    run("C", 1, 7),
    run(0x8e, 1, 0, 0, 0, 0, 0, 0, 0, 7),
    run(0x96, 1, 0, 0, 0, 0, 0, 0, 0, 7),
  ]) {
    expect(value).toEqual(Uint8Array.of(7));
  }
});

test("builds containers", () => {
  expect(run("](K", 1, "K", 2, "e")).toEqual([1, 2]);
  expect(run("]K", 1, "a")).toEqual([1]);
  expect(run("(K", 1, "l")).toEqual([1]);
  expect(run("}(K", 1, "K", 2, "u")).toEqual(new Map([[1, 2]]));
  expect(run("}K", 1, "K", 2, "s")).toEqual(new Map([[1, 2]]));
  expect(run("(K", 1, "K", 2, "d")).toEqual(new Map([[1, 2]]));
  expect(run("(K", 1, "K", 2, "t")).toEqual(new PickleTuple([1, 2]));
  expect(run("K", 1, "K", 2, "K", 3, 0x87)).toEqual(new PickleTuple([1, 2, 3]));
  expect(run(0x8f, "(K", 1, 0x90)).toEqual([1]);
  expect(run("(K", 1, 0x91)).toEqual([1]);
});

test("the memo and the stack opcodes", () => {
  expect(run("]q", 0, "h", 0, "a")).toHaveLength(1);
  expect(run("K", 5, "r", 0, 0, 0, 1, "0j", 0, 0, 0, 1)).toBe(5);
  expect(run("K", 5, 0x94, "K", 6, 0x94, "0h", 0)).toBe(5);
  expect(run("K", 5, "K", 6, "0")).toBe(5);
  expect(run("K", 5, "(0")).toBe(5);
  expect(run("K", 5, "(K", 6, "1")).toBe(5);
  expect(run("K", 5, "2", 0x86)).toEqual(new PickleTuple([5, 5]));
  expect(run(0x95, 0, 0, 0, 0, 0, 0, 0, 0, "K", 5)).toBe(5);
});

test("dictionaries of every class are maps, their attributes dropped", () => {
  const items = ["](]", "(K", 1, "K", 2, "ee", 0x85, "R"];
  expect(run("ccollections\nOrderedDict\n", ...items)).toEqual(new Map([[1, 2]]));
  expect(run("ccollections\nOrderedDict\n)R}b")).toEqual(new Map());
  expect(run("ccollections\ndefaultdict\nc__builtin__\nlist\n", 0x85, "R")).toEqual(new Map());
  expect(run("ccollections\nCounter\n}K", 1, "K", 2, "s", 0x85, "R")).toEqual(new Map([[1, 2]]));
});

test("options and paths are inert records", () => {
  const value = run("cargparse\nNamespace\n)", 0x81, "}X", 1, 0, 0, 0, "aK", 1, "sb");
  expect(value).toBeInstanceOf(PickleRecord);
  expect(value).toMatchObject({ className: "argparse.Namespace", state: new Map([["a", 1]]) });
  const path = run("cpathlib\nPosixPath\nU", 1, "a", 0x85, "R");
  expect(path).toMatchObject({ className: "pathlib.PosixPath", args: ["a"] });
});

test("TorchScript's classes are allowed in its archives only", () => {
  const bytes = program("c__torch__.a\nNet\n)", 0x81, "}b");
  expect(load(bytes, { scriptModules: true })).toMatchObject({ className: "__torch__.a.Net" });
  expect(() => load(bytes)).toThrow('the pickle names "__torch__.a.Net"');
  const evil = program("c__torch__x\nNet\n");
  expect(() => load(evil, { scriptModules: true })).toThrow('the pickle names "__torch__x.Net"');
});

const STORAGE = ["(U", 7, "storagectorch\nFloatStorage\nU", 1, "0U", 3, "cpuK", 4, "tQ"];

test("a tensor is a record of its storage and strides", () => {
  const value = run(
    "ctorch._utils\n_rebuild_tensor\n(",
    ...STORAGE,
    "K",
    1,
    "K",
    3,
    0x85,
    "K",
    1,
    0x85,
    "tR",
  );
  expect(value).toBeInstanceOf(TensorRecord);
  expect(value).toMatchObject({
    storage: { key: "0", dtype: "float32", length: 4, offset: 0 },
    offset: 1,
    shape: [3],
    strides: [1],
  });
});

const BAD_PROGRAMS: readonly (readonly [string, readonly (string | number)[], string])[] = [
  ["the stack is empty", [], "STOP at byte 2"],
  ["the stack is empty", ["(K", 1, "(a"], "APPEND at byte 6"],
  ["the stack is empty", ["K", 1, "(", 0x85], "TUPLE1 at byte 5"],
  ["there is no mark on the stack", ["K", 1, "t"], "TUPLE at byte 4"],
  ["nothing was stored under memo 3", ["h", 3], "BINGET at byte 2"],
  [
    "items are set on something that is not a dictionary",
    ["](K", 1, "K", 2, "u"],
    "SETITEMS at byte 8",
  ],
  ["items are set on something that is not a dictionary", ["}(K", 1, "u"], "SETITEMS at byte 6"],
  ["items are appended to something that is not a list", ["}K", 1, "a"], "APPEND at byte 5"],
  ["attributes are set on something without any", ["K", 1, "}b"], "BUILD at byte 5"],
  [
    "the pickle calls something that is not a function or class",
    ["K", 1, ")R"],
    "REDUCE at byte 5",
  ],
  [
    "the pickle calls something that is not a function or class",
    ["ctorch\nFloatStorage\n)R"],
    "REDUCE at byte 23",
  ],
  ["arguments are not a tuple", ["ctorch\nSize\n]R"], "REDUCE at byte 15"],
  [
    "keyword arguments are passed",
    ["ctorch\nSize\n)}K", 1, "K", 1, "s", 0x92],
    "NEWOBJ_EX at byte 21",
  ],
  ["a global's name is not a string", ["K", 1, "K", 2, 0x93], "STACK_GLOBAL at byte 6"],
  ["a string is not valid UTF-8", ["U", 1, 0xff], "SHORT_BINSTRING at byte 2"],
  ["an integer is 256 bytes long", [0x8b, 0, 1, 0, 0], "LONG4 at byte 2"],
  ["pickle protocol 6 is not one of 2 to 5", [0x80, 6], "PROTO at byte 2"],
  ["a persistent id does not describe a storage", ["U", 1, "0Q"], "BINPERSID at byte 5"],
  ["a persistent id does not describe a storage", ["(U", 6, "moduleNNNtQ"], "BINPERSID at byte 15"],
  [
    "a tensor is rebuilt without a storage",
    ["ctorch._utils\n_rebuild_tensor_v2\n)R"],
    "REDUCE at byte 36",
  ],
  [
    "a parameter is rebuilt without a tensor",
    ["ctorch._utils\n_rebuild_parameter\n)R"],
    "REDUCE at byte 36",
  ],
  [
    "_rebuild_from_type_v2 does not rebuild a tensor",
    ["ctorch._tensor\n_rebuild_from_type_v2\n2N)", 0x87, "R"],
    "REDUCE at byte 43",
  ],
  [
    "_rebuild_from_type_v2 does not rebuild a tensor",
    ["ctorch._tensor\n_rebuild_from_type_v2\nctorch\nSize\nN)", 0x85, 0x87, "R"],
    "REDUCE at byte 55",
  ],
  [
    "an item is not a pair",
    ["ccollections\nOrderedDict\n]K", 1, "a", 0x85, "R"],
    "REDUCE at byte 32",
  ],
  [
    "a dictionary is built from something else than items",
    ["ccollections\nOrderedDict\nK", 1, 0x85, "R"],
    "REDUCE at byte 30",
  ],
];

test.for(BAD_PROGRAMS)("refuses: %s", ([problem, parts, where]) => {
  expect(() => run(...parts)).toThrow(
    new CheckpointError(`checkpoint: ${problem}\n  opcode ${where} of the test${DAMAGED}`),
  );
});

test("a length beyond the end is refused before anything is allocated", () => {
  const end = "the test ends too early";
  expect(() => run("X", 0xff, 0xff, 0xff, 0xff)).toThrow(
    new CheckpointError(`checkpoint: ${end}\n  byte 7 of 8: 4294967295 more are needed${DAMAGED}`),
  );
  for (const code of [0x8d, 0x8e, 0x96]) {
    expect(() => run(code, ...Array.from({ length: 8 }, () => 0xff))).toThrow(end);
  }
  expect(() => run("cposix")).toThrow(end);
  expect(() => load(Uint8Array.of(0x80, 2, 0x4e))).toThrow(end);
});

test("an unknown opcode is named by its byte", () => {
  expect(() => run(0xff)).toThrow(
    "checkpoint: the pickle uses the opcode 0xff, which is not allowed in a checkpoint\n" +
      "  opcode unknown at byte 2 of the test\nNothing of it was executed.",
  );
});

test("sizes of tensors are checked as they are rebuilt", () => {
  const rebuild = (...view: readonly (string | number)[]) =>
    run("ctorch._utils\n_rebuild_tensor_v2\n(", ...STORAGE, ...view, "tR");
  expect(() => rebuild("N))")).toThrow("a tensor's offset is not a natural number");
  expect(() => rebuild("K", 0, "J", 0xff, 0xff, 0xff, 0xff, 0x85, ")")).toThrow(
    "a tensor's size is not a tuple of natural numbers",
  );
  expect(() => rebuild("K", 0, ")N")).toThrow(
    "a tensor's stride is not a tuple of natural numbers",
  );
  expect(() => rebuild("K", 0, ")K", 1, 0x85)).toThrow("a tensor has 0 sizes but 1 strides");
  const sixtyFive = ["(", ...Array.from({ length: 65 }, () => ["K", 1]).flat(), "t"];
  expect(() => rebuild("K", 0, ...sixtyFive, ...sixtyFive)).toThrow("a tensor's size");
});

test("depth costs no recursion", () => {
  const deep = "]".repeat(300_000) + "a".repeat(299_999);
  expect(run(deep)).toHaveLength(1);
  const marks = "(".repeat(500_000);
  expect(() => run(marks)).toThrow("the stack is empty");
  const tuples = `N${"\x85".repeat(500_000)}`;
  expect(run(tuples)).toBeInstanceOf(PickleTuple);
});

test("objects and instructions are counted", () => {
  const objects = program("}".repeat(2_000_001));
  expect(() => load(objects)).toThrow(
    new CheckpointError(
      "checkpoint: the pickle holds over 2000000 objects\n" +
        `  opcode EMPTY_DICT at byte 2000002 of the test${DAMAGED}`,
    ),
  );
  const steps = new Uint8Array(10_000_010).fill(0x4e);
  expect(() => load(steps)).toThrow("the pickle has over 10000000 instructions");
});

test("one long list passed to OrderedDict again and again is walked once", () => {
  const pairs = `](${"NN\x86".repeat(200_000)}e\x85q\x01`;
  const calls = "h\x00h\x01R0".repeat(200_000);
  const start = performance.now();
  expect(run(`ccollections\nOrderedDict\nq\x00`, pairs, calls, "N")).toBe(null);
  // 4e10 steps would take minutes; this is 1e6 steps.
  expect(performance.now() - start).toBeLessThan(20_000);
});
