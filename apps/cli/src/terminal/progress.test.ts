import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { Rate, startProgress } from "./progress.ts";

function recorder(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 });
  let text = "";
  stream.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  // What progress uses of a terminal, which a pass-through has.
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

test("the rate is that of the last half minute", () => {
  let time = 0;
  const rate = new Rate(() => time);
  expect(rate.describe(100, "images")).toBe("- images/s");
  for (let done = 1; done <= 20; done += 1) {
    time += 1000;
    rate.mark(done);
  }
  expect(rate.describe(100, "images")).toBe("1.00 images/s, 1 min 20 s left");
  // Four times as fast, for longer than the window: the first half is forgotten.
  for (let done = 21; done <= 180; done += 1) {
    time += 250;
    rate.mark(done);
  }
  expect(rate.perSecond()).toBeCloseTo(4, 6);
  expect(rate.describe(180, "images")).toBe("4.00 images/s");
});

test("without a terminal there is a line now and then, and one at the end", () => {
  let time = 0;
  const { stream, text } = recorder(false);
  const options = { total: 4, unit: "images", stream, intervalMs: 5000, now: () => time };
  const progress = startProgress(options);
  time = 2000;
  progress.advance();
  expect(text()).toBe("");
  time = 6000;
  progress.advance();
  expect(text()).toBe("2/4 images  0.333 images/s, 6.0 s left\n");
  progress.note("cat.png: the file is empty");
  time = 7000;
  progress.advance(2);
  progress.stop();
  expect(text()).toBe(
    "2/4 images  0.333 images/s, 6.0 s left\n" +
      "cat.png: the file is empty\n4/4 images  0.571 images/s\n",
  );
});

test("a terminal gets a bar, with remarks above it", () => {
  let time = 0;
  const { stream, text } = recorder(true);
  const progress = startProgress({ total: 4, unit: "images", stream, now: () => time });
  time = 1000;
  progress.advance();
  progress.note("cat.png: the file is empty");
  time = 2000;
  progress.advance(3);
  progress.stop();
  expect(text()).toContain("cat.png: the file is empty\n");
  expect(text()).toContain("4/4  2.00 images/s");
  expect(text()).toContain("█");
});

test.each([true, false])("what was measured stands after the rate (terminal: %s)", (isTTY) => {
  let time = 0;
  const { stream, text } = recorder(isTTY);
  const progress = startProgress({ total: 4, unit: "images", stream, now: () => time });
  time = 6000;
  progress.advance(3, "epoch 1/2  loss 0.693");
  progress.stop();
  expect(text()).toContain("3/4");
  expect(text()).toContain("0.500 images/s, 2.0 s left  epoch 1/2  loss 0.693");
});
