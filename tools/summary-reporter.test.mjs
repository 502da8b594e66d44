import { afterEach, expect, test, vi } from "vitest";
import { SummaryReporter } from "./summary-reporter.mjs";

const moduleOf = (state, results) => ({
  state: () => state,
  children: { allTests: () => results.map((result) => ({ result: () => result })) },
});

/** What the reporter prints when the process exits with `code`. */
function printed(modules, { unhandledErrors = [], code = 0 } = {}) {
  const once = vi.spyOn(process, "once").mockReturnValue(process);
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const reporter = new SummaryReporter();
  reporter.onInit();
  reporter.onTestRunEnd(modules, unhandledErrors);
  once.mock.calls[0][1](code);
  return write.mock.calls.map(([text]) => text).join("");
}

afterEach(() => {
  vi.restoreAllMocks();
});

const PASSED = { state: "passed" };
const FAILED = { state: "failed" };

test("tests are counted, and the reasons of skipped ones printed", () => {
  const skipped = { state: "skipped", note: "GPU=off" };
  const modules = [
    moduleOf("failed", [PASSED, FAILED, skipped]),
    moduleOf("passed", [PASSED, skipped, { state: "skipped" }]),
  ];
  expect(printed(modules, { code: 1 })).toBe(
    "2 skipped: GPU=off\n1 skipped: no reason given\n2 passed, 1 failed\n",
  );
});

test("a test without a result, its worker dead, has failed", () => {
  const modules = [moduleOf("pending", [PASSED, { state: "pending" }])];
  expect(printed(modules, { code: 1 })).toBe("1 passed, 1 failed\n");
});

test("a file that did not load has failed", () => {
  expect(printed([moduleOf("failed", [])], { code: 1 })).toBe("0 passed, 1 failed\n");
});

test("an error outside of every test has failed the run", () => {
  const unhandledErrors = [new Error("late")];
  expect(printed([moduleOf("passed", [PASSED])], { unhandledErrors })).toBe("1 passed, 1 failed\n");
});

test("a failing exit status is never printed as a success", () => {
  expect(printed([], { code: 1 })).toBe("0 passed, 1 failed\n");
});
