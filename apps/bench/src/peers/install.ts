import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, "utf8")) as Manifest;
}

/** Packages of the folder's manifest that are absent, or of another version than it names. */
export function missingPackages(folder: string): string[] {
  const { dependencies = {} } = readManifest(join(folder, "package.json"));
  return Object.entries(dependencies)
    .filter(([name, version]) => {
      const path = join(folder, "node_modules", name, "package.json");
      return !existsSync(path) || readManifest(path).version !== version;
    })
    .map(([name, version]) => `${name}@${version}`);
}

/** Runs a command in a folder; its output goes to our standard error. */
function run(command: string, args: readonly string[], folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      stdio: ["ignore", 2, 2],
      shell: process.platform === "win32",
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(" ")} ended with ${signal ?? code}`));
    });
  });
}

/**
 * Installs the peers' packages as their lockfile has them, unless they are there: without any
 * package's own scripts, and outside the workspaces, so that nobody else has to carry them.
 *
 * @param log receives one line before an installation
 * @returns why there are none; undefined when all is well
 */
export async function ensurePeers(
  folder: string,
  log: (line: string) => void,
  install: (folder: string) => Promise<void> = (where) => {
    return run("npm", ["ci", "--ignore-scripts"], where);
  },
): Promise<string | undefined> {
  const missing = missingPackages(folder);
  if (missing.length === 0) return undefined;
  log(`Installing the peers, once: ${missing.join(", ")} (about 600 MB; --no-peers skips them)`);
  try {
    await install(folder);
  } catch (error) {
    return `not installed: ${error instanceof Error ? error.message : String(error)}`;
  }
  const rest = missingPackages(folder);
  return rest.length === 0 ? undefined : `not installed: ${rest.join(", ")}`;
}
