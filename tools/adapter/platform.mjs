/** What depends on the platform on the way to an adapter. The command line app uses it too. */
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The fields of /etc/os-release, or null where there is none. */
export function osRelease(path = "/etc/os-release") {
  if (!existsSync(path)) return null;
  const lines = readFileSync(path, "utf8").matchAll(/^([A-Z_]+)=(?:"([^"]*)"|(.*))$/gm);
  return Object.fromEntries([...lines].map(([, key, quoted, plain]) => [key, quoted ?? plain]));
}

/** One sentence: how this platform gets a WebGPU adapter. */
export function remedy(release = osRelease(), platform = process.platform) {
  const drivers = "mesa-vulkan-drivers libvulkan1";
  if (platform === "darwin") return "WebGPU needs Metal: update to macOS 12 or later.";
  if (platform === "win32") return "WebGPU needs Direct3D 12: update the graphics driver.";
  const family = [release?.ID, ...(release?.ID_LIKE ?? "").split(" ")];
  if (release?.VERSION_CODENAME === "bookworm") {
    const install = `sudo apt-get install -t bookworm-backports ${drivers}`;
    return `Add bookworm-backports to apt's sources, then run: sudo apt-get update && ${install}`;
  }
  if (family.includes("debian") || family.includes("ubuntu")) {
    return `Run: sudo apt-get update && sudo apt-get install ${drivers}`;
  }
  if (family.includes("fedora") || family.includes("rhel")) {
    return "Run: sudo dnf install mesa-vulkan-drivers vulkan-loader";
  }
  if (family.includes("arch")) return "Run: sudo pacman -S vulkan-swrast vulkan-icd-loader";
  return "Install the Vulkan loader and a driver: the GPU's, or Mesa's software one (lavapipe).";
}

const SOFTWARE = /llvmpipe|lavapipe|swiftshader|software|basic render/i;

/**
 * Whether an adapter computes on the CPU. By its own word or its name: subgroup sizes do not tell,
 * as small ones are found on phones' GPUs too.
 */
export function isSoftwareAdapter(info) {
  const names = [info.vendor, info.architecture, info.device, info.description];
  return info.isFallbackAdapter === true || names.some((name) => SOFTWARE.test(name));
}

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

/**
 * Sets XDG_RUNTIME_DIR, of this process and so of its children, where it matters and is unset:
 * Mesa's Vulkan layers look for it, and containers seldom have it.
 */
export function ensureRuntimeDir(env = process.env) {
  if (process.platform === "linux" && !env.XDG_RUNTIME_DIR) env.XDG_RUNTIME_DIR = ownDirectory();
  return env;
}
