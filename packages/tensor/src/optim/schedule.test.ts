import { expect, test } from "vitest";
import recorded from "./fixtures/optimizers.json" with { type: "json" };
import { Optimizer } from "./optimizer.ts";
import {
  cosineAnnealingLR,
  linearWarmup,
  multiStepLR,
  product,
  type Schedule,
  Scheduler,
  stepLR,
} from "./schedule.ts";

/** An optimizer that only has learning rates. */
class Idle extends Optimizer {
  protected override update(): void {}
}

const idle = (...rates: number[]) =>
  new Idle(
    rates.map((lr) => ({ parameters: [], lr })),
    { lr: 0 },
  );

test("schedules give PyTorch's learning rates", () => {
  const schedules: Record<keyof typeof recorded.schedules, Schedule> = {
    stepLR: stepLR({ stepSize: 3, gamma: 0.8 }),
    multiStepLR: multiStepLR({ milestones: [2, 5, 9] }),
    cosineAnnealingLR: cosineAnnealingLR({ tMax: 12, minimum: 0.1 }),
    linearLR: linearWarmup({ length: 4, startFactor: 0.25 }),
    lambdaLR: (step) => 1 / (1 + step),
  };
  for (const [name, rates] of Object.entries(recorded.schedules)) {
    const optimizer = idle(0.4);
    const scheduler = new Scheduler(optimizer, schedules[name as keyof typeof schedules]);
    for (const rate of rates) {
      // PyTorch multiplies step after step, which rounds once a step.
      expect(Math.abs(optimizer.groups[0]!.lr - rate), name).toBeLessThan(32 * 2 ** -53 * 0.4);
      scheduler.step();
    }
  }
});

test("the warm-up hands over to what follows, which counts from there", () => {
  const schedule = linearWarmup({ length: 2, startFactor: 0.5 }, (step) => 10 + step);
  expect([0, 1, 2, 3].map(schedule)).toEqual([0.5, 0.75, 10, 11]);
});

test("schedules multiply", () => {
  const both = product(stepLR({ stepSize: 1, gamma: 0.5 }), (step) => step);
  expect([0, 1, 2].map(both)).toEqual([0, 0.5, 0.5]);
});

test("each group keeps its own base, and a saved state continues", () => {
  const optimizer = idle(1, 0.25);
  const scheduler = new Scheduler(optimizer, stepLR({ stepSize: 1, gamma: 0.5 }));
  scheduler.step();
  scheduler.step();
  expect(optimizer.groups.map(({ lr }) => lr)).toEqual([0.25, 0.0625]);

  const other = idle(7, 7);
  const resumed = new Scheduler(other, stepLR({ stepSize: 1, gamma: 0.5 }));
  resumed.load(JSON.parse(JSON.stringify(scheduler.state)));
  expect(resumed.current).toBe(2);
  expect(other.groups.map(({ lr }) => lr)).toEqual([0.25, 0.0625]);
  resumed.step();
  expect(other.groups.map(({ lr }) => lr)).toEqual([0.125, 0.03125]);
});
