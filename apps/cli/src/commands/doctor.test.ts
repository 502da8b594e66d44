import { describe, expect, test } from "vitest";
import { runCli } from "../test-cli.ts";

const { GPU } = process.env;

describe.skipIf(GPU === "off")("doctor", () => {
  test("reports adapter, limits, features and a passed self-test as JSON", async () => {
    const { code, stdout, stderr } = await runCli(["doctor", "--json"]);
    const report = JSON.parse(stdout);
    expect(code, stderr).toBe(0);
    expect(report).toMatchObject({
      ok: true,
      versions: { fauxgrad: "0.1.0", node: process.versions.node },
      platform: { os: process.platform, arch: process.arch },
      adapter: { backend: expect.any(String), isSoftware: expect.any(Boolean) },
      problem: null,
      remedy: null,
    });
    const names = report.adapter.limits.map(({ name }: { name: string }) => name);
    expect(names).toContain("maxStorageBufferBindingSize");
    expect(report.selfTest).toHaveLength(2);
    for (const result of report.selfTest) {
      expect(result).toMatchObject({ passed: true, wrong: 0 });
      expect(result.worst).toBeGreaterThan(0);
      expect(result.worst).toBeLessThan(1);
    }
  });

  test("a device that computes nothing fails the self-test", async () => {
    const { code, stdout } = await runCli(["doctor", "--backend", "null"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}FAIL {2,}matmul .* elements are wrong/m);
    expect(stdout).toContain("This adapter computes wrongly.");
  });

  test("an adapter that is not there is named with those that are", async () => {
    const { code, stdout } = await runCli(["doctor", "--adapter", "Voodoo2"]);
    expect(code).toBe(1);
    expect(stdout).toContain(
      'No usable WebGPU adapter: WebGPU adapter named "Voodoo2": no suitable backends found',
    );
    // Installing another adapter is no answer to a name.
    expect(stdout).not.toContain("apt-get");
  });

  test("without any driver it says what to install", async () => {
    const env = { VK_DRIVER_FILES: "/nonexistent.json", VK_ICD_FILENAMES: "/nonexistent.json" };
    const { code, stdout } = await runCli(["doctor", "--json"], { env });
    if (process.platform !== "linux") return;
    expect(code).toBe(1);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ ok: false, adapter: null, selfTest: [] });
    expect(report.problem).toMatch(/^No WebGPU adapter/);
    expect(report.remedy).toMatch(/mesa|Vulkan/i);
  });
});
