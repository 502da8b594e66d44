import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { writeFileAtomic } from "./atomic-write.ts";
import { bundleForTest } from "./bundle-for-test.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "fauxgrad-atomic-"));
});
afterEach(() => rm(folder, { recursive: true }));

const bundle = bundleForTest("atomic-write.ts");
afterAll(async () => rm(await bundle));

test("creates folders and replaces what is there", async () => {
  const file = path.join(folder, "a", "b", "c.bin");
  await writeFileAtomic(file, new Uint8Array([1, 2, 3]));
  await writeFileAtomic(file, new Uint8Array([4]));
  expect([...(await readFile(file))]).toEqual([4]);
  await writeFileAtomic(file, "text");
  expect(await readFile(file, "utf8")).toBe("text");
  expect(await readdir(path.dirname(file))).toEqual(["c.bin"]);
});

test("leaves no temporary file and no change when it fails", async () => {
  // A folder of that name cannot be replaced by a file.
  await mkdir(path.join(folder, "taken"));
  await writeFile(path.join(folder, "taken", "inside"), "");
  await expect(writeFileAtomic(path.join(folder, "taken"), "text")).rejects.toThrow();
  expect(await readdir(folder)).toEqual(["taken"]);
  await expect(writeFileAtomic(path.join(folder, "taken/inside/x"), "text")).rejects.toThrow();
});

test("writes at the same time do not meet", async () => {
  const file = path.join(folder, "same");
  await Promise.all(Array.from({ length: 20 }, (_, i) => writeFileAtomic(file, "x".repeat(i + 1))));
  expect(await readdir(folder)).toEqual(["same"]);
});

test("listens to signals only while it writes", async () => {
  const count = () => process.listenerCount("SIGINT") + process.listenerCount("exit");
  const before = count();
  const writing = writeFileAtomic(path.join(folder, "file"), "text");
  await writing;
  expect(count()).toBe(before);
});

/** Runs a program that is in the middle of a write when `during` happens to it. */
async function interrupted(
  during: string,
): Promise<{ code: number | null; signal: string | null }> {
  const program = `
    import { readdirSync } from "node:fs";
    import { writeFileAtomic } from ${JSON.stringify((await bundle).href)};
    const folder = ${JSON.stringify(folder)};
    void writeFileAtomic(folder + "/big", new Uint8Array(2 ** 28)).then(() => process.exit(99));
    const wait = () => {
      const names = readdirSync(folder);
      if (!names.some((name) => name.endsWith(".tmp"))) return setImmediate(wait);
      ${during}
    };
    wait();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: "inherit",
  });
  return new Promise((resolve) => child.on("exit", (code, signal) => resolve({ code, signal })));
}

test.each(["SIGINT", "SIGTERM", "SIGHUP"])("leaves nothing half-written on %s", async (signal) => {
  const ended = await interrupted(`process.kill(process.pid, "${signal}");`);
  expect(ended).toEqual({ code: null, signal });
  expect(await readdir(folder)).toEqual([]);
});

test("leaves nothing half-written when the program exits", async () => {
  expect(await interrupted("process.exit(7);")).toMatchObject({ code: 7 });
  expect(await readdir(folder)).toEqual([]);
});

test("leaves the decision to a program that listens to the signal itself", async () => {
  const exits = `process.on("SIGINT", () => process.exit(8)); process.kill(process.pid, "SIGINT");`;
  expect(await interrupted(exits)).toMatchObject({ code: 8 });
  expect(await readdir(folder)).toEqual([]);
  // One that goes on gets its file.
  const goesOn = `process.on("SIGINT", () => undefined); process.kill(process.pid, "SIGINT");`;
  expect(await interrupted(goesOn)).toMatchObject({ code: 99 });
  expect(await readdir(folder)).toEqual(["big"]);
});
