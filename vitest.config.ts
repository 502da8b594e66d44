import { defineConfig } from "vitest/config";
import { wgslText } from "./tools/wgsl-plugin.mjs";

export default defineConfig({
  plugins: [wgslText],
  resolve: { conditions: ["@fauxgrad/source"] },
  ssr: { resolve: { conditions: ["@fauxgrad/source"] } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "tools/**/*.test.ts"],
    // A cold shader cache costs seconds a kernel on a software adapter.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    // A software adapter uses every core by itself.
    maxWorkers: 2,
  },
});
