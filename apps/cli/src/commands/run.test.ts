import { readFile } from "node:fs/promises";
import path from "node:path";
import { fromFloat32, readSafetensors } from "@fauxgrad/models/checkpoint";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli, temporaryFolder } from "../test-cli.ts";
import { type TinyName, writeTensors, writeTinyInput, writeTinyWeights } from "../test-networks.ts";

const { GPU } = process.env;

let work: Awaited<ReturnType<typeof temporaryFolder>>;
const file = (name: string) => path.join(work.path, name);

beforeAll(async () => {
  work = await temporaryFolder();
  for (const name of ["pggan", "stylegan", "stylegan2"] as const) {
    await writeTinyWeights(file(`${name}.safetensors`), name);
  }
  await writeTinyInput(file("x1.safetensors"), 1);
  await writeTinyInput(file("x4.safetensors"), 4);
  await writeTinyInput(file("x16.safetensors"), 16);
});

afterAll(() => work[Symbol.asyncDispose]());

async function readResult(name: string) {
  const { tensors } = readSafetensors(new Uint8Array(await readFile(file(name))));
  const output = tensors.get("output");
  const gradient = tensors.get("input_gradient");
  if (output?.dtype !== "float32") throw new Error("no output");
  if (gradient !== undefined && gradient.dtype !== "float32") throw new Error("wrong gradient");
  return { output, gradient };
}

function sum(values: ArrayLike<number>, term: (value: number) => number = (value) => value) {
  return Array.from(values).reduce((total, value) => total + term(value), 0);
}

function runArgs(name: TinyName, input: string, output: string): string[] {
  const weights = file(`${name}.safetensors`);
  return ["run", name, "--weights", weights, "--input", file(input), "--output", file(output)];
}

/** Tight, for tiny networks (the specification, 8.4). */
const RELATIVE = 1e-5;

