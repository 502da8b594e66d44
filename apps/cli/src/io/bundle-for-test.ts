import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
// biome-ignore lint/correctness/noUndeclaredDependencies: a tool of the repository, for tests only.
import { build } from "esbuild";

const REPOSITORY = fileURLToPath(new URL("../../../../", import.meta.url));

/**
 * For tests: bundles one of this folder's modules as the build does, into a place from which npm's
 * packages resolve. A worker thread or a child process cannot run TypeScript.
 *
 * @param entry file name beside this one
 * @returns the bundle, a name of its own for each process of the test runner
 */
export async function bundleForTest(entry: string): Promise<URL> {
  const folder = `${REPOSITORY}.cache/test-bundles`;
  const name = entry.replace(/\.ts$/, `.${process.pid}.mjs`);
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outfile: `${folder}/${name}`,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@fauxgrad/source"],
    external: ["sharp"],
    loader: { ".wgsl": "text" },
    logLevel: "warning",
  });
  return new URL(`file://${folder}/${name}`);
}
