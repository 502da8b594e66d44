/** Builds the workspace in the current folder: `"build": "node ../../tools/build.mjs"`. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bundleApp } from "./build/app.mjs";
import { buildPackage } from "./build/package.mjs";

const folder = process.cwd();
if (existsSync(join(folder, "src", "main.ts"))) {
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  await bundleApp(folder);
} else {
  await buildPackage(folder);
}
