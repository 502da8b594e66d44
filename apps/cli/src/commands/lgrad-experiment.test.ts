import { access, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli, startCli, temporaryFolder } from "../test-cli.ts";

const { GPU } = process.env;
const TABLES = fileURLToPath(new URL("../../../../experiments/lgrad/", import.meta.url));

let work: Awaited<ReturnType<typeof temporaryFolder>>;
const within = (...parts: string[]) => path.join(work.path, ...parts);

beforeAll(async () => {
  work = await temporaryFolder();
});

afterAll(() => work[Symbol.asyncDispose]());

function experiment(table: number, ...args: string[]): string[] {
  return ["lgrad", "experiment", path.join(TABLES, `table${table}.json`), ...args];
}

describe.skipIf(GPU === "off")("lgrad experiment --tiny", () => {
  test("transforms, trains, is interrupted, goes on and ends in a table beside the paper's", async () => {
    const out = within("tiny");
    const args = experiment(4, "--tiny", "--rows", "none,jpeg", "--out", out);
    const first = startCli(args);
    await first.until(/\[3\/7\] trainings\/stylegan-bedroom\/horse\n {2}train: /);
    first.kill("SIGINT");
    const stopped = await first.ended;
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(stopped.stderr).toContain("Run the same command again to go on.\n");
    await expect(access(path.join(out, "tables"))).rejects.toThrow("ENOENT");

    const second = await runCli([...args, "--json"]);
    expect(second.code, second.stderr).toBe(0);
    // Two steps were done before; the third goes on.
    const begun = [...second.stderr.matchAll(/^\[(\d)\/7\] (\S+)$/gm)].map(([, place]) => place);
    expect(begun).toEqual(["3", "4", "5", "6", "7"]);
    const { columns, rows } = JSON.parse(second.stdout);
    expect(columns).toEqual(["progan", "stylegan", "Mean"]);
    expect(rows.map(({ id }: { id: string }) => id)).toEqual(["none", "jpeg"]);
    for (const { measured } of rows) {
      for (const { values } of measured) expect([0, 50, 100]).toContain(values.accuracy);
    }
    expect(rows[1].paper[0]).toEqual({
      text: "76.2/90.0",
      values: { accuracy: 76.2, average_precision: 90 },
    });
    const folder = path.join(out, "tables/table4");
    expect((await readdir(folder)).sort()).toEqual([
      ...["report.html", "table.csv", "table.json", "table.md"],
    ]);
    expect(await readFile(path.join(folder, "table.csv"), "utf8")).toMatch(
      /^jpeg,jpeg,stylegan,\d+,[\d.]+,74\.4,90\.2$/m,
    );
    expect(await readdir(path.join(out, "trainings/stylegan-bedroom/horse"))).not.toContain(
      "checkpoints",
    );

    const third = await runCli(args);
    expect(third.code, third.stderr).toBe(0);
    expect(third.stderr).not.toMatch(/^\[\d\/7\]/m);
    expect(third.stdout).toContain("\n  the paper  76.2/90.0  74.4/90.2  69.5/81.2\n");
    const log = path.join(out, "steps/trainings/stylegan-bedroom/horse.log");
    expect(await readFile(log, "utf8")).toMatch(/^fauxgrad lgrad train /);
  }, 600_000);

  test("a dry run says what there is to do and what is missing, and writes nothing", async () => {
    const data = within("tiny/data");
    const out = within("dry");
    const made = await runCli(
      experiment(3, "--data", data, "--from-scratch", "--out", out, "--dry-run", "--json"),
    );
    expect(made.code, made.stderr).toBe(0);
    const { steps, rows, calibration } = JSON.parse(made.stdout);
    expect(steps).toEqual([]);
    expect(calibration.gflops).toBeGreaterThan(0);
    expect(rows[0].missing).toEqual([
      "no weights of progan-bedroom: none of pggan_bedroom256.pth, " +
        "karras2018iclr-lsun-bedroom-256x256_discriminator.pth in --models, nor progan-bedroom=FILE.",
    ]);
    expect(rows[2].missing[1]).toBe(`no images in train/chair below ${data}.`);
    await expect(access(out)).rejects.toThrow("ENOENT");
  });
});

test("says before anything is made what does not go together", async () => {
  const out = ["--out", within("none")];
  for (const [args, message] of [
    [experiment(3, ...out), "there are no images\nPass --data ROOT; or --tiny to try it."],
    [experiment(3, ...out, "--tiny", "--data", "x"), "--tiny makes its own images and networks\n"],
    [
      experiment(5, ...out, "--tiny", "--rows", "vgg61"),
      '--rows: there is no row "vgg61"\n  rows  vgg16, inceptionv3, resnet50, clip-resnet50\n' +
        "Did you mean vgg16?",
    ],
  ] as const) {
    const { code, stderr } = await runCli(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  }
  const missing = await runCli(["lgrad", "experiment", within("no.json"), ...out, "--tiny"]);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain("no.json: there is no such file");
});
