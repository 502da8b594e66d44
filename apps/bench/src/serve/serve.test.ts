import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { runInBrowser, test } from "../../../../tools/browser/index.ts";
import type { KernelReport } from "../report/report.ts";
import { serveBench } from "./server.ts";

const beside = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const ENTRY = beside("./page/main.ts");
const PAGE = { "/page.html": beside("./page/page.html") };

test("serves the page, its style and its script, and nothing else", async () => {
  await using server = await serveBench({ port: 0, host: "127.0.0.1", entry: ENTRY });
  const get = async (path: string) => {
    const response = await fetch(new URL(path, server.url));
    return { status: response.status, text: await response.text() };
  };
  expect((await get("/?bench=models")).text).toContain("<title>Fauxgrad bench</title>");
  expect((await get("/page.css")).text).toContain("color-scheme: light dark");
  expect((await get("/main.js")).text).toContain("requestAdapter");
  expect((await get("/../package.json")).status).toBe(404);
  const { port } = new URL(server.url);
  await expect(serveBench({ port: Number(port), host: "127.0.0.1", entry: ENTRY })).rejects.toThrow(
    `serve: port ${port} of 127.0.0.1 is taken\nPass another --port, or 0 for any that is free.`,
  );
});

test("the page measures a case on the browser's own WebGPU", async ({ browser }) => {
  const shown = (await runInBrowser(beside("./test-pages/runs.ts"), {
    browser,
    files: PAGE,
  })) as { state: string; log: string; progress: number; report: string; json: KernelReport };
  expect(shown.state).toBe("done");
  expect(shown.progress).toBe(1);
  expect(shown.log).toContain("[1/1] EfficientNet-B0 depthwise 5×5 672→672 @14 forward");
  expect(shown.report).toContain("<h1>Fauxgrad bench: Kernels</h1>");
  expect(shown.report).toContain("<title>Roofline of the kernels</title>");
  const { environment, cases, wrong } = shown.json;
  expect(wrong).toEqual([]);
  expect(environment).toMatchObject({ node: null, cpuClock: false, software: true });
  expect(environment.browser).toContain("Chrome");
  expect(cases[0]?.results.map(({ contestant }) => contestant)).toEqual(["registers", "tiled"]);
});

test("a running bench can be cancelled, and keeps what it measured", async ({ browser }) => {
  const shown = (await runInBrowser(beside("./test-pages/cancels.ts"), {
    browser,
    files: PAGE,
  })) as { json: KernelReport };
  expect(shown).toMatchObject({
    whileRunning: { run: true, cancel: false },
    stopping: "stopping behind this case",
    state: "cancelled",
    after: { run: false, cancel: true },
    isShown: true,
  });
  const { cases, wrong } = shown.json;
  expect(wrong).toEqual([]);
  expect(cases[0]?.name).toBe("ResNet-50 global average 2048 @7");
  expect(cases.length).toBeLessThan(3);
});

test("without WebGPU the page says what to do", async ({ browser }) => {
  const page = beside("./test-pages/without-webgpu.ts");
  expect(await runInBrowser(page, { browser, files: PAGE })).toEqual({
    device:
      "This browser has no WebGPU.\nUse Chrome or Edge from 113 on, Safari from 26 on, or " +
      "Firefox from 141 on; on Linux, Chrome may want the flag --enable-unsafe-webgpu.",
    isDisabled: true,
  });
});
