import { type BuildOptions, build } from "esbuild";

/** What {@link bundlePage} starts from, and how small it makes it. */
export type PageBundle = Pick<BuildOptions, "entryPoints" | "stdin" | "minify"> & {
  /** `inline`, for development; default: none. */
  readonly sourcemap?: "inline";
};

/** A page's script as one module: our packages' sources, for browsers. `node:` does not build. */
export async function bundlePage(source: PageBundle): Promise<string> {
  const { outputFiles } = await build({
    ...source,
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minifySyntax: true,
    conditions: ["@fauxgrad/source"],
    loader: { ".wgsl": "text" },
    logLevel: "silent",
  });
  return outputFiles?.[0]?.text ?? "";
}
