/*
 * This program, run by itself: a step of an experiment is a process of its own, so that a device
 * that is lost or memory that is not given back ends one step and not the experiment.
 */
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fileError } from "../session/files.ts";
import type { StepEnd } from "./step.ts";

/** How {@link runProgram} runs. */
export interface RunProgramOptions {
  /** A file that gets everything the command prints; it is added to. */
  readonly log: string;
  /** A line of standard error. */
  readonly onLine: (line: string) => void;
  /** Passed on to the command, which stops at its next safe point. */
  readonly signal: AbortSignal;
  /** Called with the process's number once it runs. */
  readonly onStart?: (pid: number) => Promise<void>;
}

const KEPT_LINES = 30;

/**
 * Runs a command of this program to its end.
 *
 * @throws {FileError} if the log cannot be written
 */
export async function runProgram(
  args: readonly string[],
  { log, onLine, signal, onStart }: RunProgramOptions,
): Promise<StepEnd> {
  await mkdir(path.dirname(log), { recursive: true }).catch((cause: unknown) => {
    throw fileError("create the folder", path.dirname(log), cause);
  });
  // Beside this module in the bundle.
  const program = fileURLToPath(new URL("./main.js", import.meta.url));
  // A group of its own: Ctrl-C on the terminal reaches this process, which passes it on, once.
  const child = spawn(process.execPath, ["--enable-source-maps", program, ...args], {
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  const stop = (): void => {
    child.kill("SIGINT");
  };
  process.on("exit", kill);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const file = createWriteStream(log, { flags: "a" });
  const refused = new Promise<never>((_, reject) => {
    file.on("error", (cause) => reject(fileError("write", log, cause)));
  });
  file.write(`fauxgrad ${args.join(" ")}\n`);
  const lastLines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (/^Warning: max/.test(line)) return;
    lastLines.push(line);
    if (lastLines.length > KEPT_LINES) lastLines.shift();
    file.write(`${line}\n`);
    onLine(line);
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    file.write(text);
  });
  const ended = new Promise<StepEnd>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, endSignal) => {
      resolve({ code, signal: endSignal, output, lastLines });
    });
  });
  try {
    if (child.pid !== undefined) await onStart?.(child.pid);
    return await Promise.race([ended, refused]);
  } catch (error) {
    kill();
    throw error;
  } finally {
    process.off("exit", kill);
    signal.removeEventListener("abort", stop);
    file.end();
  }
}
