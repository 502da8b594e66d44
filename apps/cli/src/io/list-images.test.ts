import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listImages } from "./list-images.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "fauxgrad-list-"));
});
afterEach(() => rm(root, { recursive: true }));

const at = (name: string) => path.join(root, name);

async function create(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(path.dirname(at(name)), { recursive: true });
    await writeFile(at(name), "");
  }
}

/** The relative paths, and the problems without the test's folder. */
async function list(inputs: string[], options = {}) {
  const { images, problems } = await listImages(inputs.map(at), options);
  for (const { file, relative } of images) expect(file.endsWith(relative)).toBe(true);
  return {
    found: images.map(({ relative }) => relative),
    problems: problems.map(({ message }) => message.replaceAll(root + path.sep, "")),
  };
}

test("finds images below a folder, sorted, whatever the case of their extension", async () => {
  await create("in/b.PNG", "in/a.jpeg", "in/Z.Jpg", "in/sub/deep/c.webp", "in/sub/x.BMP");
  await create("in/notes.txt", "in/pngs", "in/.hidden.png", "in/sub/c.gif");
  expect(await list(["in"])).toEqual({
    found: ["Z.Jpg", "a.jpeg", "b.PNG", "sub/deep/c.webp", "sub/x.BMP"],
    problems: [],
  });
  expect((await list(["in"], { recursive: false })).found).toEqual(["Z.Jpg", "a.jpeg", "b.PNG"]);
});

test("takes named files as they are, keeps the order of the inputs, and drops repetitions", async () => {
  await create("z.dat", "in/b.png", "in/a.png");
  expect((await list(["z.dat", "in/b.png", "in", "in", "z.dat"])).found).toEqual([
    "z.dat",
    "b.png",
    "a.png",
  ]);
  // By another way it has another place in the output.
  expect((await list(["in/b.png", ".", "in"], { recursive: true })).found).toEqual([
    "b.png",
    "in/a.png",
    "in/b.png",
    "a.png",
  ]);
});

test("follows links, but not in circles", async () => {
  await create("in/a.png", "other/deep/b.png");
  await symlink("..", at("in/up"));
  await symlink(".", at("in/self"));
  await symlink(at("other"), at("in/linked"));
  await symlink(at("in"), at("other/back"));
  await symlink(at("in/a.png"), at("in/same.png"));
  const { found, problems } = await list(["in"]);
  expect(problems).toEqual([]);
  expect(found).toContain("a.png");
  expect(found).toContain("same.png");
  expect(found).toContain("linked/deep/b.png");
  expect(found.every((name) => !name.includes("self/") && !name.includes("back/"))).toBe(true);
});

test("leaves out the output folder", async () => {
  await create("in/a.png", "in/out/a.png", "in/out/deep/b.png");
  expect((await list(["in"], { exclude: at("in/out") })).found).toEqual(["a.png"]);
  expect((await list(["in"], { exclude: at("nowhere") })).found).toHaveLength(3);
});

test("reports what it cannot look into, and goes on", async () => {
  await create("in/a.png", "empty/notes.txt");
  await symlink(at("gone"), at("in/broken.jpg"));
  await symlink(at("gone"), at("in/broken.txt"));
  expect(await list(["missing.png", "in", "empty"])).toEqual({
    found: ["a.png"],
    problems: [
      "missing.png: there is no such file or folder\nCheck the path.",
      "in/broken.jpg: there is no such file or folder\nCheck the path.",
      `empty: the folder holds no image
  looked for  .png .jpg .jpeg .bmp .webp, in any case of letters
Name another folder, or the files themselves.`,
    ],
  });
});
