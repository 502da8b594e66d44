// Plan: the list is the issue's, word for word; what each target is measured by; ratios, limits
// and adapters on which they count; the words for it.
import { expect, test } from "vitest";
import type { ComparisonCaseReport, ComparisonReport } from "../comparison/report.ts";
import type { Conv2dJob } from "../jobs.ts";
import { summarise } from "../measure/statistics.ts";
import { NETWORK_CASES } from "../networks/network-job.ts";
import type { PeerJob } from "../peers/protocol.ts";
import { targetsMarkdown } from "./markdown.ts";
import type { ModelReport, StartUp } from "./model-report.ts";
import type { KernelReport, TargetReport } from "./report.ts";
import { targetReports } from "./targets.ts";
import { kernelCase, kernelReport, modelCase, modelReport } from "./test-reports.ts";
import { targetName, targetsText } from "./text.ts";

const CONV: Conv2dJob = {
  op: "conv2d",
  pass: "gradWeight",
  input: [1, 56, 56, 64],
  weight: [3, 3, 64, 64],
  stride: 1,
  padding: 1,
  groups: 1,
};

function comparison(...cases: readonly ComparisonCaseReport[]): ComparisonReport {
  const { ceilings: _ceilings, encoding: _encoding, ...rest } = kernelReport([]);
  const environment = { ...rest.environment, software: true };
  return { ...rest, schema: "fauxgrad-bench-peers/1", environment, cases };
}

function compared(name: string, job: PeerJob, wall: number, peer = "tfjs"): ComparisonCaseReport {
  const ratios = { [peer]: { wall, cpu: 2 * wall } };
  return { name, job, flops: 1, results: [], without: {}, ratios };
}

function network(start: string): { name: string; job: PeerJob } {
  const found = NETWORK_CASES.find(({ name }) => name.startsWith(start));
  if (found === undefined) throw new Error(`no case ${start}`);
  return found;
}

function found(targets: readonly TargetReport[], name: string): TargetReport | undefined {
  return targets.find((goal) => targetName(goal) === name);
}

test("the list is the issue's", () => {
  expect(targetReports([]).map(targetName)).toEqual([
    "ResNet-50 inference, batch 1 ≥ 4 × tfjs",
    "EfficientNet-B0 inference ≥ 4 × tfjs",
    "ResNet-50 inference, batch 1 ≥ 4 × ort",
    "EfficientNet-B0 inference ≥ 4 × ort",
    "ResNet-50 training step ≥ 8 × tfjs",
    "conv weight gradient ≥ 12 × tfjs",
    "conv weight gradient ≥ 12 × jax-js",
    "conv data gradient ≥ 5 × tfjs",
    "conv data gradient ≥ 5 × jax-js",
    "depthwise ≥ 5 × tfjs",
    "matmul 512³ ≥ 5 × tfjs",
    "matmul 512³ ≥ 5 × ort",
    "matmul 512³ ≥ 5 × ort-web",
    "matmul 512³ ≥ 5 × jax-js",
    "CPU cost of a replayed dispatch ≤ 5 µs",
    "memory of a ResNet-50 training step ≤ 1.25 × its live arrays",
    "second start to the first result of ResNet-50 inference ≤ 3 s",
    "matmul 4096³ ≥ 50 % of the FMA ceiling",
    "ResNet-50 training step 16 × 224² ≥ 0.5 × torch",
    "StyleGAN input gradient 16 × 256² ≥ 0.5 × torch",
    "subgroup-matrix f16 product ≥ 1 × the float32 FMA ceiling",
  ]);
});

test("ratios are judged by wall time, case by case, and the worst is told", () => {
  const report = comparison(
    compared("ResNet-50 conv a", CONV, 16),
    compared("ResNet-50 conv b", CONV, 4),
    compared("StyleGAN conv", CONV, 0.1),
    compared("ResNet-50 conv c", { ...CONV, pass: "gradInput" }, 5),
  );
  const targets = targetReports([report]);
  expect(found(targets, "conv weight gradient ≥ 12 × tfjs")).toMatchObject({
    verdict: "missed",
    cases: 2,
    reached: 1,
    worst: 4,
    worstCase: "ResNet-50 conv b",
    mean: expect.closeTo(8, 12),
    meanCpu: expect.closeTo(16, 12),
  });
  expect(found(targets, "conv data gradient ≥ 5 × tfjs")?.verdict).toBe("reached");
  expect(found(targets, "depthwise ≥ 5 × tfjs")).toMatchObject({
    verdict: "not measured",
    why: "bench peers --peers tfjs",
    worst: null,
  });
  expect(targetsText(targets)).toContain(
    "  MISSED   conv weight gradient ≥ 12 × tfjs: 1 of 2; worst 4.00: ResNet-50 conv b; " +
      "mean 8.00 (CPU 16.0)\n" +
      "  reached  conv data gradient ≥ 5 × tfjs: 5.00 (CPU 10.0): ResNet-50 conv c\n" +
      "  not measured here: 19; the page and `bench targets` say how",
  );
  expect(targetsText(targetReports([]))).toContain("  none was measured\n");
});

