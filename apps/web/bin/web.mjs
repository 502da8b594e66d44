#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const app = fileURLToPath(new URL("..", import.meta.url));
// In the repository the sources count; a published package has nothing but its bundle.
if (existsSync(new URL("../src/main.ts", import.meta.url))) {
  const { bundleAppIfStale } = await import("../../../tools/build/app.mjs");
  await bundleAppIfStale(app);
}
process.setSourceMapsEnabled(true);
await import("../dist/main.js");
