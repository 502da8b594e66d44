import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CollisionError, outputPath, planOutputs } from "./output-paths.ts";

const image = (relative: string, root = "in") => ({ file: path.join(root, relative), relative });

test.each([
  ["a.png", "out/a.png", "out/a.png"],
  ["a.b.JPG", "out/a.b.png", "out/a.png"],
  [
    "train/horse/0_real/x.jpeg",
    "out/train/horse/0_real/x.png",
    "out/train/horse/0_real_grad/x.png",
  ],
  ["noextension", "out/noextension.png", "out/noextension.png"],
  [".x.y.png", "out/.x.y.png", "out/.x.png"],
])("names the output of %s", (relative, expected, official) => {
  expect(outputPath(image(relative), { out: "out" })).toBe(expected);
  expect(outputPath(image(relative), { out: "out", officialLayout: true })).toBe(official);
});

test("takes another extension", () => {
  const options = { out: "out", extension: ".safetensors" };
  expect(outputPath(image("s/a.png"), options)).toBe("out/s/a.safetensors");
});

test("plans every image where nothing collides", async () => {
  const images = [image("a.png"), image("s/a.png"), image("b.jpg")];
  expect(await planOutputs(images, { out: "out" })).toEqual([
    { file: "in/a.png", relative: "a.png", output: "out/a.png" },
    { file: "in/s/a.png", relative: "s/a.png", output: "out/s/a.png" },
    { file: "in/b.jpg", relative: "b.jpg", output: "out/b.png" },
  ]);
});

async function collision(...args: Parameters<typeof planOutputs>): Promise<string> {
  const error = await planOutputs(...args).then(
    () => new Error("planned"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CollisionError);
  return (error as CollisionError).message;
}

const REMEDY =
  "Rename one of each, transform them into different folders, or choose another output folder.";

test("refuses two inputs with one output, naming both", async () => {
  expect(await collision([image("x.jpg"), image("x.png")], { out: "out" })).toBe(
    `outputs: 1 file would be overwritten in this run
  in/x.jpg
  in/x.png
    both to out/x.png
${REMEDY}`,
  );
  const official = { out: "out", officialLayout: true };
  expect(await collision([image("a.b.jpg"), image("a.c.jpg")], official)).toContain(
    "  in/a.b.jpg\n  in/a.c.jpg\n    both to out/a.png\n",
  );
  expect(await collision([image("a.png"), image("a.png", "other")], { out: "out" })).toContain(
    "  in/a.png\n  other/a.png\n    both to out/a.png\n",
  );
});

test("counts names that differ in case, or in Unicode form, as one", async () => {
  expect(await collision([image("Cat.png"), image("cat.jpg")], { out: "out" })).toContain(
    "  in/Cat.png\n  in/cat.jpg\n    both to out/cat.png\n",
  );
  expect(await collision([image("e\u0301.png"), image("\u00e9.jpg")], { out: "out" })).toContain(
    "both to",
  );
});

test("refuses an output that is an input", async () => {
  expect(await collision([image("a.png"), image("b.jpg")], { out: "in" })).toBe(
    `outputs: 1 file would be overwritten in this run
  in/a.png
    to in/a.png, which is an input
${REMEDY}`,
  );
  expect(await collision([image("a.png")], { out: "other/../IN" })).toContain("is an input");
});

test("refuses an output that another one needs as its folder", async () => {
  const images = [image("a.jpg"), image("a.png/b.png")];
  expect(await collision(images, { out: "out" })).toBe(
    `outputs: 1 file would be overwritten in this run
  in/a.jpg
    to out/a.png, which must be a folder for
  in/a.png/b.png
${REMEDY}`,
  );
});

test("lists the first twenty and counts the rest", async () => {
  const images = Array.from({ length: 25 }, (_, i) => [image(`${i}.jpg`), image(`${i}.png`)]);
  const message = await collision(images.flat(), { out: "out" });
  expect(message).toContain("outputs: 25 files would be overwritten in this run\n");
  expect(message.match(/both to/g)).toHaveLength(20);
  expect(message).toContain("\n  and 5 more\n");
});

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "fauxgrad-paths-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("sees through links to folders and files", async () => {
  await mkdir(path.join(folder, "in"));
  await writeFile(path.join(folder, "in", "a.png"), "");
  await symlink(path.join(folder, "in"), path.join(folder, "alias"));
  const inputs = [{ file: path.join(folder, "in", "a.png"), relative: "a.png" }];
  expect(await collision(inputs, { out: path.join(folder, "alias") })).toContain("is an input");

  await symlink(path.join(folder, "in", "a.png"), path.join(folder, "link.png"));
  const linked = [{ file: path.join(folder, "link.png"), relative: "a.jpg" }];
  expect(await collision(linked, { out: path.join(folder, "in") })).toContain("is an input");
});
