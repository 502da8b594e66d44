import { expect, test } from "vitest";
import { type Contestant, interleave, type Schedule } from "./rounds.ts";

const SCHEDULE: Schedule = { rounds: 4, minSampleMs: 50, slowMs: 1000 };

interface Fake extends Contestant {
  readonly calls: number[];
}

/** Takes `msEach` a computation by its own word, and notes its name in `order`. */
function fake(name: string, msEach: number, order: string[] = [], breaksAt = 0): Fake {
  const calls: number[] = [];
  return {
    name,
    calls,
    async sample(repeats) {
      calls.push(repeats);
      order.push(name);
      if (calls.length === breaksAt) throw new Error(`${name} broke`);
      return { ms: repeats * msEach, cpuMs: repeats * msEach * 2 };
    },
    check: async () => {},
  };
}

test("times are for one computation, by both clocks", async () => {
  const times = (await interleave([fake("a", 20)], SCHEDULE)).get("a");
  expect(times).toMatchObject({
    ms: { median: 20, min: 20, max: 20, mad: 0, samples: 4 },
    cpuMs: { median: 40 },
    repeats: 3,
  });
});

test("short jobs are repeated until a sample is long enough", async () => {
  const short = fake("short", 0.01);
  await interleave([short], SCHEDULE);
  const repeats = short.calls.at(-1) ?? 0;
  expect(repeats * 0.01).toBeGreaterThanOrEqual(50);
  expect(repeats * 0.01).toBeLessThan(100);
});

test("contestants take turns, another one first in every round", async () => {
  const order: string[] = [];
  const contestants = ["a", "b", "c"].map((name) => fake(name, 60, order));
  await interleave(contestants, SCHEDULE);
  const rounds = order.slice(-12).join("");
  expect(rounds).toBe("abcbcacababc");
});

test("slow jobs are sampled twice", async () => {
  const slow = fake("slow", 1001);
  const times = await interleave([slow, fake("fast", 60)], SCHEDULE);
  expect(times.get("slow")).toMatchObject({ ms: { samples: 2 } });
  expect(times.get("fast")).toMatchObject({ ms: { samples: 4 } });
});

test("one that breaks is out, and the others go on", async () => {
  const times = await interleave([fake("bad", 60, [], 4), fake("good", 60)], SCHEDULE);
  expect(times.get("bad")).toEqual({ failure: "bad broke" });
  expect(times.get("good")).toMatchObject({ ms: { samples: 4 } });
});

test("a time of something else than the job is none", async () => {
  const cheat: Contestant = {
    ...fake("cheat", 60),
    check: async () => {
      throw new Error("it computed nothing");
    },
  };
  expect((await interleave([cheat], SCHEDULE)).get("cheat")).toEqual({
    failure: "it computed nothing",
  });
});
