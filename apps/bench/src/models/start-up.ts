import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { StartUp } from "../report/model-report.ts";

/** Where drivers keep compiled shaders: Mesa's and NVIDIA's variables. Dawn in Node keeps none. */
function cacheIn(folder: string): Record<string, string> {
  return {
    MESA_SHADER_CACHE_DIR: folder,
    MESA_SHADER_CACHE_DISABLE: "false",
    __GL_SHADER_DISK_CACHE_PATH: folder,
    __GL_SHADER_DISK_CACHE: "1",
  };
}

async function firstResult(worker: string, name: string, cache: string): Promise<StartUp> {
  const { stdout } = await promisify(execFile)(process.execPath, [worker, name], {
    env: { ...process.env, ...cacheIn(cache) },
  });
  return JSON.parse(stdout) as StartUp;
}

/**
 * Start-up of a case in processes of its own: with an empty shader cache, then with what that left.
 *
 * @param worker path of the bundled `first-result-worker.ts`
 */
export async function measureStartUp(
  worker: string,
  name: string,
): Promise<{ readonly cold: StartUp; readonly warm: StartUp }> {
  const cache = await mkdtemp(join(tmpdir(), "fauxgrad-shaders-"));
  try {
    const cold = await firstResult(worker, name, cache);
    return { cold, warm: await firstResult(worker, name, cache) };
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}
