/** XDG_RUNTIME_DIR: Mesa's Vulkan layers look for it, and containers seldom set it. */
import { lstatSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One directory per user, so that runs do not litter; one that is not ours is not trusted. */
function ownDirectory() {
  const uid = process.getuid();
  const path = join(tmpdir(), `fauxgrad-runtime-${uid}`);
  try {
    mkdirSync(path, { mode: 0o700, recursive: true });
    const stat = lstatSync(path);
    if (stat.isDirectory() && stat.uid === uid && (stat.mode & 0o777) === 0o700) return path;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  return mkdtempSync(join(tmpdir(), "fauxgrad-runtime-"));
}

/** Sets XDG_RUNTIME_DIR of this process, and so of its children, where it matters and is unset. */
export function ensureRuntimeDir(env = process.env) {
  if (process.platform === "linux" && !env.XDG_RUNTIME_DIR) env.XDG_RUNTIME_DIR = ownDirectory();
  return env;
}
