/** A package: ESM for any platform in `dist`, its dependencies outside, declarations beside it. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BASE_CONFIG = fileURLToPath(new URL("../../tsconfig.base.json", import.meta.url));
const SOURCE = "@fauxgrad/source";

/** The sources behind the public entry points: patterns (`./reference/*`) are for this repository. */
function entryPoints(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.entries(exports)
    .filter(([name, target]) => !name.includes("*") && target.default !== undefined)
    .map(([, target]) => join(folder, target[SOURCE]));
}

async function bundle(folder, entries) {
  const { build } = await import("esbuild");
  await build({
    absWorkingDir: folder,
    entryPoints: entries,
    outbase: join(folder, "src"),
    outdir: join(folder, "dist"),
    bundle: true,
    // One copy of a class, whichever entry point it is reached by: instanceof depends on it.
    splitting: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    packages: "external",
    sourcemap: "linked",
    loader: { ".wgsl": "text" },
    logLevel: "warning",
  });
}

async function declare(folder, entries) {
  const { default: ts } = await import("typescript");
  const { config } = ts.readConfigFile(BASE_CONFIG, ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, folder);
  const wgslTypes = join(folder, "src", "wgsl.d.ts");
  const program = ts.createProgram({
    rootNames: existsSync(wgslTypes) ? [...entries, wgslTypes] : entries,
    options: {
      ...options,
      // Siblings by their declarations, as a user sees them: their sources are not ours to emit.
      customConditions: [],
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rewriteRelativeImportExtensions: true,
      rootDir: join(folder, "src"),
      outDir: join(folder, "dist"),
    },
  });
  const { diagnostics } = program.emit();
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (problems.length > 0) {
    const host = {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => folder,
      getNewLine: () => "\n",
    };
    throw new Error(ts.formatDiagnostics(problems, host));
  }
}

/** Builds the package in `folder`; the packages it depends on are built already. */
export async function buildPackage(folder) {
  const entries = entryPoints(folder);
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  await bundle(folder, entries);
  await declare(folder, entries);
}
