import { expect, test, vi } from "vitest";
import { CASES } from "./cases.ts";
import { buildProgram, chosenCases, chosenComparisons, scheduleOf } from "./program.ts";

/** Runs the command line with actions that only note what they were told. */
async function run(...args: string[]) {
  const kernels = vi.fn(async () => {});
  const peers = vi.fn(async () => {});
  const tune = vi.fn(async () => {});
  const table = vi.fn(async () => {});
  const models = vi.fn(async () => {});
  const report = vi.fn(async () => {});
  const serve = vi.fn(async () => {});
  const targets = vi.fn(async () => {});
  let errors = "";
  const program = buildProgram({ kernels, peers, tune, table, models, report, targets, serve });
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeErr: (text) => (errors += text) });
  }
  await program.parseAsync(args, { from: "user" }).catch(() => undefined);
  return { kernels, peers, tune, table, models, report, serve, errors };
}

test("the options reach the bench, parsed", async () => {
  const { kernels } = await run(
    "kernels",
    "--json",
    "a.json",
    "--filter",
    "3×3.*fwd",
    "--repeats=7",
  );
  expect(kernels).toHaveBeenCalledTimes(1);
  expect(kernels.mock.calls[0]).toEqual([
    {
      json: "a.json",
      filter: /3×3.*fwd/iu,
      repeats: 7,
      peers: true,
      quick: false,
      list: false,
      unsafe: false,
      matrices: false,
    },
  ]);
  const { kernels: other } = await run("kernels", "--no-peers", "--quick", "--matrices");
  expect(other.mock.calls[0]).toMatchObject([{ peers: false, quick: true, matrices: true }]);
});

test("wrong arguments are refused with the reason", async () => {
  for (const repeats of ["0", "1.5", "many", "1001"]) {
    const { kernels, errors } = await run("kernels", "--repeats", repeats);
    expect(kernels).not.toHaveBeenCalled();
    expect(errors).toContain(
      `error: option '--repeats <n>' argument '${repeats}' is invalid. ` +
        "It must be a whole number from 1 to 1000.",
    );
  }
  const filter = await run("kernels", "--filter", "(");
  expect(filter.kernels).not.toHaveBeenCalled();
  expect(filter.errors).toContain("argument '(' is invalid. Invalid regular expression");
  const option = await run("kernels", "--fast");
  expect(option.errors).toContain("error: unknown option '--fast'");
  const command = await run("kernel");
  expect(command.errors).toContain("error: unknown command 'kernel'\n(Did you mean kernels?)");
  const file = await run("table");
  expect(file.errors).toContain("error: missing required argument 'file'");
});

test("the filter chooses by name, without regard to case", () => {
  const names = chosenCases({ filter: /resnet-50 conv 3×3 .*forward/iu, quick: false });
  expect(names.map(({ name }) => name)).toEqual([
    "ResNet-50 conv 3×3 64→64 @56 forward",
    "ResNet-50 conv 3×3 128→128 @28 forward",
    "ResNet-50 conv 3×3 256→256 @14 forward",
    "ResNet-50 conv 3×3 512→512 @7 forward",
    "f16 ResNet-50 conv 3×3 64→64 @56 forward",
  ]);
  const usual = CASES.filter(({ large = false }) => !large);
  expect(chosenCases({ quick: false })).toEqual(usual);
  expect(chosenCases({ filter: /4096³ f/iu, quick: false })).toHaveLength(2);
  const quick = chosenCases({ quick: true });
  expect(quick.length).toBeGreaterThan(5);
  expect(quick.length).toBeLessThan(15);
});

test("--repeats wins over the number of rounds", () => {
  expect(scheduleOf({ quick: false })).toEqual({ rounds: 5, minSampleMs: 50, slowMs: 1500 });
  expect(scheduleOf({ quick: true, repeats: 9 })).toMatchObject({ rounds: 9, minSampleMs: 20 });
});

