import { readFileSync } from "node:fs";
import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { CheckpointError } from "./errors.ts";
import { bytesOf, fromFloat32 } from "./host-tensor.ts";
import { readCheckpoint } from "./load-checkpoint.ts";
import { writeSafetensors } from "./safetensors.ts";

const FIXTURES = new URL("./fixtures/", import.meta.url);

function fixture(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(new URL(name, FIXTURES)));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

interface ExpectedFile {
  readonly format: string;
  readonly section: string;
  readonly metadata: Record<string, string>;
  readonly tensors: Record<string, { dtype: string; shape: number[]; hex: string }>;
}

const EXPECTED: Record<string, ExpectedFile> = JSON.parse(
  readFileSync(new URL("expected.json", FIXTURES), "utf8"),
);

test.for(Object.keys(EXPECTED))("reads %s as PyTorch does", (name) => {
  const { tensors, metadata, ...rest } = readCheckpoint(fixture(name));
  const described = [...tensors].map(([key, tensor]) => {
    const { dtype, shape } = tensor;
    return [key, { dtype, shape, hex: hex(bytesOf(tensor)) }];
  });
  expect({
    ...rest,
    metadata: Object.fromEntries(metadata),
    tensors: Object.fromEntries(described),
  }).toEqual(EXPECTED[name]);
});

test("reads from an ArrayBuffer, and from bytes at any offset in one", () => {
  const bytes = fixture("zip.pth");
  const shifted = new Uint8Array(new ArrayBuffer(bytes.length + 3), 3);
  shifted.set(bytes);
  const expected = readCheckpoint(bytes.buffer).tensors;
  const tensors = readCheckpoint(shifted).tensors;
  expect(tensors).toEqual(expected);
});

test("contiguous tensors are views of the file, and tied ones share their memory", () => {
  for (const name of ["zip.pth", "legacy.pth"]) {
    const { tensors } = readCheckpoint(fixture(name));
    const base = tensors.get("base")?.data;
    expect(base?.buffer).toBe(tensors.get("tied")?.data.buffer);
    expect(base?.byteOffset).toBe(tensors.get("tied")?.data.byteOffset);
    expect(tensors.get("slice")?.data.buffer).toBe(base?.buffer);
    expect(tensors.get("transposed")?.data.buffer).not.toBe(base?.buffer);
  }
  const bytes = fixture("zip.pth");
  expect(readCheckpoint(bytes).tensors.get("base")?.data.buffer).toBe(bytes.buffer);
});

function weightOf(file: Uint8Array<ArrayBuffer>, section?: string): unknown {
  const { tensors } = readCheckpoint(file, section === undefined ? {} : { section });
  return [...tensors].map(([name, { data }]) => [name, ...data]);
}

test("a section is chosen by its path or its last key", () => {
  const file = fixture("genforce.pth");
  expect(weightOf(file)).toEqual([["weight", 2]]);
  expect(weightOf(file, "generator")).toEqual([["weight", 1]]);
  expect(weightOf(file, "generator_smooth")).toEqual([["weight", 3]]);
  const deeper = fixture("genforce-models.pth");
  expect(weightOf(deeper, "models.generator")).toEqual([["weight", 1]]);
  expect(weightOf(deeper, "generator")).toEqual([["weight", 1]]);
  expect(weightOf(deeper, "models")).toEqual([["weight", 2]]);
  expect(readCheckpoint(deeper, { section: "generator" }).section).toBe("models.generator");
  expect(weightOf(fixture("rosinality.pt"), "g_ema")).toEqual([["weight", 3]]);
  expect(weightOf(fixture("ambiguous.pth"), "student")).toEqual([["weight", 2]]);
});

test("a section may be a prefix of flat names", () => {
  expect(weightOf(fixture("lightning.pth"), "net")).toEqual([["weight", 1]]);
  const nested = readCheckpoint(fixture("lightning.pth"), { section: "loss" });
  expect(nested.section).toBe("state_dict.loss");
  const script = readCheckpoint(fixture("scripted.pt"), { section: "visual.1" });
  const names = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
  expect([...script.tensors.keys()].sort()).toEqual(names.sort());
  const tensors = new Map([
    ["module.d.weight", fromFloat32(Float32Array.of(1), [1])],
    ["module.g.weight", fromFloat32(Float32Array.of(2), [1])],
  ]);
  const file = new Uint8Array(writeSafetensors(tensors));
  expect(weightOf(file, "g")).toEqual([["weight", 2]]);
  expect(weightOf(file)).toEqual([
    ["d.weight", 1],
    ["g.weight", 2],
  ]);
  expect(weightOf(file, ".")).toEqual(weightOf(file));
});

