import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { LIST_FILE } from "@fauxgrad/detectors";
import { testBundle } from "@fauxgrad/detectors/test-bundle";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../../../cli/src/test-cli.ts";
import { serveSite } from "./serve-site.ts";
import { makeSite, type Site } from "./site.ts";
import { writeSite } from "./write-site.ts";

const REPOSITORY = fileURLToPath(new URL("../../../..", import.meta.url));

let work: Awaited<ReturnType<typeof temporaryFolder>>;
let site: Site;

beforeAll(async () => {
  work = await temporaryFolder();
  for (const [name, bytes] of await testBundle()) {
    await writeFile(path.join(work.path, name), bytes);
  }
  site = await makeSite({ repository: REPOSITORY, bundle: work.path, isMinified: true });
});

afterAll(() => work[Symbol.asyncDispose]());

test("holds the page, and the weights of the default detectors alone", () => {
  const names = [...site.keys()];
  expect(names).toEqual(
    expect.arrayContaining(["index.html", "page.css", "report.css", "main.js"]),
  );
  expect(names.filter((name) => name.startsWith("weights/"))).toEqual(
    [LIST_FILE, "discriminator", "lgrad", "tgd"].map((name) => `weights/${name}`),
  );
});

test("everything that the page names is there, and nothing is named elsewhere", async () => {
  const html = String(await site.get("index.html")?.read());
  const named = [...html.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map(([, name]) => name);
  expect(named).toEqual(["report.css", "page.css", "main.js"]);
  for (const name of named) expect(site.has(name ?? ""), name).toBe(true);
  const examples = JSON.parse(String(await site.get("examples/examples.json")?.read()));
  expect(examples.length).toBeGreaterThan(1);
  for (const { file } of examples) expect(site.has(`examples/${file}`), file).toBe(true);
});

test("is served under its paths, with their types, and nothing else is", async () => {
  await using server = await serveSite(site, { port: 0, host: "127.0.0.1" });
  const get = (name: string, method = "GET") => fetch(new URL(name, server.url), { method });
  const page = await get("?any");
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await page.text()).toContain("Did a GAN make this picture?");
  const list = new Uint8Array(await (await get(`weights/${LIST_FILE}`)).arrayBuffer());
  expect(Buffer.from(list).equals(await readFile(path.join(work.path, LIST_FILE)))).toBe(true);
  expect((await get("package.json")).status).toBe(404);
  expect((await get("weights/../../package.json")).status).toBe(404);
  expect((await get("main.js", "POST")).status).toBe(405);
  const { port } = new URL(server.url);
  await expect(serveSite(site, { port: Number(port), host: "127.0.0.1" })).rejects.toThrow(
    `serve: port ${port} of 127.0.0.1 is taken\nPass another --port, or 0 for any that is free.`,
  );
});

test("is written as files for any server", async () => {
  const folder = path.join(work.path, "out");
  const bytes = await writeSite(site, folder);
  const script = await readFile(path.join(folder, "main.js"));
  expect(script.length).toBeGreaterThan(10_000);
  expect(bytes).toBeGreaterThan(script.length);
  const weights = await readFile(path.join(folder, "weights/tgd"));
  expect(weights.equals(await readFile(path.join(work.path, "tgd")))).toBe(true);
});

test("without weights there is no page", async () => {
  const empty = path.join(work.path, "empty");
  await expect(makeSite({ repository: REPOSITORY, bundle: empty })).rejects.toThrow(
    `${empty} holds no detectors: there is no detectors.json\n` +
      "Pass a folder that fauxgrad ship-detectors wrote as --bundle.",
  );
});