test("a comparison has networks and kernels, and its peers can be named", async () => {
  const { peers } = await run("peers", "--peers", "tfjs,ort", "--quick");
  expect(peers.mock.calls[0]).toMatchObject([{ peers: ["tfjs", "ort"], quick: true }]);
  const names = (quick: boolean) => chosenComparisons({ quick }).map(({ name }) => name);
  expect(names(false)).toContain("ResNet-50 inference 8 × 224²");
  expect(names(false)).not.toContain("ResNet-50 training step 16 × 224²");
  expect(names(true)).toContain("EfficientNet-B0 training step 1 × 224²");
  expect(names(true)).not.toContain("ResNet-50 inference 8 × 224²");
  expect(names(false)).not.toContain("ResNet-50 ReLU 256 @56");
  expect(names(false)).not.toContain("matmul 4096³ forward");
});

test("a comparison can be of some networks and batches, or of what targets are about", async () => {
  const { peers } = await run("peers", "--networks", "resnet50", "--batches", "1,16");
  expect(peers.mock.calls[0]).toMatchObject([{ networks: ["resnet50"], batches: [1, 16] }]);
  const names = (options: Parameters<typeof chosenComparisons>[0]) =>
    chosenComparisons(options).map(({ name }) => name);
  expect(names({ networks: ["resnet50"], batches: [1, 16] })).toEqual([
    "ResNet-50 inference 1 × 224²",
    "ResNet-50 training step 1 × 224²",
    "ResNet-50 training step 16 × 224²",
  ]);
  expect(names({ networks: ["stylegan"], batches: [16] })).toEqual([
    "StyleGAN input gradient 16 × 256²",
  ]);
  expect(names({ networks: ["stylegan"] })).toEqual(["StyleGAN input gradient 1 × 256²"]);
  expect(names({ networks: [], quick: true })[0]).toBe("ResNet-50 conv 3×3 64→64 @56 forward");
  expect(names({ filter: /matmul 4096³ f/iu })).toEqual(["matmul 4096³ forward"]);
  const judged = chosenComparisons({ targets: true, quick: false });
  const peersOf = (name: string) => judged.find((entry) => entry.name === name)?.peers;
  expect(peersOf("ResNet-50 inference 1 × 224²")).toEqual(["tfjs", "ort"]);
  expect(peersOf("EfficientNet-B0 inference 8 × 224²")).toEqual(["tfjs", "ort"]);
  expect(peersOf("matmul 512³ forward")).toEqual(["tfjs", "ort", "ort-web", "jax-js"]);
  expect(peersOf("ResNet-50 inference 8 × 224²")).toBeUndefined();
  expect(peersOf("ResNet-50 conv 3×3 64→64 @56 forward")).toBeUndefined();
  const wrong = await run("peers", "--networks", "vgg16");
  expect(wrong.errors).toContain(
    "There is no network vgg16: resnet50, efficientnet_b0, stylegan or none.",
  );
  const none = await run("peers", "--batches", "1,0");
  expect(none.errors).toContain("0 is no size of a batch: a whole number from 1 on.");
});

test("tuning takes a filter, a table and no measuring", async () => {
  const { tune } = await run("tune", "--filter", "3×3", "--explain", "--out", "a.json");
  expect(tune.mock.calls[0]).toEqual([
    { filter: /3×3/iu, explain: true, out: "a.json", quick: false },
  ]);
});

test("models, report and serve have options of their own", async () => {
  const { models } = await run("models", "--start-up", "--filter", "step", "--trace=t.json");
  expect(models.mock.calls[0]).toEqual([
    {
      filter: /step/iu,
      trace: "t.json",
      startUp: true,
      quick: false,
      all: false,
      list: false,
      unsafe: false,
    },
  ]);
  const { report } = await run("report", "a.json", "b.json", "--html=c.html");
  expect(report.mock.calls[0]).toEqual([["a.json", "b.json"], { html: "c.html" }]);
  const three = await run("report", "a", "b", "c");
  expect(three.report).not.toHaveBeenCalled();
  expect(three.errors).toContain("error: report takes one or two files, not 3");
  const { serve } = await run("serve", "--port", "0");
  expect(serve.mock.calls[0]).toEqual([{ port: 0, host: "127.0.0.1" }]);
  for (const port of ["-1", "65536", "http"]) {
    expect((await run("serve", `--port=${port}`)).errors).toContain(
      "It must be a whole number from 0 to 65535.",
    );
  }
});