describe.skipIf(GPU === "off")("run", () => {
  // Appendix A.2, "tiny32 N=1": score, sum and L2 norm of the gradient, G(1, 16, 16).
  test.each([
    ["pggan", -1.146924451e-1, -9.652781009e-2, 8.884436854e-2, 6.997607212e-4],
    ["stylegan", -8.859044962e-2, 2.031461723e-1, 3.1238005321e-2, -6.589154431e-4],
    ["stylegan2", -1.068920165e-1, 1.193247689e-2, 4.176642247e-2, -9.579349506e-4],
  ] as const)(
    "gives the specification's score and gradient: %s",
    async (name, score, total, l2, point) => {
      const output = `${name}-y.safetensors`;
      const args = [...runArgs(name, "x1.safetensors", output), "--gradient", "--json"];
      const { code, stdout, stderr } = await runCli(args);
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        network: name,
        input: [1, 3, 32, 32],
        outputShape: [1, 1],
        tensors: ["output", "input_gradient"],
        batchSize: 1,
      });
      const result = await readResult(output);
      expect(result.output.shape).toEqual([1, 1]);
      expect(Math.abs(result.output.data[0]! / score - 1)).toBeLessThan(RELATIVE);
      expect(result.gradient?.shape).toEqual([1, 3, 32, 32]);
      const gradient = result.gradient!.data;
      const scale = sum(gradient, Math.abs);
      expect(Math.abs(sum(gradient) - total)).toBeLessThan(RELATIVE * scale);
      expect(Math.abs(Math.sqrt(sum(gradient, (v) => v * v)) / l2 - 1)).toBeLessThan(RELATIVE);
      const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const centre = (1 * 32 + 16) * 32 + 16;
      expect(Math.abs(gradient[centre]! - point)).toBeLessThan(RELATIVE * largest);
    },
  );

  test("runs images alone, in parts where memory is short, with the same bits", async () => {
    const whole = await runCli([...runArgs("stylegan", "x16.safetensors", "whole"), "--gradient"]);
    expect(whole.code, whole.stderr).toBe(0);
    expect(whole.stderr).toBe("");
    const args = [...runArgs("stylegan", "x16.safetensors", "parts"), "--gradient"];
    const parts = await runCli([...args, "--max-memory", "4MiB"]);
    expect(parts.code, parts.stderr).toBe(0);
    expect(parts.stderr).toMatch(
      /^The batch did not fit at once: \d images at a time, \d+ times\.\n$/,
    );
    expect(await readFile(file("parts"))).toEqual(await readFile(file("whole")));
    // Appendix A.2, per-sample: L2 of the first four gradients, whose images are the same.
    const { gradient } = await readResult("whole");
    const l2 = [3.123800532e-2, 2.985905349e-2, 3.338306476e-2, 3.13148713e-2];
    const size = 3 * 32 * 32;
    for (const [i, expected] of l2.entries()) {
      const part = gradient!.data.subarray(i * size, (i + 1) * size);
      const norm = Math.sqrt(sum(part, (value) => value * value));
      expect(Math.abs(norm / expected - 1)).toBeLessThan(RELATIVE);
    }
  });

  test("runs the batch in groups when told to, and then never in parts", async () => {
    const args = [...runArgs("stylegan", "x4.safetensors", "joint"), "--gradient"];
    const joint = await runCli([...args, "--minibatch-stddev", "batch"]);
    expect(joint.code, joint.stderr).toBe(0);
    const { output, gradient } = await readResult("joint");
    expect(output.shape).toEqual([4, 1]);
    // Appendix A.2, "stylegan tiny32 N=4 joint batch".
    const scores = [-8.950023122e-2, -9.930244309e-2, -5.45182517e-2];
    for (const [i, score] of scores.entries()) {
      expect(Math.abs(output.data[i]! / score - 1)).toBeLessThan(RELATIVE);
    }
    const first = gradient!.data.subarray(0, 3 * 32 * 32);
    const norm = Math.sqrt(sum(first, (value) => value * value));
    expect(Math.abs(norm / 3.092513545e-2 - 1)).toBeLessThan(RELATIVE);

    const short = await runCli([...args, "--minibatch-stddev", "batch", "--max-memory", "1MiB"]);
    expect(short.code).toBe(1);
    expect(short.stderr).toMatch(/^fauxgrad run: .* would exceed the memory budget\n/);
    expect(short.stderr).toContain(
      "The 4 images see one another (--minibatch-stddev batch), so they cannot be run in parts.\n" +
        "Pass fewer images, or --minibatch-stddev per-sample.\n",
    );
  });

  test("random weights follow from the seed, sizes from --set", async () => {
    const files = ["--input", file("x1.safetensors"), "--output"];
    const sizes = ["--set", "resolution=32", "--set", "fmapsBase=512", "--set", "fmapsMax=32"];
    const run = async (seed: string, output: string) => {
      const random = ["--random-init", seed];
      const result = await runCli(["run", "pggan", ...random, ...sizes, ...files, file(output)]);
      expect(result.code, result.stderr).toBe(0);
      return (await readResult(output)).output.data[0];
    };
    const first = await run("1", "a");
    expect(await run("1", "b")).toBe(first);
    expect(await run("2", "c")).not.toBe(first);
    expect((await readResult("a")).gradient).toBeUndefined();
  });

  test("weights that do not fit are told all at once", async () => {
    const args = ["run", "stylegan2", "--weights", file("stylegan.safetensors")];
    const { code, stderr } = await runCli([
      ...args,
      "--input",
      file("x1.safetensors"),
      "--output",
      file("never"),
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^fauxgrad run: checkpoint: the file's weights do not fit the model\n/);
    expect(stderr).toMatch(/\n {2}missing \(/);
    expect(stderr).toMatch(/\n {2}unexpected \(/);
  });

  test("an input of another size is the network's to refuse", async () => {
    const input = fromFloat32(new Float32Array(3 * 64 * 64), [1, 3, 64, 64]);
    await writeTensors(file("x64.safetensors"), new Map([["input", input]]));
    const { code, stderr } = await runCli(runArgs("pggan", "x64.safetensors", "never"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^fauxgrad run: pggan: /);
    expect(stderr).toContain("[1, 64, 64, 3]");
  });
});

describe("run's input", () => {
  test("must be called input", async () => {
    const tensor = fromFloat32(new Float32Array(3), [1, 3, 1, 1]);
    await writeTensors(file("named.safetensors"), new Map([["image", tensor]]));
    const { code, stderr } = await runCli(runArgs("pggan", "named.safetensors", "never"));
    expect(code).toBe(1);
    expect(stderr).toBe(
      `fauxgrad run: ${file("named.safetensors")} holds no tensor called "input"\n` +
        "  found  image\nSave the images under that name.\n",
    );
  });

  test("must be float32 images, channels first", async () => {
    const last = fromFloat32(new Float32Array(12), [1, 2, 2, 3]);
    await writeTensors(file("last.safetensors"), new Map([["input", last]]));
    const { code, stderr } = await runCli(runArgs("pggan", "last.safetensors", "never"));
    expect(code).toBe(1);
    expect(stderr).toBe(
      `fauxgrad run: ${file("last.safetensors")}: "input" is not what a network takes\n` +
        "  found     float32 [1, 2, 2, 3]\n  expected  float32 [N, 3, H, W]\n" +
        "Convert it, channels first.\n",
    );
    const half = fromFloat32(new Float32Array(12), [1, 3, 2, 2], "float16");
    await writeTensors(file("half.safetensors"), new Map([["input", half]]));
    const { stderr: other } = await runCli(runArgs("pggan", "half.safetensors", "never"));
    expect(other).toContain("found     float16 [1, 3, 2, 2]");
  });

  test("is never overwritten", async () => {
    const { code, stderr } = await runCli(runArgs("pggan", "x1.safetensors", "x1.safetensors"));
    expect(code).toBe(2);
    expect(stderr).toBe(
      `fauxgrad run: --output would replace ${file("x1.safetensors")}\nName another file.\n`,
    );
  });
});

describe("run's options", () => {
  const files = () => ["--input", file("x1.safetensors"), "--output", file("never")];

  test("of the network are known by name", async () => {
    const args = ["run", "resnet50", "--random-init", "1", "--set", "classes=3", ...files()];
    const { code, stderr } = await runCli(args);
    expect(code).toBe(2);
    expect(stderr).toBe(
      'fauxgrad run: resnet50: there is no option "classes"\n  known  numClasses, widthPercent\n' +
        "Choose one of these.\n",
    );
  });

  test("a section belongs to a file", async () => {
    const args = ["run", "pggan", "--random-init", "1", "--section", "d", ...files()];
    const { code, stderr } = await runCli(args);
    expect(code).toBe(2);
    expect(stderr).toBe("fauxgrad run: --section is for --weights\nPass --weights FILE as well.\n");
  });
});
