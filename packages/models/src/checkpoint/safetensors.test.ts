import fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import { CheckpointError } from "./errors.ts";
import { fromFloat32, type HostTensor, toFloat32 } from "./host-tensor.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

/** A file from the text of its header and its data. */
function fileOf(header: string, data: Uint8Array | number = 0): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const bytes = typeof data === "number" ? new Uint8Array(data) : data;
  const file = new Uint8Array(8 + text.length + bytes.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  file.set(bytes, 8 + text.length);
  return file;
}

const SAMPLE = new Map<string, HostTensor>([
  ["flags", { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ["half", { dtype: "float16", shape: [1, 3], data: Uint16Array.of(0x3c00, 0x7e00, 0x8001) }],
  ["brain", { dtype: "bfloat16", shape: [1], data: Uint16Array.of(0x3f80) }],
  ["weight", { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, -0, 1e-40, Infinity) }],
  ["steps", { dtype: "int64", shape: [], data: BigInt64Array.of(-(2n ** 63n)) }],
  ["none", { dtype: "float32", shape: [0, 3], data: new Float32Array(0) }],
  ["double", { dtype: "float64", shape: [1], data: Float64Array.of(1 / 3) }],
]);

test("reads back what it wrote: every value, shape and type", () => {
  const metadata = new Map([
    ["format", "pt"],
    ["2", 'quotes " and \u{1f600}'],
    ["1", ""],
  ]);
  const read = readSafetensors(writeSafetensors(SAMPLE, metadata));
  expect(Object.fromEntries(read.tensors)).toEqual(Object.fromEntries(SAMPLE));
  expect(read.metadata).toEqual(metadata);
});

test("reads back any tensors", () => {
  const dtypes = fc.constantFrom("float32" as const, "float16" as const, "bfloat16" as const);
  const tensor = fc
    .tuple(fc.array(fc.nat(4), { maxLength: 3 }), dtypes, fc.float())
    .map(([shape, dtype, value]) => {
      const count = shape.reduce((product, size) => product * size, 1);
      return fromFloat32(new Float32Array(count).fill(value), shape, dtype);
    });
  const names = fc.string({ unit: "binary" }).filter((name) => name !== "__metadata__");
  const files = fc.array(fc.tuple(names, tensor), { maxLength: 6 }).map((pairs) => new Map(pairs));
  fc.assert(
    fc.property(files, (tensors) => {
      const read = readSafetensors(writeSafetensors(tensors)).tensors;
      expect(read.size).toBe(tensors.size);
      for (const [name, expected] of tensors) expect(read.get(name)).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test("writes the bytes of the format, tensors aligned to their elements", () => {
  const file = new Uint8Array(
    writeSafetensors(
      new Map<string, HostTensor>([
        ["b", { dtype: "uint8", shape: [1], data: Uint8Array.of(7) }],
        ["a", { dtype: "float32", shape: [], data: Float32Array.of(1) }],
      ]),
      new Map([["k", "v"]]),
    ),
  );
  const header =
    '{"__metadata__":{"k":"v"},' +
    '"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
    '"b":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}      ';
  expect(header.length % 8).toBe(0);
  expect(file).toEqual(fileOf(header, Uint8Array.of(0, 0, 0x80, 0x3f, 7)));
});

test("an empty file of tensors is valid", () => {
  expect(readSafetensors(fileOf("{}")).tensors.size).toBe(0);
  expect(readSafetensors(writeSafetensors(new Map())).tensors.size).toBe(0);
});

test("tensors are views of the file where they are aligned, copies elsewhere", () => {
  const file = writeSafetensors(SAMPLE);
  const read = readSafetensors(file).tensors;
  expect([...read.values()].every(({ data }) => data.buffer === file)).toBe(true);
  const shifted = new Uint8Array(new ArrayBuffer(file.byteLength + 1), 1);
  shifted.set(new Uint8Array(file));
  const copied = readSafetensors(shifted).tensors;
  expect(Object.fromEntries(copied)).toEqual(Object.fromEntries(SAMPLE));
  expect(copied.get("flags")?.data.buffer).toBe(shifted.buffer);
  expect(copied.get("double")?.data.buffer).not.toBe(shifted.buffer);
});

test("accepts whitespace, escapes and any order of data in the header", () => {
  const file = fileOf(
    ' {"x" : {"shape":[2], "dtype":"U8", "data_offsets":[1,3]},' +
      ' "\\u0079\\"":{"dtype":"U8","shape":[1,1],"data_offsets":[0,1]} } '.trimStart(),
    Uint8Array.of(1, 2, 3),
  );
  expect(() => readSafetensors(file)).toThrow(
    new CheckpointError(
      'safetensors: the header does not begin with "{"\n' +
        "Write the file again with a safetensors library, or copy it again.",
    ),
  );
  const accepted = fileOf(
    '{"x" : {"shape":[2], "dtype":"U8", "data_offsets":[1,3]},\n' +
      ' "\\u0079\\"" :{"dtype":"U8","shape":[1,1],"data_offsets":[0,1]} }  ',
    Uint8Array.of(1, 2, 3),
  );
  const { tensors } = readSafetensors(accepted);
  expect([...tensors].map(([name, { data }]) => [name, [...data]])).toEqual([
    ["x", [2, 3]],
    ['y"', [1]],
  ]);
});

/** One U8 tensor `name`, as header text. */
function u8(name: string, start: number, end: number): string {
  return `"${name}":{"dtype":"U8","shape":[${end - start}],"data_offsets":[${start},${end}]}`;
}

function entry(fields: string): string {
  return `{"a":{${fields}}}`;
}

const ATTACKS: readonly (readonly [string, string, number])[] = [
  ['the header is not valid JSON\n  it begins "{nonsense"', "{nonsense", 0],
  ['the header is not valid JSON\n  it begins "{\\"a\\":"', '{"a":', 0],
  ['the header has the key "a" twice', `{${u8("a", 0, 1)},${u8("a", 0, 1)}}`, 1],
  ['the header has the key "a" twice', `{${u8("a", 0, 1)},${u8("\\u0061", 0, 1)}}`, 1],
  [
    'the header has the key "dtype" twice',
    entry('"dtype":"U8","dtype":"I8","shape":[0],"data_offsets":[0,0]'),
    0,
  ],
  ['the header has the key "k" twice', '{"__metadata__":{"k":"1","k":"2"}}', 0],
  ["__metadata__ is not an object of strings", '{"__metadata__":["a"]}', 0],
  ['__metadata__ entry "k" is not a string', '{"__metadata__":{"k":1}}', 0],
  ['tensor "a" is not described by an object', '{"a":[1]}', 0],
  ['tensor "a" has no dtype', entry('"shape":[0],"data_offsets":[0,0]'), 0],
  [
    'tensor "a" has dtype "F8_E4M3", which is not supported\n' +
      "  read here: F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL",
    entry('"dtype":"F8_E4M3","shape":[0],"data_offsets":[0,0]'),
    0,
  ],
  [
    'tensor "a" has dtype "constructor", which is not supported\n' +
      "  read here: F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL",
    entry('"dtype":"constructor","shape":[0],"data_offsets":[0,0]'),
    0,
  ],
  [
    'tensor "a" has no shape of natural numbers',
    entry('"dtype":"U8","shape":[-1],"data_offsets":[0,0]'),
    0,
  ],
  [
    'tensor "a" has no shape of natural numbers',
    entry('"dtype":"U8","shape":[1.5],"data_offsets":[0,0]'),
    0,
  ],
  [
    'tensor "a" has no data_offsets [start, end]',
    entry('"dtype":"U8","shape":[1],"data_offsets":[0]'),
    0,
  ],
  [
    'tensor "a" has no data_offsets [start, end]',
    entry('"dtype":"U8","shape":[1],"data_offsets":[0,1e300]'),
    0,
  ],
  [
    'tensor "a" is F32 [2], 8 bytes, but its data_offsets span 4\n  data_offsets [0, 4]',
    entry('"dtype":"F32","shape":[2],"data_offsets":[0,4]'),
    4,
  ],
  [
    'tensor "a" is F32 [1], 4 bytes, but its data_offsets span -4\n  data_offsets [4, 0]',
    entry('"dtype":"F32","shape":[1],"data_offsets":[4,0]'),
    4,
  ],
  [
    'tensor "a" has more elements than any file holds\n  shape [4294967296, 4294967296]',
    entry('"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]'),
    0,
  ],
  ['tensor "a" ends at byte 4 of the data, which has only 3', `{${u8("a", 0, 4)}}`, 3],
  [
    'tensor "b" overlaps another\n  starts at 1, expected 2',
    `{${u8("a", 0, 2)},${u8("b", 1, 3)}}`,
    3,
  ],
  [
    'tensor "b" leaves a hole before it\n  starts at 3, expected 2',
    `{${u8("a", 0, 2)},${u8("b", 3, 4)}}`,
    4,
  ],
  ["the last 2 bytes of the file belong to no tensor", `{${u8("a", 0, 2)}}`, 4],
];

test.for(ATTACKS)("refuses: %s", ([message, header, data]) => {
  expect(() => readSafetensors(fileOf(header, data))).toThrow(
    new CheckpointError(
      `safetensors: ${message}\nWrite the file again with a safetensors library, or copy it again.`,
    ),
  );
});

test("refuses a header that is not UTF-8, or begins with a byte order mark", () => {
  const file = fileOf('{"?":1}');
  file[10] = 0xff;
  expect(() => readSafetensors(file)).toThrow("the header is not valid UTF-8");
  expect(() => readSafetensors(fileOf("\ufeff{}"))).toThrow('not begin with "{"');
});

test("refuses lengths beyond the file or the format", () => {
  const damaged = "\nThe file is damaged or incomplete: copy or download it again.";
  expect(() => readSafetensors(new ArrayBuffer(3))).toThrow(
    new CheckpointError(
      `safetensors: the file has 3 bytes, the header's length alone takes 8${damaged}`,
    ),
  );
  const file = fileOf("{}");
  file[0] = 3;
  expect(() => readSafetensors(file)).toThrow(
    new CheckpointError(`safetensors: the header ends at byte 11, the file at 10${damaged}`),
  );
  file.fill(0xff, 0, 8);
  expect(() => readSafetensors(file)).toThrow(
    new CheckpointError(
      "safetensors: the header would be 18446744073709551615 bytes long, " +
        `the format allows 100000000${damaged}`,
    ),
  );
});

test("a header of a million brackets is refused, not recursed into", () => {
  const deep = `{"a":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`;
  expect(() => readSafetensors(fileOf(deep))).toThrow(CheckpointError);
});

test("keys of JavaScript's object prototype are ordinary names", () => {
  const names = ["__proto__", "constructor", "toString"];
  const tensors = new Map(names.map((name) => [name, fromFloat32(Float32Array.of(1), [1])]));
  expect([...readSafetensors(writeSafetensors(tensors)).tensors.keys()]).toEqual(names);
});

test("refuses to write what does not fit together", () => {
  const bad: HostTensor = { dtype: "float32", shape: [2, 2], data: new Float32Array(3) };
  expect(() => writeSafetensors(new Map([["w", bad]]))).toThrow(
    new CheckpointError(
      'checkpoint: the data of "w" does not fit its dtype and shape\n' +
        "  dtype  float32\n  shape  [2, 2]\n  data   Float32Array of 3 elements\n" +
        "Pass row-major data with one element of the right typed array per entry of the shape.",
    ),
  );
  const reserved = fromFloat32(new Float32Array(1), [1]);
  expect(() => writeSafetensors(new Map([["__metadata__", reserved]]))).toThrow(
    new CheckpointError(
      'safetensors: a tensor is named "__metadata__", which the format reserves\nRename it.',
    ),
  );
});

test("toFloat32 shares float32 and converts the rest", () => {
  const weight = SAMPLE.get("weight");
  if (weight === undefined) throw new Error("no sample");
  expect(toFloat32(weight)).toBe(weight.data);
  const values = (tensor: HostTensor) => [...toFloat32(tensor)];
  expect(values({ dtype: "bool", shape: [2], data: Uint8Array.of(1, 0) })).toEqual([1, 0]);
  expect(values({ dtype: "int64", shape: [], data: BigInt64Array.of(-3n) })).toEqual([-3]);
  expect(values({ dtype: "uint64", shape: [], data: BigUint64Array.of(2n ** 63n) })).toEqual([
    2 ** 63,
  ]);
  expect(values({ dtype: "float64", shape: [], data: Float64Array.of(0.1) })).toEqual([
    Math.fround(0.1),
  ]);
  expect(values({ dtype: "float16", shape: [], data: Uint16Array.of(0x3555) })).toEqual([
    0.333251953125,
  ]);
  expect(values({ dtype: "bfloat16", shape: [], data: Uint16Array.of(0x3eab) })).toEqual([
    0.333984375,
  ]);
  expectTypeOf(toFloat32).returns.toEqualTypeOf<Float32Array<ArrayBuffer>>();
});
