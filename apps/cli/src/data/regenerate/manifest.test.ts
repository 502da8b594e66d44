import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test-cli.ts";
import { writeTree } from "../test-pictures.ts";
import { numberPhotos, type Recipe, resume, writeManifest } from "./manifest.ts";

const RECIPE: Recipe = {
  seed: 3,
  ratios: { train: 2, val: 1, test: 1 },
  downscale: 1.5,
  longSide: 1280,
  regions: 4,
  texture: 3,
  libvips: "8.0",
  generators: [],
};

async function photosIn(folder: string, count: number) {
  const names = Array.from({ length: count }, (_, i) => `${i}.jpg`);
  await writeTree(folder, Object.fromEntries(names.map((name) => [name, `photo ${name}`])));
  return names.map((name) => ({ file: path.join(folder, name), relative: name }));
}

test("photographs are numbered and split by their contents, copies left out", async () => {
  await using folder = await temporaryFolder();
  const images = await photosIn(folder.path, 12);
  const copy = path.join(folder.path, "copy.jpg");
  await writeFile(copy, "photo 4.jpg");
  const { photos, copies } = await numberPhotos(
    [...images, { file: copy, relative: "copy.jpg" }],
    RECIPE,
  );
  expect(copies.map(({ relative }) => relative)).toEqual(["copy.jpg"]);
  expect(photos.map(({ photo }) => photo).slice(0, 3)).toEqual(["000", "001", "002"]);
  const count = (split: string) => photos.filter((photo) => photo.split === split).length;
  expect([count("train"), count("val"), count("test")]).toEqual([6, 3, 3]);
  // Another name, the same split.
  const renamed = images.map(({ file, relative }) => ({ file, relative: `z${relative}` }));
  const again = await numberPhotos(renamed, RECIPE);
  expect(again.photos.map(({ split }) => split)).toEqual(photos.map(({ split }) => split));
});

test("a set that was begun is gone on with, and only as it was begun", async () => {
  await using folder = await temporaryFolder();
  const images = await photosIn(path.join(folder.path, "photos"), 4);
  const out = path.join(folder.path, "out");
  const { photos } = await numberPhotos(images, RECIPE);
  expect(await resume(out, RECIPE, photos)).toEqual(photos);
  const done = photos.map((photo, i) =>
    i === 0 ? { ...photo, scaled: [640, 480] as const, regions: [{ x: 32, y: 32 }] } : photo,
  );
  await writeManifest(out, RECIPE, done);
  expect(await resume(out, RECIPE, photos)).toEqual(done);
  const refusal = (differs: string) =>
    `--out: ${out} was begun otherwise\n  differs  ${differs}\n` +
    "Name a new folder, or repeat what it was begun with.";
  const other = { ...RECIPE, seed: 4, texture: 1 };
  await expect(resume(out, other, photos)).rejects.toThrow(refusal("seed, texture"));
  await expect(resume(out, RECIPE, photos.slice(1))).rejects.toThrow(refusal("photographs"));
});

test("a folder that holds something else is left alone", async () => {
  await using folder = await temporaryFolder();
  const out = folder.path;
  await writeFile(path.join(out, "a.txt"), "mine");
  await expect(resume(out, RECIPE, [])).rejects.toThrow(
    `--out: ${out} exists already\nNothing was done. Name a new folder, or remove that one.`,
  );
  const manifest = path.join(out, "manifest.json");
  await writeFile(manifest, JSON.stringify({ command: "fauxgrad data split", files: [] }));
  await expect(resume(out, RECIPE, [])).rejects.toThrow(
    `${manifest} is no manifest of fauxgrad data regenerate\nName a new folder.`,
  );
});
