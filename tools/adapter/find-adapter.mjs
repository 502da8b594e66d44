import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ensureRuntimeDir, isSoftwareAdapter } from "./platform.mjs";

const PROBE = fileURLToPath(new URL("./probe.mjs", import.meta.url));
const PROBE_TIMEOUT_MS = 60_000;

/**
 * Asks Dawn, in a child process, which WebGPU adapter it finds.
 *
 * @returns `{ adapter, problem }`: what the adapter says of itself, or null and the reason.
 */
export async function findAdapter() {
  const child = spawn(process.execPath, [PROBE], {
    env: ensureRuntimeDir({ ...process.env }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, PROBE_TIMEOUT_MS);
  const { code, signal } = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  clearTimeout(timer);
  const answer = output.trim().split("\n").at(-1);
  if (answer) {
    const adapter = JSON.parse(answer);
    return { adapter, problem: adapter ? null : "Dawn finds no WebGPU adapter" };
  }
  if (timedOut)
    return { adapter: null, problem: `Dawn did not answer in ${PROBE_TIMEOUT_MS / 1000} s` };
  const end = signal ? `was killed by ${signal}` : `exited with ${code}`;
  return { adapter: null, problem: `Dawn ${end}${errors.trim() ? `:\n${errors.trim()}` : ""}` };
}

/** One line about an adapter, saying so when it is no GPU. */
export function describeAdapter(adapter) {
  const name = adapter.description || adapter.device || adapter.architecture || "unnamed";
  const software = isSoftwareAdapter(adapter) ? " (software: no GPU)" : "";
  return `${adapter.vendor || "unknown vendor"}: ${name}${software}`;
}
