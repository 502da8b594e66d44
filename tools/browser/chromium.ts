import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Alone, without network chatter, and with a WebGPU adapter that needs no GPU. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-sync",
  "--disable-crash-reporter",
  "--disable-dev-shm-usage",
  "--hide-scrollbars",
  "--password-store=basic",
];

const KEPT_ERROR_CHARACTERS = 4000;

/** A running Chromium with a profile of its own. */
export interface Chromium {
  /** Resolves when it has ended by itself, to its exit code or signal. */
  readonly ended: Promise<number | string>;
  /** The end of what it wrote to stderr. */
  errors(): string;
  /** Kills it and everything it started, and removes its profile. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts Chromium; `args` end with the address to open. */
export async function startChromium(path: string, args: readonly string[]): Promise<Chromium> {
  const profile = await mkdtemp(join(tmpdir(), "fauxgrad-chromium-"));
  const child = spawn(path, [...FLAGS, `--user-data-dir=${profile}`, ...args], {
    // A group of its own: Chromium's own children are killed with it.
    detached: process.platform !== "win32",
    stdio: ["ignore", "ignore", "pipe"],
    // Nothing is left in the user's own folders, nor in the temporary one after a kill.
    env: { ...process.env, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile, TMPDIR: profile },
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-KEPT_ERROR_CHARACTERS);
  });
  const ended = new Promise<number | string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  return {
    ended,
    errors: () => errors,
    async [Symbol.asyncDispose]() {
      killGroup(child);
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    child.kill("SIGKILL");
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    // The whole group has ended already.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