test("networks are told apart by name, batch and adapter", () => {
  const step = network("ResNet-50 training step 16");
  const cases = [
    compared(network("ResNet-50 inference 1").name, network("ResNet-50 inference 1").job, 4),
    compared(network("ResNet-50 inference 8").name, network("ResNet-50 inference 8").job, 1),
    compared(network("EfficientNet-B0 inference 8").name, step.job, 3),
    compared(step.name, step.job, 0.6, "torch"),
    compared("StyleGAN input gradient 16 × 256²", step.job, 0.4, "torch"),
  ];
  const software = comparison(...cases);
  const onCpu = targetReports([software]);
  expect(found(onCpu, "ResNet-50 inference, batch 1 ≥ 4 × tfjs")).toMatchObject({
    verdict: "reached",
    cases: 1,
  });
  expect(found(onCpu, "EfficientNet-B0 inference ≥ 4 × tfjs")?.verdict).toBe("missed");
  const torch = "ResNet-50 training step 16 × 224² ≥ 0.5 × torch";
  expect(found(onCpu, torch)?.why).toBe(
    "on a GPU: bench peers --peers torch --networks resnet50 --batches 16",
  );
  const environment = { ...software.environment, software: false };
  const onGpu = targetReports([{ ...software, environment }]);
  expect(found(onGpu, torch)).toMatchObject({ verdict: "reached", worst: 0.6 });
  const gradient = "StyleGAN input gradient 16 × 256² ≥ 0.5 × torch";
  expect(found(onCpu, gradient)?.why).toBe(
    "on a GPU: bench peers --peers torch --networks stylegan --batches 16",
  );
  expect(found(onGpu, gradient)).toMatchObject({ verdict: "missed", worst: 0.4 });
  expect(found(onGpu, "ResNet-50 inference, batch 1 ≥ 4 × tfjs")?.verdict).toBe("not measured");
});

test("what is measured of ourselves has limits", () => {
  const replay = { isReplayed: true, bindGroups: 0, buffers: 0, dispatches: 1 };
  const encoding = [
    { ...replay, name: "relu", isReplayed: false, us: summarise([9]) },
    { ...replay, name: "relu, replayed", us: summarise([4]) },
    { ...replay, name: "conv, replayed", us: summarise([6]) },
  ];
  const [product] = kernelCase("matmul 4096³ forward", { tiled: [10] }).results;
  const large = kernelCase("matmul 4096³ forward", {});
  const half = kernelCase("f16 matmul 4096³ forward", { tiled: [10], matrices: [3] });
  const kernels: KernelReport = {
    ...kernelReport([{ ...large, results: product === undefined ? [] : [product] }, half]),
    encoding,
  };
  const times: StartUp = {
    openMs: 1,
    weightsMs: 1,
    firstMs: 1,
    secondMs: 1,
    totalMs: 2500,
    pipelines: 1,
  };
  const inference = modelCase("ResNet-50 inference 1×224²", []);
  const models: ModelReport = modelReport([
    { ...inference, startUp: { cold: { ...times, totalMs: 9000 }, warm: times } },
    modelCase("ResNet-50 training step 2×224²", []),
  ]);
  const verdicts = targetReports([models, kernels])
    .filter(({ verdict }) => verdict !== "not measured")
    .map((goal) => [targetName(goal), goal.verdict, goal.worst]);
  expect(verdicts).toEqual([
    ["CPU cost of a replayed dispatch ≤ 5 µs", "missed", 6],
    ["memory of a ResNet-50 training step ≤ 1.25 × its live arrays", "missed", 2],
    ["second start to the first result of ResNet-50 inference ≤ 3 s", "reached", 2.5],
    ["matmul 4096³ ≥ 50 % of the FMA ceiling", "reached", 50],
    ["subgroup-matrix f16 product ≥ 1 × the float32 FMA ceiling", "missed", 0.5],
  ]);
  const markdown = targetsMarkdown([models, kernels]);
  expect(markdown).toContain("| CPU cost of a replayed dispatch ≤ 5 µs | **missed** | 1 of 2; ");
  expect(markdown).toContain("| matmul 512³ ≥ 5 × ort | not measured | on a software adapter: ");
});
