import { Random } from "@fauxgrad/tensor";
import { expect, test } from "vitest";
import { DivergenceGuard } from "./divergence-guard.ts";
import { formatMetricsRow, type MetricsRow, parseMetricsLog, rowsUntil } from "./metrics-log.ts";

const row = (step: number, values: Record<string, number> = { loss: 0.5 }): MetricsRow => ({
  kind: "step",
  step,
  epoch: 0,
  values,
});

test("a log comes back as it was written, also what JSON has no number for", () => {
  const rows = [
    row(1, { loss: 0.1 + 0.2, learningRate: 5e-4 }),
    row(2, { loss: Number.NaN, gradNorm: Infinity, margin: -Infinity }),
    { ...row(2), kind: "validation", epoch: 3 } as const,
  ];
  expect(parseMetricsLog(rows.map(formatMetricsRow).join(""))).toEqual({ rows, truncated: false });
  expect(formatMetricsRow(rows[0]!)).toBe(
    '{"kind":"step","step":1,"epoch":0,"loss":0.30000000000000004,"learningRate":0.0005}\n',
  );
  expect(parseMetricsLog("")).toEqual({ rows: [], truncated: false });
});

test("a line cut off by a kill is left out, and the log says so", () => {
  const text = [row(1), row(2)].map(formatMetricsRow).join("");
  for (let cut = text.length / 2 + 1; cut < text.length; cut += 1) {
    expect(parseMetricsLog(text.slice(0, cut))).toEqual({ rows: [row(1)], truncated: true });
  }
});

test("a resumed run keeps what its checkpoint knows", () => {
  expect(rowsUntil([row(1), row(2), row(3)], 2)).toEqual([row(1), row(2)]);
});

test("refuses what is no log, naming the line", () => {
  const parse = (line: string) => () => parseMetricsLog(`${formatMetricsRow(row(1))}${line}\n`);
  const end = "\nThe file is no log of a training run, or damaged.";
  expect(parse("{")).toThrow(`parseMetricsLog: line 2 is not JSON${end}`);
  expect(parse("7")).toThrow(`parseMetricsLog: line 2 is no object${end}`);
  expect(parse('{"kind":"x"}')).toThrow(`parseMetricsLog: line 2 has kind "x"${end}`);
  expect(parse('{"kind":"step"}')).toThrow(`parseMetricsLog: line 2 has no step or epoch${end}`);
  expect(parse('{"kind":"step","step":1,"epoch":0,"loss":"low"}')).toThrow(
    `parseMetricsLog: line 2 has no number for loss${end}`,
  );
});

test("stops at the first value that is no number", () => {
  const guard = new DivergenceGuard();
  expect(guard.check(1, { loss: 0.7, gradNorm: 2 })).toBeNull();
  expect(guard.check(2, { loss: Number.NaN })).toEqual({
    kind: "not-finite",
    step: 2,
    message: "loss is NaN at step 2",
  });
  expect(guard.check(3, { loss: 0.7, gradNorm: Infinity })?.message).toBe(
    "gradNorm is Infinity at step 3",
  );
});

test("stops when the loss stays far above where it began", () => {
  const guard = new DivergenceGuard();
  let step = 0;
  for (; step < 100; step += 1) expect(guard.check(step, { loss: 0.7 })).toBeNull();
  let found = null;
  while (found === null && step < 200) found = guard.check(step++, { loss: 20 });
  // 20 − 19.3·0.95ⁿ exceeds 7 at the n-th step: n = 8.
  expect(found).toEqual({
    kind: "explosion",
    step: 107,
    message: "the loss has risen to 7.20 at step 107, from 0.700 at the start",
  });
});

test("bears outliers, a plateau, and penalties that begin high", () => {
  const outliers = new DivergenceGuard();
  const random = new Random(4);
  for (let step = 0; step < 2000; step += 1) {
    // One step of fifty costs 5, the others next to nothing.
    const loss = random.uniform() < 0.02 ? 5 : 1e-3;
    expect(outliers.check(step, { loss })).toBeNull();
  }
  const penalties = new DivergenceGuard();
  for (let step = 0; step < 100; step += 1) {
    expect(penalties.check(step, { loss: 54 - step / 10 })).toBeNull();
  }
});

test("a resumed guard goes on as an uninterrupted one", () => {
  const losses = Array.from({ length: 60 }, (_, i) => (i < 30 ? 0.7 : 15));
  const whole = new DivergenceGuard();
  const verdicts = losses.map((loss, step) => whole.check(step, { loss }));
  const first = new DivergenceGuard();
  for (let step = 0; step < 25; step += 1) first.check(step, { loss: losses[step]! });
  const resumed = new DivergenceGuard();
  resumed.load(JSON.parse(JSON.stringify(first.state)));
  const rest = losses.slice(25).map((loss, i) => resumed.check(25 + i, { loss }));
  expect(rest).toEqual(verdicts.slice(25));
  expect(rest.some((verdict) => verdict !== null)).toBe(true);
});
