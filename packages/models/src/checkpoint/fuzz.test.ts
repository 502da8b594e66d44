// Whatever the bytes: a checkpoint of consistent tensors, or a CheckpointError, and soon.

import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { CheckpointError } from "./errors.ts";
import { elementCount, fromFloat32 } from "./host-tensor.ts";
import { readCheckpoint } from "./load-checkpoint.ts";
import { writeSafetensors } from "./safetensors.ts";

const FIXTURES = new URL("./fixtures/", import.meta.url);
/** For one file of a few kilobytes, milliseconds on any machine; this allows for a busy one. */
const LONGEST_MS = 10_000;
const RUNS = 400;

function safetensors(): Uint8Array<ArrayBuffer> {
  const weights = fromFloat32(Float32Array.from({ length: 12 }, Math.sqrt), [3, 4]);
  const halves = fromFloat32(Float32Array.of(1, 2, 3), [3], "float16");
  const tensors = new Map([
    ["module.conv.weight", weights],
    ["module.conv.bias", halves],
    ["module.steps", { dtype: "int64", shape: [], data: BigInt64Array.of(3n) } as const],
  ]);
  return new Uint8Array(writeSafetensors(tensors, new Map([["format", "pt"]])));
}

const FILES: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ["safetensors", safetensors()],
  ...readdirSync(FIXTURES)
    .filter((name) => /\.ptht?$|\.pt$/.test(name))
    .map((name) => [name, Uint8Array.from(readFileSync(new URL(name, FIXTURES)))] as const),
];

/** Reads the bytes and checks what comes of it; returns whether it was a checkpoint. */
function survives(bytes: Uint8Array<ArrayBuffer>): boolean {
  const start = performance.now();
  try {
    for (const { shape, data } of readCheckpoint(bytes).tensors.values()) {
      expect(data.length).toBe(elementCount(shape));
    }
    return true;
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return false;
  } finally {
    expect(performance.now() - start).toBeLessThan(LONGEST_MS);
  }
}

test("the fixtures of every format are fuzzed", () => {
  const names = FILES.map(([name]) => name);
  expect(names).toEqual(expect.arrayContaining(["zip.pth", "legacy.pth", "scripted.pt"]));
  expect(names).toEqual(expect.arrayContaining(["deflated.pth", "legacy-view.pth"]));
});

test.for(FILES)("%s with one byte changed", ([, file]) => {
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = file.slice();
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      survives(bytes);
    }),
    { numRuns: RUNS },
  );
});

test.for(FILES)("%s cut short is refused", ([, file]) => {
  fc.assert(
    fc.property(fc.nat(file.length - 1), (length) => {
      expect(survives(file.slice(0, length))).toBe(false);
    }),
    { numRuns: RUNS },
  );
});

test.for(FILES)("%s with a piece overwritten", ([, file]) => {
  const piece = fc.uint8Array({ minLength: 1, maxLength: 16 });
  fc.assert(
    fc.property(fc.nat(file.length - 1), piece, (at, noise) => {
      const bytes = file.slice();
      bytes.set(noise.subarray(0, bytes.length - at), at);
      survives(bytes);
    }),
    { numRuns: RUNS },
  );
});

test("random bytes, bare and behind the first bytes of each format", () => {
  const starts = [
    [],
    [0x50, 0x4b, 3, 4],
    [0x80, 2],
    [40, 0, 0, 0, 0, 0, 0, 0, 0x7b],
    [...(FILES.find(([name]) => name === "legacy.pth")?.[1].subarray(0, 137) ?? [])],
  ];
  fc.assert(
    fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), (start, noise) => {
      survives(Uint8Array.from([...start, ...noise]));
    }),
    { numRuns: 5 * RUNS },
  );
});

