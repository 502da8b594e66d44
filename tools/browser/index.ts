export { type BrowserFixture, test } from "./browser-test.ts";
export { BrowserError, type BrowserOptions, runInBrowser } from "./run-in-browser.ts";
export { type ScreenshotOptions, screenshot } from "./screenshot.ts";
