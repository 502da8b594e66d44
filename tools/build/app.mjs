/** An app: one ESM file per entry point, our packages' sources inside, npm's packages outside. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** `main`, and every worker: `src/io/decode-worker.ts` becomes `dist/decode-worker.js` beside it. */
function entryPoints(folder) {
  const files = readdirSync(join(folder, "src"), { recursive: true });
  const workers = files.filter((file) => file.endsWith("-worker.ts"));
  return Object.fromEntries(
    ["main.ts", ...workers].map((file) => [basename(file, ".ts"), join(folder, "src", file)]),
  );
}

/** Written under another name first: a second process may be loading the file that is replaced. */
function replaceFile({ path, contents }) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, contents);
  renameSync(draft, path);
}

/** Bundles the app in `folder` into its `dist`. */
export async function bundleApp(folder) {
  const { build } = await import("esbuild");
  const { dependencies = {}, devDependencies = {} } = manifestOf(folder);
  // What only the repository's own commands load is installed there, and no part of a bundle.
  const packages = Object.keys({ ...dependencies, ...devDependencies });
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: entryPoints(folder),
    outdir: join(folder, "dist"),
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: "linked",
    conditions: ["@fauxgrad/source"],
    external: packages.filter((name) => !name.startsWith("@fauxgrad/")),
    loader: { ".wgsl": "text" },
    logLevel: "warning",
  });
  mkdirSync(join(folder, "dist"), { recursive: true });
  outputFiles.forEach(replaceFile);
}

/** Newest modification among the files of a folder and its subfolders, in ms; 0 if there are none. */
function newestIn(folder) {
  if (!existsSync(folder)) return 0;
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const times = entries
    .filter((entry) => !entry.name.endsWith(".test.ts"))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return Math.max(statSync(folder).mtimeMs, ...times);
}

function isFresh(folder) {
  const bundle = join(folder, "dist", "main.js");
  if (!existsSync(bundle)) return false;
  const built = statSync(bundle).mtimeMs;
  const workspaces = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(REPOSITORY, group)).map((name) => join(REPOSITORY, group, name, "src")),
  );
  const sources = [join(folder, "src"), ...workspaces, join(REPOSITORY, "tools")];
  return Math.max(...sources.map(newestIn), statSync(join(folder, "package.json")).mtimeMs) < built;
}

/** Bundles the app in `folder` unless its bundle is newer than every source in the repository. */
export async function bundleAppIfStale(folder) {
  if (!isFresh(folder)) await bundleApp(folder);
}