/** Pieces of a pickle: opcodes with their operands, and the globals that checkpoints call. */
const PIECES = [
  ..."N]})(.012aeutdlbRQs",
  ..."\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94",
  ...["K\x00", "K\x01", "K\x04", "J\xff\xff\xff\x7f", "X\x01\x00\x00\x00a", "\x8a\x01\xff"],
  ...["q\x00", "q\x01", "h\x00", "h\x01", "U\x07storage", "U\x010"],
  "ccollections\nOrderedDict\n",
  "ctorch\nFloatStorage\n",
  "ctorch\nSize\n",
  "ctorch._utils\n_rebuild_tensor_v2\n",
  "ctorch._utils\n_rebuild_parameter\n",
  "c__torch__\nNet\n",
  "cargparse\nNamespace\n",
  "(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x04tQ",
  "}U\x01actorch._utils\n_rebuild_tensor_v2\n(" +
    "(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x04tQK\x00(K\x02t(K\x01tNNtRs",
];

test("random programs for the unpickler", () => {
  let read = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 24 }), (pieces) => {
      const pickle = `\x80\x02${pieces.join("")}.`;
      const archive = {
        "a/data.pkl": Uint8Array.from(pickle, (character) => character.charCodeAt(0)),
        "a/data/0": new Uint8Array(16),
        "a/constants.pkl": Uint8Array.of(0x80, 2, 0x29, 0x2e),
      };
      if (survives(Uint8Array.from(zipSync(archive, { level: 0 })))) read++;
    }),
    { numRuns: 10 * RUNS },
  );
  // Some of them do build a state dict, so the property looks at more than refusals.
  expect(read).toBeGreaterThan(0);
});

test("a tensor of stride 0 over one element asks for terabytes in vain", () => {
  const view = "K\x00(J\xff\xff\xff\x7fJ\xff\x03\x00\x00t(K\x00K\x00t";
  const pickle =
    "\x80\x02}U\x01actorch._utils\n_rebuild_tensor_v2\n(" +
    `(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x04tQ${view}NNtRs.`;
  const archive = zipSync({
    "a/data.pkl": Uint8Array.from(pickle, (character) => character.charCodeAt(0)),
    "a/data/0": new Uint8Array(16),
  });
  expect(() => readCheckpoint(Uint8Array.from(archive))).toThrow(
    'a row-major copy of "a" needs 8787503083524 bytes, more than a file of this size may ask for',
  );
});

test("a TorchScript module inside itself is refused", () => {
  const pickle = "\x80\x02c__torch__\nNet\n)\x81q\x00}U\x01ah\x00sb.";
  const archive = zipSync({
    "a/data.pkl": Uint8Array.from(pickle, (character) => character.charCodeAt(0)),
    "a/constants.pkl": new Uint8Array(1),
  });
  expect(() => readCheckpoint(Uint8Array.from(archive))).toThrow(
    "checkpoint: the TorchScript module tree does not end\n  102 attributes, depth 101\n",
  );
});

test("a tree of modules that doubles at every level is refused", () => {
  let pickle = "\x80\x02c__torch__\nNet\nq\xff)\x81q\x00";
  for (let i = 0; i < 60; i++) {
    const child = String.fromCharCode(i);
    pickle += `h\xff)\x81}U\x01ah${child}sU\x01bh${child}sbq${String.fromCharCode(i + 1)}`;
  }
  const archive = zipSync({
    "a/data.pkl": Uint8Array.from(`${pickle}.`, (character) => character.charCodeAt(0)),
    "a/constants.pkl": new Uint8Array(1),
  });
  expect(survives(Uint8Array.from(archive))).toBe(false);
});

test("a dictionary inside itself is refused, and names of a thousand wrappers are read", () => {
  const cycle = "\x80\x02}q\x00U\x01ah\x00s.";
  const archive = zipSync({
    "a/data.pkl": Uint8Array.from(cycle, (character) => character.charCodeAt(0)),
  });
  expect(survives(Uint8Array.from(archive))).toBe(false);
  const name = "module.".repeat(100_000);
  const tensors = new Map([[`${name}weight`, fromFloat32(new Float32Array(1), [1])]]);
  expect(survives(new Uint8Array(writeSafetensors(tensors)))).toBe(true);
});
