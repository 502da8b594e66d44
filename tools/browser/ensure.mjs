/**
 * Makes sure, before the tests, that there is a Chromium for the browser tests: root on Debian gets
 * one from the system's own apt mirror. Where that is not possible the reason is printed, and the
 * tests themselves fail or are skipped with it (see `browser-test.ts`).
 */
import { aptGet, canInstall, install } from "../adapter/apt.mjs";
import { osRelease } from "../adapter/platform.mjs";
import { findChromium, isBrowserOff, NO_CHROMIUM } from "./find-chromium.mjs";

/** Ubuntu's package of this name is an empty one that asks for a snap. */
const canInstallChromium = () => canInstall() && osRelease()?.ID === "debian";

async function main() {
  if (isBrowserOff()) return "FAUXGRAD_BROWSER=off: tests that need a browser are skipped";
  if (findChromium() === null && canInstallChromium()) {
    console.log("No Chromium: installing chromium with apt");
    await aptGet(["update"]);
    await install(["chromium"]);
  }
  const path = findChromium();
  return path === null ? NO_CHROMIUM : `Browser: ${path}`;
}

try {
  console.log(await main());
} catch (error) {
  console.error(`${error.message}\n${NO_CHROMIUM}`);
}
