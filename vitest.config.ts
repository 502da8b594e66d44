import { defineConfig } from "vitest/config";
import { ensureRuntimeDir } from "./tools/adapter/platform.mjs";
import { SummaryReporter } from "./tools/summary-reporter.mjs";
import { wgslText } from "./tools/wgsl-plugin.mjs";

// The workers inherit it.
ensureRuntimeDir();

export default defineConfig({
  plugins: [wgslText],
  resolve: { conditions: ["@fauxgrad/source"] },
  ssr: { resolve: { conditions: ["@fauxgrad/source"] } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "tools/**/*.test.{ts,mjs}"],
    reporters: ["default", new SummaryReporter()],
    // A cold shader cache costs seconds a kernel on a software adapter.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    // A software adapter uses every core by itself.
    maxWorkers: 2,
  },
});
