/**
 * Requests an adapter and prints what it is as one line of JSON (`null`: there is none). Run as a
 * child process: a broken Vulkan driver hangs or segfaults inside Dawn, and that must not take the
 * caller along.
 */
import { writeSync } from "node:fs";
import { create } from "webgpu";

const flags = [];
if (process.env.FAUXGRAD_BACKEND) flags.push(`backend=${process.env.FAUXGRAD_BACKEND}`);
if (process.env.FAUXGRAD_ADAPTER) flags.push(`adapter=${process.env.FAUXGRAD_ADAPTER}`);

const gpu = create(flags);
const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
if (adapter === null) {
  writeSync(1, "null\n");
} else {
  const { vendor, architecture, device, description } = adapter.info;
  const isFallbackAdapter = adapter.info.isFallbackAdapter ?? false;
  const info = { vendor, architecture, device, description, isFallbackAdapter };
  writeSync(1, `${JSON.stringify(info)}\n`);
}
// Dawn's tear-down is skipped: the answer is written, and drivers have died there.
process.kill(process.pid, "SIGKILL");
