import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { BrowserError, runInBrowser, screenshot, test } from "./index.ts";

const page = (name: string) => fileURLToPath(new URL(`./pages/${name}.ts`, import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fauxgrad-browser-test-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test("the packages run unchanged: a convolution, and a discriminator's gradient", async ({
  browser,
}) => {
  const result = await runInBrowser(page("packages"), { browser, timeoutMs: 100_000 });
  expect(result).toEqual({
    convolution: {
      output: [12, 16, 24, 28],
      gradInput: [1, 2, 1, 2, 4, 2, 1, 2, 1],
      gradWeight: [12, 16, 24, 28],
    },
    discriminator: {
      // lgrad.md, appendix A.2: stylegan tiny32, N = 1
      score: expect.closeTo(-8.859044962e-2, 7),
      l2: expect.closeTo(3.123800532e-2, 6),
      at: expect.closeTo(-6.589154431e-4, 8),
    },
  });
});

describe("runInBrowser", () => {
  test("a page gets an adapter and doubles an array", async ({ browser }) => {
    const result = await runInBrowser(page("doubling"), { browser });
    expect(result).toEqual({ adapter: "google", doubled: [2, -4, 0.5, 2e6] });
  });

  test("what the page throws arrives, with its console and served files", async ({ browser }) => {
    const greeting = join(folder, "greeting.txt");
    await writeFile(greeting, "hello");
    const running = runInBrowser(page("failing"), {
      browser,
      files: { "/greeting.txt": greeting },
    });
    await expect(running).rejects.toThrow(BrowserError);
    await expect(running).rejects.toThrow(
      /^in the browser: Error: on purpose, after hello\n[\s\S]*The page's console:\nwarn: about to fail 42/,
    );
  });

  test("a page that never answers is given up", async ({ browser }) => {
    const running = runInBrowser(page("silent"), { browser, timeoutMs: 3000 });
    await expect(running).rejects.toThrow("the page did not report within 3000 ms");
  });

  test("a browser that dies is told at once", async ({ browser: _ }) => {
    const running = runInBrowser(page("silent"), { browser: "/bin/false", timeoutMs: 60_000 });
    await expect(running).rejects.toThrow("in the browser: Chromium ended (1)");
  });
});

test("a screenshot is a PNG of the size asked for", async ({ browser }) => {
  const html = join(folder, "page.html");
  const png = join(folder, "page.png");
  await writeFile(html, "<!doctype html><title>t</title><body style='background:#369'>hello");
  await screenshot(html, png, { browser, width: 320, height: 200 });
  const bytes = await readFile(png);
  expect(bytes.subarray(1, 4).toString("latin1")).toBe("PNG");
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([320, 200]);
});