test("several sections and none named: the error lists them", () => {
  expect(() => readCheckpoint(fixture("ambiguous.pth"))).toThrow(
    new CheckpointError(
      "checkpoint: the file holds several sets of tensors, and it is not clear which to read\n" +
        '  "teacher"  1 tensor\n  "student"  1 tensor\n' +
        'Name one of them, for example { section: "teacher" }.',
    ),
  );
  expect(() => readCheckpoint(fixture("ambiguous.pth"), { section: "pupil" })).toThrow(
    new CheckpointError(
      'checkpoint: the file has no section "pupil"\n' +
        '  "teacher"  1 tensor\n  "student"  1 tensor\n' +
        'Name one of them, for example { section: "teacher" }.',
    ),
  );
});

test("weights beside a section are ambiguous; the top level is the section named by a dot", () => {
  expect(() => readCheckpoint(fixture("mixed.pth"))).toThrow(
    new CheckpointError(
      "checkpoint: the file holds several sets of tensors, and it is not clear which to read\n" +
        '  "."  1 tensor\n  "teacher"  1 tensor\n' +
        'Name one of them, for example { section: "teacher" }.',
    ),
  );
  expect(weightOf(fixture("mixed.pth"), ".")).toEqual([["weight", 1]]);
  expect(weightOf(fixture("mixed.pth"), "teacher")).toEqual([["weight", 2]]);
});

test("a section that no name begins with: the error lists the prefixes", () => {
  expect(() => readCheckpoint(fixture("parallel.pth"), { section: "visual" })).toThrow(
    new CheckpointError(
      'checkpoint: no name in the file begins with "visual."\n' +
        '  the names begin with "stem", "blocks", "fc"\n' +
        "Name one of these as the section, or none.",
    ),
  );
});

const REFUSED_GLOBALS: readonly (readonly [string, string, string])[] = [
  ["system", "posix.system", 'GLOBAL at byte 180 of "system/data.pkl"'],
  ["system-legacy", "posix.system", "GLOBAL at byte 327 of the file"],
  ["system-protocol4", "posix.system", 'STACK_GLOBAL at byte 188 of "system-protocol4/data.pkl"'],
  ["eval", "__builtin__.eval", 'GLOBAL at byte 180 of "eval/data.pkl"'],
  ["eval-legacy", "__builtin__.eval", "GLOBAL at byte 327 of the file"],
  ["eval-protocol4", "builtins.eval", 'STACK_GLOBAL at byte 189 of "eval-protocol4/data.pkl"'],
  ["getattr", "__builtin__.getattr", 'GLOBAL at byte 180 of "getattr/data.pkl"'],
  [
    "load-from-bytes",
    "torch.storage._load_from_bytes",
    'GLOBAL at byte 180 of "load-from-bytes/data.pkl"',
  ],
  ["obj", "os.system", 'GLOBAL at byte 3 of "archive/data.pkl"'],
  ["module", "torch.nn.modules.linear.Linear", 'GLOBAL at byte 2 of "module/data.pkl"'],
  ["numpy", "numpy.core.multiarray.scalar", 'GLOBAL at byte 177 of "numpy/data.pkl"'],
  ["sparse", "torch._utils._rebuild_sparse_tensor", 'GLOBAL at byte 18 of "sparse/data.pkl"'],
  ["complex", "torch.ComplexFloatStorage", 'GLOBAL at byte 69 of "complex/data.pkl"'],
];

const ADVICE =
  "Nothing of it was executed. In PyTorch, save the weights alone: " +
  'torch.save(model.state_dict(), "weights.pth"), or write safetensors.';

