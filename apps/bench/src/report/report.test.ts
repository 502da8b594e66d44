import { expect, test } from "vitest";
import type { Conv2dJob } from "../jobs.ts";
import { summarise } from "../measure/statistics.ts";
import { ratiosOf, resultOf } from "./report.ts";
import { caseText, digits } from "./text.ts";

const RATES = { fmaGFLOPs: 100, copyGBs: 10 };
const CEILINGS = {
  ceilings: { wall: RATES, cpu: { fmaGFLOPs: 25, copyGBs: 5 } },
  software: false,
};

function times(ms: number, cpuMs = ms) {
  return { ms: summarise([ms]), cpuMs: summarise([cpuMs]), repeats: 1 };
}

test("rates are of the median, and the nearer ceiling counts", () => {
  const arithmetic = resultOf("a", times(20), null, { flops: 1e9, bytes: 1e6 }, CEILINGS);
  expect(arithmetic).toMatchObject({ gflops: 50, ceiling: "fma" });
  expect(arithmetic.gbs).toBeCloseTo(0.05, 12);
  expect(arithmetic.ofCeiling).toBeCloseTo(0.5, 12);
  const memory = resultOf("a", times(20), null, { flops: 1e6, bytes: 1e8 }, CEILINGS);
  expect(memory.ceiling).toBe("copy");
  expect(memory.ofCeiling).toBeCloseTo(0.5, 12);
  const work = { flops: 1e9, bytes: 1e6 };
  const software = resultOf("a", times(20, 80), null, work, { ...CEILINGS, software: true });
  expect(software).toMatchObject({ gflops: 50, ceiling: "fma" });
  expect(software.ofCeiling).toBeCloseTo(0.5, 12);
});

test("a ratio is the peer's time over ours, by both clocks", () => {
  const work = { flops: 1e9, bytes: 1e6 };
  const results = [
    resultOf("registers", times(10, 20), null, work, CEILINGS),
    resultOf("tiled", times(5, 5), null, work, CEILINGS),
    resultOf("tfjs", times(30, 80), null, work, CEILINGS),
  ];
  expect(ratiosOf(results, "registers", ["tfjs", "ort"])).toEqual({ tfjs: { wall: 3, cpu: 4 } });
  expect(ratiosOf(results, "absent", ["tfjs"])).toEqual({});
});

const CONV: Conv2dJob = {
  op: "conv2d",
  pass: "forward",
  input: [1, 56, 56, 64],
  weight: [3, 3, 64, 64],
  stride: 1,
  padding: 1,
  groups: 1,
};

test("numbers have three digits", () => {
  expect([0, 1234.5, 123.4, 12.34, 1.234, 0.1234, 0.001234].map(digits)).toEqual([
    "0",
    "1235",
    "123",
    "12.3",
    "1.23",
    "0.123",
    "0.00123",
  ]);
});

test("a case shows its contestants, and why others are not there", () => {
  const work = { flops: 1e9, bytes: 2e6 };
  const results = [
    resultOf("registers", times(10, 20), 9, work, CEILINGS),
    resultOf("tfjs", times(30, 80), null, work, CEILINGS),
  ];
  const ratios = ratiosOf(results, "registers", ["tfjs"]);
  const without = { ort: "not counted: its process ended with SIGSEGV" };
  const text = caseText(
    { name: "conv", job: CONV, ...work, results, without, ratios },
    "registers",
  );
  const [head, ours, theirs, absent] = text.split("\n");
  expect(head).toBe("conv: 1.00 GFLOP, 2.00 MB");
  expect(ours).toMatch(/^\* registers +10\.0 ms \(10\.0 to 10\.0\) +CPU 20\.0 ms +100 GFLOP\/s/);
  expect(ours).toMatch(/100 % of fma +device 9\.00 ms$/);
  expect(theirs).toMatch(/^ {2}tfjs .* 3\.00 × ours \(CPU 4\.00 ×\)$/);
  expect(absent).toBe("  ort: not counted: its process ended with SIGSEGV");
});
