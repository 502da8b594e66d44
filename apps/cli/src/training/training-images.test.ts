import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../test-cli.ts";
import { resolveOptions } from "./run-options.ts";
import { findImages, limited, type TrainingImage } from "./training-images.ts";

const images = Array.from({ length: 40 }, (_, i): TrainingImage => {
  const relative = `train/horse/${i % 2 === 0 ? "0_real" : "1_fake"}/${i}.png`;
  return { file: relative, relative, label: i % 2 === 0 ? 0 : 1 };
});

test("a limit takes half real and half fake images, by their names and the seed", () => {
  const eight = limited(images, 8, 1);
  expect(eight.filter(({ label }) => label === 0)).toHaveLength(4);
  expect(eight).toHaveLength(8);
  expect(eight).toEqual(images.filter((image) => eight.includes(image)));
  expect(new Set(limited([...images].reverse(), 8, 1))).toEqual(new Set(eight));
  expect(limited(images, 8, 2)).not.toEqual(eight);
  // A smaller set lies within a larger one.
  const twenty = limited(images, 20, 1);
  expect(eight.every((image) => twenty.includes(image))).toBe(true);
  expect(
    limited(images, 3, 1)
      .map(({ label }) => label)
      .sort(),
  ).toEqual([0, 0, 1]);
  expect(() => limited(images, 42, 1)).toThrow(
    "--limit 42: there are 20 real images\nChoose at most 40.",
  );
});

test("a class without validation images is left out of the validation only", async () => {
  await using data = await temporaryFolder();
  for (const file of [
    ...["train/car/0_real/a.png", "train/car/1_fake/b.png", "train/horse/0_real/c.png"],
    ...["val/horse/0_real/d.png", "val/horse/1_fake/e.png"],
  ]) {
    await mkdir(path.dirname(path.join(data.path, file)), { recursive: true });
    await writeFile(path.join(data.path, file), "");
  }
  const find = (classes: string[]) => findImages(resolveOptions({ classes }, "out", data.path));
  const both = await find(["car", "horse"]);
  expect(both.train).toHaveLength(3);
  expect(both.val.map(({ relative }) => relative)).toEqual([
    "val/horse/0_real/d.png",
    "val/horse/1_fake/e.png",
  ]);
  expect((await find(["car"])).val).toEqual([]);
  await expect(find(["car", "cat"])).rejects.toThrow("trainingSet: train has no folder for cat\n");
});
