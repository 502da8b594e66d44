import { lstat, mkdir, readdir, readFile, readlink, stat } from "node:fs/promises";
import path from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { testPicture, toSharp, writeTree } from "../data/test-pictures.ts";
import { jpegCodec } from "../io/jpeg-codec.ts";
import { runCli, startCli, temporaryFolder } from "../test-cli.ts";

/** Files of no use as images, for commands that decode nothing. */
const files = (folder: string, count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${folder}/${i}.png`, `${folder} ${i}`]),
  );

const png = (seed: number) => toSharp(testPicture(seed)).png().toBuffer();

async function listed(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

test("splits, with a manifest, the same on every run, and overwrites nothing", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await writeTree(cwd, { ...files("src/0_real", 40), ...files("src/1_fake", 40) });
  const first = await runCli(["data", "split", "src", "--out", "a", "--seed", "7"], { cwd });
  expect(first).toMatchObject({ code: 0 });
  expect(first.stdout).toBe(
    "split  generator  real  fake\n" +
      "train  -            32    32\nval    -             4     4\ntest   -             4     4\n",
  );
  const manifest = JSON.parse(await readFile(path.join(cwd, "a/manifest.json"), "utf8"));
  expect(manifest).toMatchObject({
    command: "fauxgrad data split",
    layout: "forensynths",
    seed: 7,
    groupBy: "stem",
    ratios: { train: 8, val: 1, test: 1 },
  });
  expect(manifest.files).toHaveLength(80);
  const entry = manifest.files.find(({ source }: { source: string }) => source === "1_fake/3.png");
  expect(entry).toMatchObject({ label: 1, generator: "", category: "" });
  expect(entry.file).toBe(`${entry.split}/1_fake/3.png`);
  expect(await readFile(path.join(cwd, "a", entry.file), "utf8")).toBe("src/1_fake 3");
  expect(entry.sha256).toMatch(/^[0-9a-f]{64}$/);

  const again = ["data", "split", "src", "--out", "b", "--seed", "7", "--link", "hardlink"];
  expect(await runCli(again, { cwd })).toMatchObject({ code: 0 });
  expect(await listed(path.join(cwd, "b"))).toEqual(await listed(path.join(cwd, "a")));
  expect((await stat(path.join(cwd, "b", entry.file))).nlink).toBe(2);
  const refused = await runCli(again, { cwd });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toBe(
    "fauxgrad data split: --out: b exists already\n" +
      "Nothing was done. Name a new folder, or remove that one.\n",
  );
}, 60_000);

test("keeps splits, shares real images, and lays them out as T-GD does", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await writeTree(cwd, {
    ...files("sr/train/real", 3),
    ...files("sr/train/gan", 3),
    ...files("sr/test/real", 2),
    ...files("sr/test/gan", 2),
    ...files("sr/test/bicubic", 2),
  });
  const args = ["--layout", "tgd", "--keep-splits", "--link", "symlink", "--json"];
  const { code, stdout } = await runCli(["data", "split", "sr", "--out", "t", ...args], { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    out: "t",
    files: 14,
    unused: 0,
    sets: [
      { split: "train", generator: "gan", real: 3, fake: 3 },
      { split: "test", generator: "bicubic", real: 2, fake: 2 },
      { split: "test", generator: "gan", real: 2, fake: 2 },
    ],
  });
  const link = path.join(cwd, "t/bicubic/test/0/1.png");
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(await readlink(link)).toMatch(/sr\/test\/real\/1\.png$/);
  const split = await runCli(["data", "split", "sr", "--out", "u"], { cwd });
  expect(split.code).toBe(2);
  expect(split.stderr).toBe(
    "fauxgrad data split: sr is split already: test, train\n" +
      "Pass --keep-splits to lay it out as it is, or name a folder below one of them.\n",
  );
  expect(await readdir(cwd)).toEqual(["sr", "t"]);
}, 60_000);

test("says what is wrong with options", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await writeTree(cwd, { ...files("src/real", 2), ...files("src/fake", 2) });
  const stderr = async (...args: string[]) =>
    (await runCli(["data", "split", "src", "--out", "a", ...args], { cwd })).stderr;
  expect(await stderr("--ratios", "1:1:1", "--counts", "1:0:0")).toBe(
    "fauxgrad data split: --ratios and --counts exclude each other\nPass one of them.\n",
  );
  expect(await stderr("--keep-splits")).toBe(
    "fauxgrad data split: --keep-splits: src has no folders train, val and test\n" +
      "Leave the option out, and it is split.\n",
  );
  expect(await stderr("--counts", "2:1:0")).toBe(
    "fauxgrad data split: splitImages: there are 2 real images, and 3 are asked for\n" +
      "Ask for fewer, or add images.\n",
  );
  expect(await readdir(cwd)).toEqual(["src"]);
}, 60_000);

test("subsets are nested, and hold nothing of validation and test", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const test7 = { "d/test/gan/0_real/other-name.png": "d/train/gan/0_real 7" };
  await writeTree(cwd, {
    ...files("d/train/gan/0_real", 20),
    ...files("d/train/gan/1_fake", 20),
    ...files("d/test/gan/1_fake", 2),
    ...test7,
  });
  const sample = (shots: number) =>
    runCli(
      ["data", "sample", "d", "--layout", "tgd", "--shots", `${shots}`, "--out", `s${shots}`],
      { cwd },
    );
  const few = await sample(5);
  expect(few.code).toBe(0);
  expect(few.stderr).toContain("1 training image not taken: validation or test has the same.\n");
  expect((await sample(19)).code).toBe(0);
  const names = async (shots: number) =>
    (await listed(path.join(cwd, `s${shots}/gan/${shots}_shot`))).sort();
  expect(await names(5)).toHaveLength(10);
  expect(await names(19)).toEqual(expect.arrayContaining(await names(5)));
  expect(await names(19)).not.toContain("0/7.png");
  expect((await sample(20)).stderr).toContain(
    "fauxgrad data sample: fewShots: there are 19 real images of gan, and 20 are asked for\n",
  );
}, 60_000);

test("real images that generators share are theirs whatever became of their category's fakes", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const categories = Array.from({ length: 10 }, (_, i) => `c${i}`);
  // Names of their own: no key holds a real image and a fake one together.
  const tree = Object.fromEntries(
    categories.flatMap((name) =>
      ["real", "gan"].map((kind) => [`d/${name}/${kind}/${name}-${kind}.png`, `${name} ${kind}`]),
    ),
  );
  await writeTree(cwd, tree);
  const setsOf = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(["data", ...args, "--json"], { cwd });
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  expect((await setsOf("sample", "d", "--shots", "3", "--out", "s")).sets).toEqual([
    { split: "train", generator: "gan", real: 3, fake: 3 },
  ]);
  const split = await setsOf("split", "d", "--ratios", "1:1:1", "--out", "p");
  expect(split).toMatchObject({ files: 20, unused: 0 });
}, 60_000);

test("an audit finds the leaks that were put in", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const tree: Record<string, Uint8Array | string> = {};
  for (let i = 0; i < 24; i += 1) {
    const split = i < 16 ? "train" : "test";
    tree[`d/${split}/1_fake/${i}.png`] = await png(100 + i);
    // Real images are PNGs too, but were JPEGs before.
    const jpeg = await jpegCodec.encode(testPicture(i), 60);
    tree[`d/${split}/0_real/${i}.png`] = await sharp(jpeg).png().toBuffer();
  }
  tree["d/test/0_real/again.png"] = await toSharp(testPicture(3)).resize(70, 60).png().toBuffer();
  tree["d/test/1_fake/copy.png"] = tree["d/train/0_real/5.png"]!;
  tree["d/train/1_fake/broken.png"] = "no picture";
  await writeTree(cwd, tree);
  const args = ["data", "audit", "d", "--json", "--html", "audit.html"];
  const { code, stdout, stderr } = await runCli(args, { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain(
    "d/train/1_fake/broken.png: the content is no image that can be decoded",
  );
  expect(stderr).toMatch(/^1 file left out\.$/m);
  const audit = JSON.parse(stdout);
  expect(audit.images).toBe(50);
  expect(audit.duplicates).toEqual([
    {
      likeness: "file",
      acrossSplits: true,
      acrossClasses: true,
      images: ["test/1_fake/copy.png", "train/0_real/5.png"],
    },
    {
      likeness: "picture",
      acrossSplits: true,
      acrossClasses: false,
      images: ["test/0_real/again.png", "train/0_real/3.png"],
    },
  ]);
  const property = (name: string) =>
    audit.properties.find((each: { name: string }) => each.name === name);
  expect(property("was a JPEG")).toMatchObject({
    real: "yes 96 %, no 4 %",
    verdict: "decisive",
    kind: "file",
  });
  expect(property("former JPEG quality")).toMatchObject({ real: "60" });
  expect(property("format")).toMatchObject({ real: "png", verdict: "even" });
  expect(audit.leaks).toEqual([
    "duplicates: 2 groups of the same picture in more than one split. Split by photograph (data " +
      "split --group-by), or remove all but one of each.",
    "labels: 1 group of the same pixels called real and fake. Find out which is right, and " +
      "remove the other.",
    expect.stringMatching(/^was a JPEG: a detector could reach AUC 0\.9\d from it alone\. Give/),
  ]);
  const page = await readFile(path.join(cwd, "audit.html"), "utf8");
  expect(page).toContain("<h2>Leaks</h2>");
  expect(page).toContain("the same picture, across splits");
  expect(page).toContain('src="data:image/png;base64,');
}, 60_000);

test("a clean set has no leak; --strict is for scripts", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const tree: Record<string, Uint8Array> = {};
  for (let i = 0; i < 12; i += 1) {
    tree[`d/real/${i}.png`] = await png(i);
    tree[`d/fake/${i}.png`] = await png(50 + i);
  }
  await writeTree(cwd, tree);
  const clean = await runCli(["data", "audit", "d", "--strict"], { cwd });
  expect(clean).toMatchObject({ code: 0 });
  expect(clean.stdout).toContain("No leak found.");
  expect(clean.stdout).toMatch(/^the same file +0 +0 +0 +0$/m);
  await writeTree(cwd, { "d/fake/0.png": tree["d/real/0.png"]! });
  expect((await runCli(["data", "audit", "d"], { cwd })).code).toBe(0);
  const strict = await runCli(["data", "audit", "d", "--strict"], { cwd });
  expect(strict.code).toBe(1);
  expect(strict.stdout).toContain("  the same file\n    fake/0.png\n    real/0.png\n");
}, 60_000);

test("an interrupted split ends as such, and leaves nothing", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await writeTree(cwd, { ...files("src/real", 4000), ...files("src/fake", 4000) });
  await mkdir(path.join(cwd, "out"));
  const run = startCli(["data", "split", "src", "--out", "out/set"], { cwd });
  for (;;) {
    if ((await readdir(path.join(cwd, "out"))).length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  run.kill("SIGINT");
  expect(await run.ended).toMatchObject({ code: 130 });
  expect(await readdir(path.join(cwd, "out"))).toEqual([]);
}, 60_000);
