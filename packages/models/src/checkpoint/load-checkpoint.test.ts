import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CheckpointError } from "./errors.ts";
import { bytesOf } from "./host-tensor.ts";
import { readCheckpoint } from "./load-checkpoint.ts";
import { writeSafetensors } from "./safetensors.ts";

const FIXTURES = new URL("./fixtures/", import.meta.url);

function fixture(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(new URL(name, FIXTURES)));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    return (error as CheckpointError).message;
  }
  return "no error was thrown";
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