test.for(REFUSED_GLOBALS)("refuses %s.pth, which names %s", ([name, global, where]) => {
  expect(() => readCheckpoint(fixture(`refused/${name}.pth`))).toThrow(
    new CheckpointError(
      `checkpoint: the pickle names "${global}", which is not allowed in a checkpoint\n` +
        `  opcode ${where}\n${ADVICE}`,
    ),
  );
});

const REFUSED_OPCODES: readonly (readonly [string, string, string])[] = [
  ["inst", "0x69", "INST at byte 12"],
  ["extension", "0x82", "EXT1 at byte 2"],
  ["text", "0x49", "INT at byte 2"],
];

test.for(REFUSED_OPCODES)("refuses %s.pth for its opcode %s", ([name, code, where]) => {
  expect(() => readCheckpoint(fixture(`refused/${name}.pth`))).toThrow(
    new CheckpointError(
      `checkpoint: the pickle uses the opcode ${code}, which is not allowed in a checkpoint\n` +
        `  opcode ${where} of "archive/data.pkl"\n${ADVICE}`,
    ),
  );
});

const SAVE_WEIGHTS =
  'In PyTorch, save the weights alone: torch.save(model.state_dict(), "weights.pth"), ' +
  "or write safetensors.";

const REFUSED_FILES: readonly (readonly [string, string])[] = [
  [
    "big-endian.pth",
    'the file\'s byte order is "big", only "little" is read\n' +
      "Save it again on a little-endian machine, or as safetensors.",
  ],
  [
    "frozen.pt",
    "the TorchScript archive has no named tensors\n" +
      "torch.jit.freeze turns weights into constants without names.\n" +
      "Save the module without freezing it, or its state dict before.",
  ],
  [
    "plain.pkl",
    "the file is a pickle, but was not written by torch.save\n" +
      `Its first object is not PyTorch's magic number.\n${SAVE_WEIGHTS}`,
  ],
  ["tensor.pth", `the file holds a single tensor, not a state dict\n${SAVE_WEIGHTS}`],
];

test.for(REFUSED_FILES)("refuses %s", ([name, message]) => {
  expect(() => readCheckpoint(fixture(`refused/${name}`))).toThrow(
    new CheckpointError(`checkpoint: ${message}`),
  );
});

const MISTAKES: readonly (readonly [string, string])[] = [
  ["<!DOCTYPE html>", "It is an HTML or XML page, as a failed download leaves behind: download"],
  ["version https://git-lfs.github.com/spec/v1", "It is a Git LFS pointer: fetch the file itself"],
  ["\x1f\x8b\x08\x00", "It is compressed with gzip: unpack it first."],
  ["\x89HDF\r\n\x1a\n", "It is HDF5 (Keras): convert it to safetensors."],
  ["", "Pass a safetensors file, or a .pth or .pt file written by torch.save or torch.jit.save."],
];

test.for(MISTAKES)("says what a file beginning %j is", ([start, advice]) => {
  const file = Uint8Array.from(start, (character) => character.charCodeAt(0));
  expect(() => readCheckpoint(file)).toThrow(advice);
  expect(() => readCheckpoint(file)).toThrow(CheckpointError);
});

test("a safetensors file whose header length begins like a ZIP or a pickle is told apart", () => {
  for (const length of [0x4b50, 0x80]) {
    const metadata = new Map([["padding", ""]]);
    const shortest = new DataView(writeSafetensors(new Map(), metadata)).getUint32(0, true);
    metadata.set("padding", "x".repeat(length - shortest));
    const file = writeSafetensors(new Map(), metadata);
    expect(new DataView(file).getUint32(0, true)).toBe(length);
    expect(readCheckpoint(file).format).toBe("safetensors");
  }
});

test("a ZIP without data.pkl is refused with its entries", () => {
  const file = Uint8Array.from(
    zipSync({ "weights/a.npy": new Uint8Array(1), "b.npy": new Uint8Array(2) }),
  );
  expect(() => readCheckpoint(file)).toThrow(
    new CheckpointError(
      "checkpoint: the ZIP archive holds 0 files data.pkl, a PyTorch file has one\n" +
        '  "weights/a.npy"\n  "b.npy"\n' +
        "Unpack the archive and pass the checkpoint inside, " +
        "or save it again with PyTorch 1.6 or later.",
    ),
  );
});
