import fc from "fast-check";
import { expect, test } from "vitest";
import { labelTree, withSharedReals } from "./labelled-tree.ts";
import { balanceClasses, fewShots, groupingKey, splitImages } from "./split-images.ts";

const EIGHT_ONE_ONE = { train: 8, val: 1, test: 1 };
const names = (count: number) => Array.from({ length: count }, (_, i) => `${i}.png`);
const tree = (real: readonly string[], fake: readonly string[]) =>
  labelTree([...real.map((name) => `0_real/${name}`), ...fake.map((name) => `1_fake/${name}`)])
    .images;

test("the split is a function of names and seed, whatever the order of the list", () => {
  const name = fc.string({ unit: fc.constantFrom(..."abc01_"), minLength: 1, maxLength: 6 });
  const input = fc.tuple(fc.uniqueArray(name, { minLength: 1, maxLength: 60 }), fc.nat());
  fc.assert(
    fc.property(input, fc.func(fc.integer()), ([stems, seed], order) => {
      const images = tree(
        stems.map((stem) => `${stem}.png`),
        stems.slice(1).map((stem) => `${stem}.jpg`),
      );
      const shuffled = images
        .map((image) => ({ image, at: order(image.path) }))
        .sort((a, b) => a.at - b.at)
        .map(({ image }) => image);
      const by = { ratios: EIGHT_ONE_ONE };
      const split = splitImages(images, { seed, by });
      const again = splitImages(shuffled, { seed, by });
      expect([...again].sort()).toEqual([...split].sort());
      // Twins of one name stay together.
      for (const stem of stems.slice(1)) {
        expect(split.get(`0_real/${stem}.png`)).toBe(split.get(`1_fake/${stem}.jpg`));
      }
    }),
  );
});

test("shares are met to the image where every name is a key, in each class by itself", () => {
  const images = tree(
    names(200),
    names(100).map((name) => `f${name}`),
  );
  const split = splitImages(images, { seed: 5, by: { ratios: EIGHT_ONE_ONE } });
  const count = (label: 0 | 1, name: string) =>
    images.filter((image) => image.label === label && split.get(image.path) === name).length;
  expect([count(0, "train"), count(0, "val"), count(0, "test")]).toEqual([160, 20, 20]);
  expect([count(1, "train"), count(1, "val"), count(1, "test")]).toEqual([80, 10, 10]);
});

test("a share of 0 gets nothing, and another seed splits otherwise", () => {
  const images = tree(names(50), names(50));
  const of = (seed: number) =>
    splitImages(images, { seed, by: { ratios: { train: 3, val: 0, test: 1 } } });
  expect(new Set(of(1).values())).toEqual(new Set(["train", "test"]));
  expect([...of(1)]).not.toEqual([...of(2)]);
});

test("one image more moves few of the others", () => {
  const stay = (count: number) =>
    splitImages(tree(names(count), []), { seed: 3, by: { ratios: EIGHT_ONE_ONE } });
  const [before, after] = [stay(500), stay(501)];
  const moved = [...before].filter(([path, split]) => after.get(path) !== split);
  // Two cuts, each moved by at most one place.
  expect(moved.length).toBeLessThanOrEqual(2);
});

test("kinds of few keys are cut together: not every photograph has every generator", () => {
  const paths = names(40).flatMap((name, i) => [
    `real/${name}`,
    ...[0, 1, 2, 3, 4].filter((bit) => (i >> bit) & 1).map((bit) => `gan${bit}/${name}`),
  ]);
  const split = splitImages(labelTree(paths).images, {
    seed: 1,
    by: { ratios: { train: 2, val: 1, test: 1 } },
  });
  const shares = ["train", "val", "test"].map(
    (name) => [...split.values()].filter((each) => each === name).length / split.size,
  );
  // A key of up to 6 images on either side of a cut.
  expect(shares[0]).toBeGreaterThan(0.5 - 6 / split.size);
  expect(shares[1]).toBeGreaterThan(0.25 - 6 / split.size);
  expect(shares[2]).toBeGreaterThan(0.25 - 6 / split.size);
});

