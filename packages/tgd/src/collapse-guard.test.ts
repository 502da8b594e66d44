import { expect, test } from "vitest";
import { CollapseGuard, type CollapseValues } from "./collapse-guard.ts";

const usual: CollapseValues = {
  crossEntropy: Math.LN2,
  constantLoss: Math.LN2,
  fcNorm: 1,
  gamma: 0.48,
  learningRate: 0.4,
};

test("a last layer that shrinks at ln 2 is a collapse, told with its numbers", () => {
  const guard = new CollapseGuard();
  // Decay by 20 % a step, as at rate 0.4 and gamma 0.5.
  for (let step = 1; step < 20; step += 1) {
    expect(guard.check(step, { ...usual, fcNorm: 0.8 ** step })).toBeNull();
  }
  expect(guard.check(20, { ...usual, fcNorm: 0.8 ** 20 })).toEqual({
    kind: "collapse",
    step: 20,
    message:
      "the classifier has collapsed: 20 steps at a loss of ln 2, or what one score for all " +
      "images costs\n" +
      "  loss           0.6931 at step 20, ln 2 is 0.6931\n  |w_fc|         0.0115, 0.800 at the start\n" +
      "  learning rate  0.400, gamma 0.480\n" +
      "The penalty shrinks the last layer faster than the images teach it: lower the learning " +
      "rate, s or beta.",
  });
});

test("the plateau before a pretraining learns is none: 23 epochs at ln 2, the norm grows", () => {
  const guard = new CollapseGuard();
  for (let step = 1; step <= 23 * 200; step += 1) {
    const wobble = 4e-4 * Math.sin(step);
    const fcNorm = 0.58 * (1 - 1e-4 * 0.32) ** step + 1e-4 * step;
    const values = { ...usual, gamma: null, crossEntropy: Math.LN2 + wobble, fcNorm };
    expect(guard.check(step, values)).toBeNull();
  }
});

test("a step away from ln 2 begins the count anew, and so does not a resumed run", () => {
  const guard = new CollapseGuard({ steps: 3 });
  const small = { ...usual, fcNorm: 0.01 };
  guard.check(1, usual);
  guard.check(2, small);
  const resumed = new CollapseGuard({ steps: 3 });
  resumed.load(JSON.parse(JSON.stringify(guard.state)));
  expect(guard.check(3, { ...small, crossEntropy: 0.6 })).toBeNull();
  expect(guard.check(4, small)).toBeNull();
  expect(resumed.check(3, small)?.kind).toBe("collapse");
  // 1e-3 away is still at ln 2, more is not.
  const edge = new CollapseGuard({ steps: 1 });
  edge.check(1, usual);
  expect(edge.check(2, { ...small, crossEntropy: Math.LN2 + 1.01e-3 })).toBeNull();
  expect(edge.check(3, { ...small, crossEntropy: Math.LN2 - 0.99e-3 })?.kind).toBe("collapse");
});

test("a bias and uneven batches do not hide it, and ln 2 below theirs is none", () => {
  const guard = new CollapseGuard({ steps: 4 });
  const found = [Math.LN2, 0.684, 0.703, 0.75, 0.66].map((loss, step) => {
    const fcNorm = step === 0 ? 1 : 1e-3;
    const values = { ...usual, fcNorm, crossEntropy: loss, constantLoss: loss + 2e-4 };
    return guard.check(step + 1, values)?.kind;
  });
  expect(found).toEqual([undefined, undefined, undefined, "collapse", "collapse"]);
  const learning = { ...usual, fcNorm: 1e-3, constantLoss: Math.LN2 + 0.01 };
  expect(guard.check(6, learning)).toBeNull();
});
