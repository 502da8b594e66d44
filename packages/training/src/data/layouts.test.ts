import { expect, test } from "vitest";
import { LGRAD_GENERATORS, realFakeSet, splitsOf, testSet, trainingSet } from "./layouts.ts";

/** Two real images and one fake one below a folder. */
const pair = (folder: string, suffix = "") => [
  `${folder}/0_real${suffix}/b.png`,
  `${folder}/0_real${suffix}/a.png`,
  `${folder}/1_fake${suffix}/c.png`,
];

test("reads ForenSynths: generators with and without categories, in the papers' order", () => {
  const paths = [
    ...pair("test/stylegan/cat"),
    ...pair("test/stylegan/bedroom"),
    ...pair("test/crn"),
    ...pair("test/biggan"),
    ...pair("test/progan/horse"),
  ];
  const { images, groups, notices } = testSet(paths);
  expect(groups).toEqual([
    { name: "progan", real: 2, fake: 1 },
    { name: "stylegan", real: 4, fake: 2 },
    { name: "biggan", real: 2, fake: 1 },
    { name: "crn", real: 2, fake: 1 },
  ]);
  expect(
    images.filter(({ group }) => group === "stylegan").map(({ category }) => category),
  ).toEqual([...Array(3).fill("bedroom"), ...Array(3).fill("cat")]);
  expect(images.find(({ group }) => group === "biggan")).toEqual({
    path: "test/biggan/0_real/a.png",
    label: 0,
    group: "biggan",
    category: null,
  });
  expect(notices).toEqual([
    "Not there, and left out: stylegan2, cyclegan, stargan, gaugan, deepfake.",
  ]);
});

test("the list may begin below test, and gradient trees are read alike", () => {
  const paths = LGRAD_GENERATORS.flatMap((name) => pair(name, "_grad"));
  const { groups, notices } = testSet(paths);
  expect(groups.map(({ name }) => name)).toEqual(LGRAD_GENERATORS);
  expect(notices).toEqual([]);
});

test("takes only the generators asked for, in their order", () => {
  const paths = [...pair("biggan"), ...pair("crn"), ...pair("progan/cat")];
  const { groups, notices } = testSet(paths, { generators: ["crn", "biggan", "san"] });
  expect(groups.map(({ name }) => name)).toEqual(["crn", "biggan"]);
  expect(notices).toEqual(["Not there, and left out: san."]);
});

test("finds images at any depth below a class, sorted folder by folder", () => {
  const { images } = testSet([
    "biggan/1_fake/z/deep/x.png",
    "biggan/1_fake/m.png",
    "biggan/0_real/y.png",
  ]);
  expect(images.map(({ path, label }) => [path, label])).toEqual([
    ["biggan/0_real/y.png", 0],
    ["biggan/1_fake/m.png", 1],
    ["biggan/1_fake/z/deep/x.png", 1],
  ]);
});

test("labels follow the names, or else the alphabet, and a doubt is said aloud", () => {
  const options = { generators: ["gan"] };
  expect(testSet(["gan/0/a.png", "gan/1/b.png"], options).notices).toEqual([]);
  expect(testSet(["gan/photos/a.png", "gan/synthetic/b.png"], options)).toMatchObject({
    images: [{ label: 0 }, { label: 1 }],
    notices: [
      'gan: labels follow the alphabet, so "photos" counts as real and "synthetic" as fake. ' +
        "Rename the folders 0_real and 1_fake if that is wrong.",
    ],
  });
  for (const [fake, real] of [
    ["fake", "real"],
    ["ai", "nature"],
    ["ai_grad", "nature_grad"],
  ]) {
    const { images, notices } = testSet([`gan/${fake}/a.png`, `gan/${real}/b.png`], options);
    expect(images.map(({ path, label }) => [path, label])).toEqual([
      [`gan/${fake}/a.png`, 1],
      [`gan/${real}/b.png`, 0],
    ]);
    expect(notices).toEqual([
      `gan: "${real}" counts as real and "${fake}" as fake, by their names; the detectors' own ` +
        "code goes by the alphabet.",
    ]);
  }
  // Categories of these names are no classes.
  const below = ["gan/ai/0_real/a.png", "gan/nature/1_fake/b.png"];
  expect(testSet(below, options).images.map(({ label }) => label)).toEqual([0, 1]);
});

