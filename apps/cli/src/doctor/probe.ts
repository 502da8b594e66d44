/*
 * The adapter is examined in a process of its own: a broken Vulkan driver hangs or crashes inside
 * Dawn, and then it is the doctor who has to say so.
 */
import { spawn } from "node:child_process";
import { type GlobalOptions, openGpu } from "../session/open-gpu.ts";
import { type AdapterReport, reportAdapter } from "./adapter-report.ts";
import { type SelfTestResult, selfTest } from "./self-test.ts";

/** What was found, or why nothing was. */
export type Probe =
  | { readonly adapter: AdapterReport; readonly selfTest: readonly SelfTestResult[] }
  | { readonly problem: string };

const TIMEOUT_MS = 120_000;

/** Examines the adapter in this process. */
export async function examine(options: GlobalOptions): Promise<Probe> {
  const { gpu, info, close } = await openGpu(options);
  try {
    return { adapter: reportAdapter(gpu, info), selfTest: await selfTest(gpu) };
  } finally {
    close();
  }
}

/**
 * Examines the adapter in a child process.
 *
 * @param program the arguments that make node run `fauxgrad doctor --probe` as this process was run
 */
export async function probe(program: readonly string[], timeoutMs = TIMEOUT_MS): Promise<Probe> {
  const child = spawn(process.execPath, program, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  const end = await new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(signal ?? `status ${code}`));
  });
  clearTimeout(timer);
  const answer = output.trim().split("\n").at(-1) ?? "";
  // A driver may crash while it is unloaded, after the answer.
  if (answer !== "") return JSON.parse(answer) as Probe;
  if (isLate) return { problem: `the driver did not answer in ${timeoutMs / 1000} s` };
  return { problem: `the driver ended the process (${end})\n${errors.trim()}`.trim() };
}
