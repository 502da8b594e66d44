import { test as base, type TestContext } from "vitest";
import { findChromium, isBrowserOff, NO_CHROMIUM } from "./find-chromium.mjs";

/** What {@link test} hands to a test. */
export interface BrowserFixture {
  /** Path of a Chromium. Without one the test fails under `CI` and is skipped elsewhere. */
  readonly browser: string;
}

/** The browser to use; skips the running test, giving the reason, where there is to be none. */
function requireBrowser(skip: TestContext["skip"]): string {
  if (isBrowserOff()) skip("FAUXGRAD_BROWSER=off");
  const path = findChromium();
  if (path !== null) return path;
  const { CI } = process.env;
  if (CI) throw new Error(NO_CHROMIUM);
  return skip(NO_CHROMIUM);
}

/** Vitest's `test` with a `browser`. */
export const test = base.extend<BrowserFixture>({
  browser: ({ skip }, use) => use(requireBrowser(skip)),
});