test("two multi-category generators are no pair of classes", () => {
  const { groups } = testSet([
    ...pair("aaa/x"),
    ...pair("aaa/y"),
    ...pair("bbb/x"),
    ...pair("bbb/y"),
  ]);
  expect(groups.map(({ name, real }) => [name, real])).toEqual([
    ["aaa", 4],
    ["bbb", 4],
  ]);
});

test("one class alone is labelled by its name", () => {
  const { images, notices } = testSet(["gan/1_fake_grad/a.png"], { generators: ["gan"] });
  expect(images).toMatchObject([{ label: 1 }]);
  expect(notices).toEqual(["gan has no real images."]);
});

test("says what it skips", () => {
  const paths = [
    ...pair("gan"),
    "gan/notes.png",
    "gan/extra/q.png",
    ...pair("multi/a"),
    "multi/b/x.png",
  ];
  const { images, notices } = testSet(paths, { generators: ["gan", "multi"] });
  expect(images).toHaveLength(6);
  expect(notices).toEqual([
    "gan: 1 file beside the class folders skipped.",
    "gan/extra is skipped: it is no class.",
    "multi/b is skipped: it has no folder of either class.",
  ]);
});

test("the two classes may be the test folder itself", () => {
  const { groups } = testSet(["test/0/a.png", "test/1/b.png"]);
  expect(groups).toEqual([{ name: "", real: 1, fake: 1 }]);
});

test("refuses a tree without classes", () => {
  expect(() => testSet(["biggan/a.png", "gaugan/b.png"])).toThrow(
    "testSet: there is no image in a folder of real or fake ones\n  folders  biggan, gaugan\n" +
      "Expected <name>/[<category>/]0_real and 1_fake; or name two folders, real and fake.",
  );
  expect(() => testSet([])).toThrow("  folders  none\n");
});

test("two folders make a set, whatever they are called", () => {
  const { images, groups, notices } = realFakeSet(["photos/b.jpg", "photos/a.jpg"], [], "mine");
  expect(images.map(({ path, label }) => [path, label])).toEqual([
    ["photos/a.jpg", 0],
    ["photos/b.jpg", 0],
  ]);
  expect(groups).toEqual([{ name: "mine", real: 2, fake: 0 }]);
  expect(notices).toEqual(["mine has no fake images."]);
});

test("a training set has classes, of which some may be chosen", () => {
  const paths = ["horse", "car", "train"].flatMap((name) => [
    ...pair(`train/${name}`),
    ...pair(`val/${name}`),
  ]);
  expect(splitsOf(paths)).toEqual(["train", "val"]);
  expect(trainingSet(paths, "train").groups.map(({ name }) => name)).toEqual([
    "car",
    "horse",
    "train",
  ]);
  const { images, groups } = trainingSet(paths, "val", { classes: ["horse"] });
  expect(groups).toEqual([{ name: "horse", real: 2, fake: 1 }]);
  expect(images.every(({ path }) => path.startsWith("val/horse/"))).toBe(true);
  expect(() => trainingSet(paths, "train", { classes: ["horse", "dog"] })).toThrow(
    "trainingSet: train has no folder for dog\n  there  car, horse, train\n" +
      "Name classes that are there, or none for all of them.",
  );
  expect(() => trainingSet(paths, "test")).toThrow(
    "trainingSet: there is no folder test\n  there  train, val\n" +
      "Pass the folder that holds train and val.",
  );
});

test("T-GD's folders are two classes, and its validation folder is found", () => {
  const paths = ["train/0/a.png", "train/1/b.png", "validation/0/c.png", "validation/1/d.png"];
  expect(trainingSet(paths, "train").groups).toEqual([{ name: "", real: 1, fake: 1 }]);
  expect(trainingSet(paths, "val").images.map(({ path }) => path)).toEqual([
    "validation/0/c.png",
    "validation/1/d.png",
  ]);
});
