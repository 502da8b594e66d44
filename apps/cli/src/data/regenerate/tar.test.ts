import { writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test-cli.ts";
import { readTgz } from "./tar.ts";
import { tarBytes, tgzBytes } from "./test-archive.ts";

const bytes = (length: number, first: number) =>
  Uint8Array.from({ length }, (_, i) => (first + i) % 256);

test("wanted files are found among others, whatever their length", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "a.tgz");
  await writeFile(
    file,
    tgzBytes([
      { name: "package/other", bytes: bytes(200_000, 1) },
      { name: "package/block", bytes: bytes(512, 2) },
      // An extended header has a file's name and is none.
      { name: "package/short", bytes: bytes(30, 9), type: "x" },
      { name: "package/short", bytes: bytes(5, 3) },
      { name: "long", prefix: "package/models", bytes: bytes(100_001, 4) },
      { name: "package/empty", bytes: bytes(0, 0) },
    ]),
  );
  const wanted = ["package/empty", "package/models/long", "package/short", "package/block"];
  const found = await readTgz(file, wanted);
  expect([...found.keys()].sort()).toEqual([...wanted].sort());
  expect(found.get("package/block")).toEqual(bytes(512, 2));
  expect(found.get("package/short")).toEqual(bytes(5, 3));
  expect(found.get("package/models/long")).toEqual(bytes(100_001, 4));
  expect(found.get("package/empty")).toEqual(bytes(0, 0));
});

test("what is no such archive says so", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "a.tgz");
  const files = [{ name: "package/a", bytes: bytes(2000, 0) }];
  const whole = tgzBytes(files);
  await writeFile(file, whole);
  await expect(readTgz(file, ["package/a", "package/b"])).rejects.toThrow(
    `the archive ${file} does not hold what it should\n  missing  package/b\nFetch it again.`,
  );
  const begin = `cannot read the archive ${file}: `;
  await writeFile(file, whole.subarray(0, whole.length - 20));
  await expect(readTgz(file, ["package/b"])).rejects.toThrow(begin);
  await writeFile(file, gzipSync(tarBytes(files).subarray(0, 1000)));
  await expect(readTgz(file, ["package/a"])).rejects.toThrow(
    `${begin}it ends too early\nFetch it again.`,
  );
  await writeFile(file, gzipSync(Buffer.alloc(1024, 120)));
  await expect(readTgz(file, ["package/a"])).rejects.toThrow(`${begin}it is no tar archive`);
  await writeFile(file, "<html>");
  await expect(readTgz(file, ["package/a"])).rejects.toThrow(begin);
  await expect(readTgz(`${file}x`, ["package/a"])).rejects.toThrow("ENOENT");
});
