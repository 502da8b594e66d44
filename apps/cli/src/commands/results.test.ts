import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { testBundle } from "@fauxgrad/detectors/test-bundle";
import { describe, expect, test } from "vitest";
import { writePng } from "../io/write-png.ts";
import { runCli, temporaryFolder } from "../test-cli.ts";
import { tinyImage } from "../training/tiny-images.ts";
import { parseQualityList } from "./results.ts";

test("qualities are a list, or none", () => {
  expect(parseQualityList("95, 75")).toEqual([95, 75]);
  expect(parseQualityList("none")).toEqual([]);
  expect(() => parseQualityList("101")).toThrow(
    "Write whole numbers from 1 to 100, e.g. 95,75, or none.",
  );
});

/** Two photographs of one region each; what the GAN made has a grid, the control has none. */
async function writeTestImages(folder: string): Promise<void> {
  for (const name of ["real", "isr-gans", "control-bicubic"]) {
    for (const photo of ["001", "002"]) {
      const file = path.join(folder, "test", name, `${photo}-0.png`);
      await mkdir(path.dirname(file), { recursive: true });
      await writePng(file, tinyImage(name === "isr-gans" ? 1 : 0, `${name}/${photo}`));
    }
  }
}

describe.skipIf(process.env["GPU"] === "off")("results", () => {
  test("writes a document, keeps the scores, and finds a digit that was changed", async () => {
    await using work = await temporaryFolder();
    const within = (...parts: string[]) => path.join(work.path, ...parts);
    await mkdir(within("bundle"));
    for (const [name, bytes] of await testBundle()) await writeFile(within("bundle", name), bytes);
    await writeTestImages(within("data"));
    const run = (...more: string[]) => {
      const folders = ["--data", within("data"), "--bundle", within("bundle")];
      const outputs = ["--cache", within("cache"), "--out", within("r.md"), "--jpeg", "75"];
      return runCli(["results", ...folders, ...outputs, "--resamples", "20", ...more]);
    };

    const made = await run("--json", within("r.json"));
    expect(made.code, made.stderr).toBe(0);
    const text = await readFile(within("r.md"), "utf8");
    const { detectors } = JSON.parse(await readFile(within("r.json"), "utf8"));
    // 6 images, and 4 after JPEG.
    const verdicts = 10 * detectors.length;
    expect(text).toMatch(new RegExp(`: ${verdicts} of ${verdicts} verdicts in `));
    const value = 100 * detectors[0].images.gans["isr-gans"].rocAuc.value;
    expect(text).toMatch(new RegExp(`\\n\\| LGrad \\| ${value.toFixed(1)} \\(`));

    // Nothing is judged again, and what is told of the run stays.
    const again = await run();
    expect(again.stderr).toContain(`clean: ${6 * detectors.length} verdicts of an earlier run.`);
    expect(await readFile(within("r.md"), "utf8")).toBe(text);

    await writeFile(within("r.md"), text.replace("| T-GD | tgd |", "| T-GD | tgd2 |"));
    const changed = await run("--check");
    expect(changed.code).toBe(1);
    expect(changed.stdout).toBe("detectors, T-GD, name: the document has tgd2, computed tgd\n");
  });

  test("what cannot be is told before a device is opened", async () => {
    await using work = await temporaryFolder();
    await mkdir(path.join(work.path, "test"));
    const check = ["--check", "--out", path.join(work.path, "none.md")];
    const none = await runCli(["results", "--data", work.path, ...check]);
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/there is no .*none\.md to check\nLeave --check out to write it\./);
    const empty = await runCli(["results", "--data", work.path]);
    expect(empty.code).toBe(2);
    expect(empty.stderr).toContain("test: the folder holds no image\n");
  });
});
