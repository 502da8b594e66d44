import { expect, test } from "vitest";
import { labelTree, type TreeImage, withSharedReals } from "./labelled-tree.ts";
import { layoutPath } from "./layout-path.ts";

const brief = ({ path, split, group, category, label, below }: TreeImage) =>
  [path, split, group, category, label, below].join(" | ");

test("reads ForenSynths, with and without splits and categories", () => {
  const { images, notices } = labelTree([
    "test/progan/cat/0_real/a.png",
    "test/progan/cat/1_fake/sub/b.png",
    "test/biggan/1_fake/c.png",
    "train/train/0_real/d.png",
  ]);
  expect(images.map(brief)).toEqual([
    "test/biggan/1_fake/c.png | test | biggan |  | 1 | c.png",
    "test/progan/cat/0_real/a.png | test | progan | cat | 0 | a.png",
    "test/progan/cat/1_fake/sub/b.png | test | progan | cat | 1 | sub/b.png",
    "train/train/0_real/d.png | train | train |  | 0 | d.png",
  ]);
  expect(notices).toEqual([]);
  const bare = labelTree(["0_real/a.png", "1_fake/b.png"]).images;
  expect(bare.map(brief)).toEqual([
    "0_real/a.png |  |  |  | 0 | a.png",
    "1_fake/b.png |  |  |  | 1 | b.png",
  ]);
});

test("reads T-GD, whose splits lie below the name", () => {
  const paths = ["PGGAN_128/train/0/a.png", "PGGAN_128/validation/1/b.png"];
  expect(labelTree(paths).images.map(brief)).toEqual([
    "PGGAN_128/train/0/a.png | train | PGGAN_128 |  | 0 | a.png",
    "PGGAN_128/validation/1/b.png | val | PGGAN_128 |  | 1 | b.png",
  ]);
});

test("a class called train beside others is no split", () => {
  const { images } = labelTree(["progan/train/0_real/a.png", "progan/cat/0_real/b.png"]);
  expect(images.map(({ split, category }) => [split, category])).toEqual([
    [null, "cat"],
    [null, "train"],
  ]);
});

test("one real folder beside generators is theirs together, where they have fakes", () => {
  const { images } = labelTree([
    "train/real/1.webp",
    "train/gan/1.webp",
    "test/real/2.webp",
    "test/gan/2.webp",
    "test/other/2.webp",
  ]);
  expect(images.filter(({ label }) => label === 0).map(({ group }) => group)).toEqual([null, null]);
  const shared = withSharedReals(images);
  expect(shared.map((image) => layoutPath("forensynths", image)).sort()).toEqual([
    "test/gan/0_real/2.webp",
    "test/gan/1_fake/2.webp",
    "test/other/0_real/2.webp",
    "test/other/1_fake/2.webp",
    "train/gan/0_real/1.webp",
    "train/gan/1_fake/1.webp",
  ]);
  expect(shared.map((image) => layoutPath("tgd", image)).sort()[0]).toBe("gan/test/0/2.webp");
  expect(layoutPath("tgd", shared[0]!, "5_shot")).toMatch(/^gan\/5_shot\/[01]\/2\.webp$/);
});

test("names may be said, and generators chosen", () => {
  const paths = ["photos/a.png", "dalle/a.png", "sd/a.png", "notes/x.png"];
  const options = { real: ["photos"], fake: ["dalle", "sd"] };
  const { images, notices } = labelTree(paths, options);
  expect(images.map(({ group, label }) => [group, label])).toEqual([
    ["dalle", 1],
    [null, 0],
    ["sd", 1],
  ]);
  expect(notices).toEqual(["The folder/notes is skipped: it is no class."]);
  const chosen = labelTree(paths, { ...options, generators: ["sd"] }).images;
  expect(chosen.map(({ path }) => path)).toEqual(["photos/a.png", "sd/a.png"]);
  expect(() => labelTree(paths, { ...options, generators: ["gan"] })).toThrow(
    "labelTree: there is no generator gan\n  there  dalle, sd\n" +
      "Name generators that are there, or none for all of them.",
  );
});

test("says what it skips, and refuses a tree without classes", () => {
  const paths = ["readme.png", "gan/0_real/a.png", "gan/1_fake/b.png", "gan/extra/c.png"];
  expect(labelTree(paths).notices).toEqual([
    "The folder: 1 file in no class folder skipped.",
    "gan/extra is skipped: it is no class.",
  ]);
  expect(() => labelTree(["cats/a.png", "dogs/b.png"])).toThrow(
    "labelTree: no folder is called as a class is\n  folders  cats, dogs\n" +
      "Call them 0_real and 1_fake, real and fake, or 0 and 1; or say which are real and fake.",
  );
});

test("the order of the list has no effect", () => {
  const paths = ["gan/0_real/b.png", "gan/1_fake/a.png", "gan/0_real/a.png", "x/1_fake/z/a.png"];
  expect(labelTree([...paths].reverse())).toEqual(labelTree(paths));
});
