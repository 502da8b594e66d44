import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  fromFloat32,
  type HostTensor,
  readSafetensors,
  writeSafetensors,
} from "@fauxgrad/models/checkpoint";
import { expect, test } from "vitest";
import { runCli, temporaryFolder } from "../test-cli.ts";

const FIXTURES = fileURLToPath(
  new URL("../../../../packages/models/src/checkpoint/fixtures/", import.meta.url),
);

async function read(file: string) {
  return readSafetensors(new Uint8Array(await readFile(file)));
}

async function writeTensors(file: string, tensors: Record<string, HostTensor>): Promise<void> {
  await writeFile(file, new Uint8Array(writeSafetensors(new Map(Object.entries(tensors)))));
}

test("a section of a PyTorch file becomes safetensors, and says what it holds", async () => {
  await using folder = await temporaryFolder();
  const input = path.join(FIXTURES, "genforce.pth");
  const output = path.join(folder.path, "deep", "d.safetensors");
  const args = ["convert", input, output, "--section", "discriminator", "--json"];
  const { code, stdout, stderr } = await runCli(args);
  expect(code, stderr).toBe(0);
  const report = JSON.parse(stdout);
  const { tensors, metadata } = await read(output);
  expect(report).toMatchObject({ input, output, section: "discriminator", overflows: 0 });
  expect(report.tensors).toBe(tensors.size);
  expect(tensors.size).toBeGreaterThan(0);
  expect(metadata.get("format")).toBe("pt");
});

test("floats take the type asked for, integers keep theirs, overflow is told", async () => {
  await using folder = await temporaryFolder();
  const input = path.join(folder.path, "in.safetensors");
  const output = path.join(folder.path, "out.safetensors");
  await writeTensors(input, {
    weight: fromFloat32(Float32Array.of(1, 0.1, 70000), [3]),
    count: { dtype: "int64", shape: [], data: BigInt64Array.of(7n) },
  });
  const { code, stderr } = await runCli(["convert", input, output, "--dtype", "f16"]);
  expect(code).toBe(0);
  expect(stderr).toBe("1 value above 65504 became infinite in f16: bf16 and f32 hold them.\n");
  const { tensors } = await read(output);
  expect(tensors.get("weight")).toMatchObject({
    dtype: "float16",
    data: Uint16Array.of(0x3c00, 0x2e66, 0x7c00),
  });
  expect(tensors.get("count")).toMatchObject({ dtype: "int64", data: BigInt64Array.of(7n) });
});

test("a file is never converted over itself", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "w.safetensors");
  await writeTensors(file, { weight: fromFloat32(Float32Array.of(1), [1]) });
  const before = await readFile(file);
  const { code, stderr } = await runCli(["convert", file, `${folder.path}/./w.safetensors`]);
  expect(code).toBe(2);
  expect(stderr).toBe(
    `fauxgrad convert: IN and OUT are the same file\n  file  ${file}\nName another OUT.\n`,
  );
  expect(await readFile(file)).toEqual(before);
});

test("what is no checkpoint is refused in its reader's words", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "page.pth");
  await writeFile(file, "<!doctype html><title>404</title>");
  const { code, stderr } = await runCli(["convert", file, path.join(folder.path, "o")]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^fauxgrad convert: checkpoint: the file is in no format that is read/);
  expect(stderr).toContain("download the file again");
});
