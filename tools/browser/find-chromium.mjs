import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const MAC_APPS = [
  "Chromium.app/Contents/MacOS/Chromium",
  "Google Chrome.app/Contents/MacOS/Google Chrome",
];
const WINDOWS_APPS = [
  "Google\\Chrome\\Application\\chrome.exe",
  "Chromium\\Application\\chrome.exe",
];

/** What is said where there is no browser. */
export const NO_CHROMIUM =
  "No Chromium or Chrome found. Install one (Debian: sudo apt-get install chromium), " +
  "or set FAUXGRAD_BROWSER to its path, or to off to leave the browser tests out.";

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function candidates() {
  const { PATH = "", LOCALAPPDATA = "", PROGRAMFILES = "" } = process.env;
  if (process.platform === "darwin") return MAC_APPS.map((app) => join("/Applications", app));
  if (process.platform === "win32") {
    return [PROGRAMFILES, LOCALAPPDATA].flatMap((root) =>
      WINDOWS_APPS.map((app) => join(root, app)),
    );
  }
  return PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
}

/** Whether FAUXGRAD_BROWSER=off is set: tests that need a browser are skipped. */
export function isBrowserOff() {
  return process.env.FAUXGRAD_BROWSER === "off";
}

/** The path of FAUXGRAD_BROWSER, or of a Chromium found on this machine, or null. */
export function findChromium() {
  const { FAUXGRAD_BROWSER } = process.env;
  if (FAUXGRAD_BROWSER && !isBrowserOff()) return FAUXGRAD_BROWSER;
  return candidates().find(isExecutable) ?? null;
}
