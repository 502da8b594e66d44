import { access, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli, startCli, temporaryFolder } from "../test-cli.ts";

const { GPU } = process.env;
const TABLES = fileURLToPath(new URL("../../../../experiments/tgd/", import.meta.url));

let work: Awaited<ReturnType<typeof temporaryFolder>>;
const within = (...parts: string[]) => path.join(work.path, ...parts);

beforeAll(async () => {
  work = await temporaryFolder();
});

afterAll(() => work[Symbol.asyncDispose]());

function experiment(name: string, ...args: string[]): string[] {
  return ["tgd", "experiment", path.join(TABLES, `${name}.json`), ...args];
}

describe.skipIf(GPU === "off")("tgd experiment --tiny", () => {
  test("pretrains, transfers, is interrupted, goes on and ends in a table beside the paper's", async () => {
    const out = within("tiny");
    const args = experiment("table4", "--tiny", "--out", out);
    const first = startCli(args);
    await first.until(/\[2\/7\] trainings\/b0-stargan-pggan\n {2}train: /);
    first.kill("SIGINT");
    const stopped = await first.ended;
    expect(stopped.code, stopped.stderr).toBe(130);
    await expect(access(path.join(out, "tables"))).rejects.toThrow("ENOENT");

    const second = await runCli([...args, "--json"]);
    expect(second.code, second.stderr).toBe(0);
    // One step was done before; the second goes on.
    const begun = [...second.stderr.matchAll(/^\[(\d)\/7\] (\S+)$/gm)].map(([, place]) => place);
    expect(begun).toEqual(["2", "3", "4", "5", "6", "7"]);
    const { columns, rows } = JSON.parse(second.stdout);
    expect(columns).toEqual(["PGGAN", "StarGAN"]);
    expect(rows.map(({ id }: { id: string }) => id)).toEqual([
      ...["with-self-training", "without-self-training"],
    ]);
    expect(rows[0].paper[0]).toEqual({ text: "94.94", values: { auroc: 94.94 } });
    const results = path.join(out, "evaluations/b0-stargan-pggan/PGGAN/results.json");
    const { sets } = JSON.parse(await readFile(results, "utf8"));
    expect(rows[0].measured[0].values.auroc).toBe(100 * sets[0].rocAuc);
    const without = path.join(out, "trainings/b0-stargan-pggan-without-self-training/run.json");
    const { recipe } = JSON.parse(await readFile(without, "utf8"));
    expect(recipe.regularization).toMatchObject({ alpha: 0.1, beta: 0.1, feedback: null });
    expect((await readdir(path.join(out, "tables/table4"))).sort()).toEqual([
      ...["report.html", "table.csv", "table.json", "table.md"],
    ]);

    // Another table finds the pretraining, and its evaluation is new.
    const chain = await runCli(
      experiment("ablations", "--tiny", "--out", out, "--rows", "paper", "--dry-run", "--json"),
    );
    expect(chain.code, chain.stderr).toBe(0);
    const { steps } = JSON.parse(chain.stdout);
    expect(steps.every(({ done }: { done: boolean }) => done)).toBe(true);
  }, 300_000);
});

describe("the command line of tgd experiment", () => {
  test("says what is missing, and touches nothing", async () => {
    const cases: [string[], string][] = [
      [[], "there are no images\nPass --data ROOT; or --tiny to try it."],
      [["--tiny", "--data", "x"], "--tiny makes its own images"],
      [["--data", "x", "--rows", "with-self-trainin"], "Did you mean with-self-training?"],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await runCli(experiment("table4", "--out", within("none"), ...args));
      expect(code, stderr).toBe(2);
      expect(stderr).toContain(message);
    }
    expect(await readdir(work.path)).not.toContain("none");
  });
});
