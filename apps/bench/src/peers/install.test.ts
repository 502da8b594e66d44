import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ensurePeers, missingPackages } from "./install.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bench-peers-"));
  const manifest = { dependencies: { plain: "1.0.0", "@scope/other": "2.3.4" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
});

afterEach(() => rmSync(folder, { recursive: true }));

async function add(name: string, version: string): Promise<void> {
  const path = join(folder, "node_modules", name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "package.json"), JSON.stringify({ version }));
}

test("absent packages and other versions are missing", async () => {
  await add("plain", "1.0.1");
  expect(missingPackages(folder)).toEqual(["plain@1.0.0", "@scope/other@2.3.4"]);
});

test("the peers are installed once, with a word about their size", async () => {
  const log = vi.fn();
  const install = vi.fn(async () => {
    await add("plain", "1.0.0");
    await add("@scope/other", "2.3.4");
  });
  expect(await ensurePeers(folder, log, install)).toBeUndefined();
  expect(await ensurePeers(folder, log, install)).toBeUndefined();
  expect(install).toHaveBeenCalledTimes(1);
  expect(log.mock.calls).toEqual([
    [
      "Installing the peers, once: plain@1.0.0, @scope/other@2.3.4 " +
        "(about 600 MB; --no-peers skips them)",
    ],
  ]);
});

test("a failed installation is a reason, not an error", async () => {
  const fail = async () => {
    throw new Error("npm ci --ignore-scripts ended with 1");
  };
  expect(await ensurePeers(folder, () => {}, fail)).toBe(
    "not installed: npm ci --ignore-scripts ended with 1",
  );
  expect(
    await ensurePeers(
      folder,
      () => {},
      async () => {},
    ),
  ).toBe("not installed: plain@1.0.0, @scope/other@2.3.4");
});

test("the peers' versions are exact, and their lockfile works with any registry", () => {
  const peers = fileURLToPath(new URL("../../peers", import.meta.url));
  const manifest = JSON.parse(readFileSync(join(peers, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const lock = JSON.parse(readFileSync(join(peers, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version?: string; resolved?: string; integrity?: string }>;
  };
  for (const [name, version] of Object.entries(manifest.dependencies)) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
    expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
  for (const [path, entry] of Object.entries(lock.packages)) {
    expect(entry.resolved, path).toBeUndefined();
    if (path !== "") expect(entry.integrity, path).toMatch(/^sha512-/);
  }
});
