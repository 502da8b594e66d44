import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../bin/fauxgrad.mjs", import.meta.url));

/** How a run of the program ended. */
export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** Without what Dawn prints on its own. */
  readonly stderr: string;
}

/** A run under way. */
export interface CliRun {
  /** Sends a signal to the process. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves when standard error has matched. */
  until(pattern: RegExp): Promise<void>;
  readonly ended: Promise<CliResult>;
}

/** Options of {@link startCli}. */
export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the real program, as a user would; its bundle is made if it is out of date. */
export function startCli(args: readonly string[], { cwd, env }: CliOptions = {}): CliRun {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, FAUXGRAD_DEBUG: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  const watchers: (() => void)[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const watch of watchers) watch();
  });
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ code, signal, stdout, stderr: withoutDawn(stderr) });
    });
  });
  const until = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const watch = () => {
        if (pattern.test(stderr)) resolve();
      };
      watchers.push(watch);
      void ended.then(() => reject(new Error(`ended without ${pattern}:\n${stderr}`)), reject);
      watch();
    });
  return { kill: (signal) => child.kill(signal), until, ended };
}

/** Runs the real program to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).ended;
}

/** Dawn reports limits that it reduces, on every start. */
function withoutDawn(text: string): string {
  return text.replace(/^Warning: max.*\n/gm, "");
}

/** A folder that is removed with its contents when it goes out of scope (`await using`). */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), "fauxgrad-cli-"));
  return {
    path: folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
