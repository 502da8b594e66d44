import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../test-cli.ts";
import { findTestData, findValidationData } from "./test-data.ts";

let work: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  work = await temporaryFolder();
  for (const file of [
    ...["images/test/progan/cat/0_real/a.png", "images/test/progan/cat/1_fake/b.png"],
    ...["images/test/biggan/0_real/c.jpg", "images/test/biggan/0_real/d.jpg"],
    "images/test/biggan/1_fake/e.jpg",
    ...["grads/biggan/0_real_grad/a.png", "grads/biggan/1_fake_grad/b.png"],
    ...["mixed/biggan/0_real/a.png", "mixed/biggan/1_fake_grad/b.png"],
    ...["val/val/horse/0_real/a.png", "val/val/horse/1_fake/b.png", "val/train/x/0_real/c.png"],
  ]) {
    await mkdir(path.join(work.path, path.dirname(file)), { recursive: true });
    await writeFile(path.join(work.path, file), "");
  }
});

afterAll(() => work[Symbol.asyncDispose]());

test("finds ForenSynths with and without categories, files and places in their folders", async () => {
  const data = path.join(work.path, "images");
  const found = await findTestData({ data });
  expect(found.isGradients).toBe(false);
  expect(found.notices).toEqual([
    "Not there, and left out: stylegan, stylegan2, cyclegan, stargan, gaugan, deepfake.",
  ]);
  expect(
    found.images.map(({ path: below, group, category, label, place }) => [
      ...[below, group, category, label, place],
    ]),
  ).toEqual([
    ["test/progan/cat/0_real/a.png", "progan", "cat", 0, 0],
    ["test/progan/cat/1_fake/b.png", "progan", "cat", 1, 0],
    ["test/biggan/0_real/c.jpg", "biggan", null, 0, 0],
    ["test/biggan/0_real/d.jpg", "biggan", null, 0, 1],
    ["test/biggan/1_fake/e.jpg", "biggan", null, 1, 0],
  ]);
  expect(found.images[4]?.file).toBe(path.join(data, "test/biggan/1_fake/e.jpg"));
  const only = await findTestData({ data, generators: ["biggan"] });
  expect(only.groups).toEqual([{ name: "biggan", real: 2, fake: 1 }]);
});

test("folders' names say whether the images are gradients; the option says otherwise", async () => {
  const data = path.join(work.path, "grads");
  expect((await findTestData({ data })).isGradients).toBe(true);
  expect((await findTestData({ data, gradients: false })).isGradients).toBe(false);
  const mixed = path.join(work.path, "mixed");
  await expect(findTestData({ data: mixed })).rejects.toThrow(
    "1 of 2 images lie in folders that end in _grad, the others do not\n" +
      "Pass --gradients if all of them are gradients, --no-gradients if none is.",
  );
  expect((await findTestData({ data: mixed, gradients: true })).isGradients).toBe(true);
});

test("two folders are one set, and files of the same name stay two", async () => {
  const folder = (name: string) => path.join(work.path, "grads/biggan", name);
  const real = folder("0_real_grad");
  const { images, isGradients } = await findTestData({ real, fake: real });
  expect(images.map(({ path: below, label }) => [below, label])).toEqual([
    ["real_grad/a.png", 0],
    ["fake_grad/a.png", 1],
  ]);
  expect(isGradients).toBe(true);
  for (const options of [{}, { real }, { data: real, real }, { data: real, real, fake: real }]) {
    await expect(findTestData(options)).rejects.toThrow(
      "it is not clear which images to evaluate\n" +
        "Pass --data ROOT, a tree with folders of real and fake images; " +
        "or --real DIR and --fake DIR.",
    );
  }
  await expect(findTestData({ data: path.join(work.path, "none") })).rejects.toThrow(
    /none: there is no such file or folder/,
  );
});

test("a validation set is the folder val, or all there is, without notices of missing ones", async () => {
  const val = await findValidationData(path.join(work.path, "val"), {});
  expect(val.images.map(({ path: below }) => below)).toEqual([
    "val/horse/0_real/a.png",
    "val/horse/1_fake/b.png",
  ]);
  const other = await findValidationData(path.join(work.path, "grads"), {});
  expect([other.images.length, other.notices]).toEqual([2, []]);
  const direct = await findValidationData(path.join(work.path, "grads/biggan"), {});
  expect([direct.images.length, direct.isGradients]).toEqual([2, true]);
});
