import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundleAppIfStale } from "./app.mjs";
import { buildPackage } from "./package.mjs";

let folder;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fauxgrad-build-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(path, text) {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const built = (path) => import(pathToFileURL(join(folder, "dist", path)).href);

const entry = (path) => ({
  "@fauxgrad/source": `./src/${path}.ts`,
  types: `./dist/${path}.d.ts`,
  default: `./dist/${path}.js`,
});

describe("a package", () => {
  beforeEach(() => {
    const exports = {
      ".": entry("index"),
      "./nn": entry("nn/index"),
      "./reference/*": { "@fauxgrad/source": "./src/ops/*/reference.ts" },
    };
    write("package.json", JSON.stringify({ type: "module", exports }));
    write(
      "src/wgsl.d.ts",
      'declare module "*.wgsl" { const source: string; export default source; }',
    );
    write("src/kernel.wgsl", "fn main() {}");
    write("src/tensor.ts", "export class Tensor { readonly rank: number = 2; }");
    write(
      "src/index.ts",
      'import source from "./kernel.wgsl";\nexport { Tensor } from "./tensor.ts";\nexport { source };',
    );
    write(
      "src/nn/index.ts",
      'import { Tensor } from "../tensor.ts";\nexport const tensor: Tensor = new Tensor();',
    );
  });

  test("has one copy of each class, its kernels' text and its declarations", async () => {
    await buildPackage(folder);
    const { Tensor, source } = await built("index.js");
    const { tensor } = await built("nn/index.js");
    expect(tensor).toBeInstanceOf(Tensor);
    expect(source).toBe("fn main() {}");
    for (const path of ["index.d.ts", "nn/index.d.ts", "tensor.d.ts"]) {
      expect(existsSync(join(folder, "dist", path)), path).toBe(true);
    }
  });

  test("does not build with a type error", async () => {
    write("src/nn/index.ts", 'export const wrong: number = "text";');
    await expect(buildPackage(folder)).rejects.toThrow(
      "Type 'string' is not assignable to type 'number'",
    );
  });
});

describe("an app", () => {
  const bundleTime = () => statSync(join(folder, "dist", "main.js")).mtimeMs;
  const HOUR_S = 3600;

  beforeEach(() => {
    write("package.json", JSON.stringify({ type: "module", dependencies: {} }));
    write("src/main.ts", "export const answer: number = 41;");
    write("src/io/decode-worker.ts", "export const worker: string = import.meta.url;");
  });

  test("is bundled with its workers beside it", async () => {
    await bundleAppIfStale(folder);
    expect((await built("main.js")).answer).toBe(41);
    expect((await built("decode-worker.js")).worker).toMatch(/dist\/decode-worker\.js$/);
  });

  test("is bundled again after a change, and only then", async () => {
    await bundleAppIfStale(folder);
    const inAnHour = Date.now() / 1000 + HOUR_S;
    utimesSync(join(folder, "dist", "main.js"), inAnHour, inAnHour);
    await bundleAppIfStale(folder);
    expect(bundleTime()).toBeCloseTo(inAnHour * 1000, -1);
    utimesSync(join(folder, "src", "main.ts"), inAnHour + 1, inAnHour + 1);
    await bundleAppIfStale(folder);
    expect(bundleTime()).toBeLessThan((inAnHour - 1) * 1000);
  });
});