test("counts fill test, then validation, then training; a larger training leaves test alone", () => {
  const images = tree(names(100), names(100));
  const of = (train: number) =>
    splitImages(images, { seed: 9, by: { counts: { train, val: 10, test: 20 } } });
  const paths = (split: ReturnType<typeof of>, name: string | null) =>
    [...split].filter(([, each]) => each === name).map(([path]) => path);
  expect(["train", "val", "test", null].map((name) => paths(of(30), name).length)).toEqual([
    60, 20, 40, 80,
  ]);
  expect(paths(of(70), "test")).toEqual(paths(of(30), "test"));
  expect(() => of(71)).toThrow(
    "splitImages: there are 100 real images, and 101 are asked for\n" +
      "Ask for fewer, or add images.",
  );
});

test("groups by a pattern, by folder, by name or not at all", () => {
  const [image] = labelTree(["gan/0_real/ada/012-3.tar.png", "gan/1_fake/a.png"]).images;
  expect(groupingKey(image!, "stem")).toBe("012-3.tar");
  expect(groupingKey(image!, "folder")).toBe("ada");
  expect(groupingKey(image!, "file")).toBe("gan/0_real/ada/012-3.tar.png");
  expect(groupingKey(image!, /(\d+)-\d/u)).toBe("012");
  expect(groupingKey(image!, /a.a/u)).toBe("ada");
  expect(() => groupingKey(image!, /x(\d)/u)).toThrow(
    "splitImages: gan/0_real/ada/012-3.tar.png does not match /x(\\d)/u\n" +
      "Pass a pattern that finds the photograph or person in every path.",
  );
  const [flat] = labelTree(["0_real/a.png"]).images;
  expect(() => groupingKey(flat!, "folder")).toThrow(
    "splitImages: 0_real/a.png lies directly in its class folder\n" +
      "To group by folders, give each photograph or person a folder below the class.",
  );
});

test("names that Unicode writes in two ways are one key", () => {
  const [composed] = labelTree(["0_real/\u00e9.png"]).images;
  const [decomposed] = labelTree(["1_fake/e\u0301.png"]).images;
  expect(groupingKey(composed!, "stem")).toBe(groupingKey(decomposed!, "stem"));
});

test("crops of one photograph stay together", () => {
  const images = tree(
    names(120).map((name, i) => `${i >> 2}-${name}`),
    names(60).map((name, i) => `${i >> 1}-${name}`),
  );
  const grouping = /\/(\d+)-/u;
  const split = splitImages(images, { seed: 2, grouping, by: { ratios: EIGHT_ONE_ONE } });
  const places = new Map<string, Set<unknown>>();
  for (const image of images) {
    const key = groupingKey(image, grouping);
    places.set(key, (places.get(key) ?? new Set()).add(split.get(image.path)));
  }
  expect([...places.values()].every(({ size }) => size === 1)).toBe(true);
  expect([...split.values()].filter((name) => name === "test")).toHaveLength(18);
});

test("a smaller subset is a part of every larger one, with twins together", () => {
  const images = labelTree([
    ...names(50).map((name) => `real/${name}`),
    ...names(50).map((name) => `gan/${name}`),
  ]).images;
  const paths = (shots: number) => fewShots(images, { seed: 4, shots }).map(({ path }) => path);
  const [few, many] = [paths(10), paths(30)];
  expect(few).toHaveLength(20);
  expect(many).toEqual(expect.arrayContaining(few));
  for (const path of few.filter((each) => each.startsWith("real/"))) {
    expect(few).toContain(path.replace("real/", "gan/"));
  }
  expect(() => paths(51)).toThrow(
    "fewShots: there are 50 fake images of gan, and 51 are asked for\n" +
      "Ask for fewer, or add images.",
  );
});

test("balancing takes from the larger class of each generator", () => {
  const images = labelTree([
    ...names(10).map((name) => `real/${name}`),
    ...names(4).map((name) => `gan/${name}`),
    ...names(12).map((name) => `other/${name}`),
  ]).images;
  const balanced = balanceClasses(withSharedReals(images), { seed: 0 });
  const count = (group: string, label: 0 | 1) =>
    balanced.filter((image) => image.group === group && image.label === label).length;
  expect([count("gan", 0), count("gan", 1)]).toEqual([4, 4]);
  expect([count("other", 0), count("other", 1)]).toEqual([10, 10]);
});

test("refuses shares that are none", () => {
  const by = { ratios: { train: 0, val: 0, test: 0 } };
  expect(() => splitImages([], { seed: 0, by })).toThrow(
    "splitImages: the shares are test 0, val 0, train 0\n" +
      "Pass numbers from 0, of which one is above it.",
  );
});
