/** What is said where there is no browser. */
export const NO_CHROMIUM: string;

/** Whether FAUXGRAD_BROWSER=off is set: tests that need a browser are skipped. */
export function isBrowserOff(): boolean;

/** The path of FAUXGRAD_BROWSER, or of a Chromium found on this machine, or null. */
export function findChromium(): string | null;
