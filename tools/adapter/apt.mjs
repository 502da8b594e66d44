/** Debian's package manager, asked for a few packages and left as it was found. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const SOURCE_LIST = "/etc/apt/sources.list";
const SOURCE_PARTS = "/etc/apt/sources.list.d";
const LOCK_WAIT_S = 600;

/** Whether this process may install packages with apt here. */
export function canInstall() {
  return process.platform === "linux" && process.getuid() === 0 && existsSync("/usr/bin/apt-get");
}

/** Parses apt's one-line format: `deb [options] URI suite component …`. */
export function parseListFile(text) {
  const lines = text.matchAll(/^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)([^#\n]*)/gm);
  return [...lines].map(([, options, uri, suite, components]) => ({
    uris: [uri],
    suites: [suite],
    components: components.trim().split(/\s+/).filter(Boolean),
    options: parseListOptions(options ?? ""),
  }));
}

const LIST_OPTION_FIELDS = {
  arch: "Architectures",
  "signed-by": "Signed-By",
  trusted: "Trusted",
  "check-valid-until": "Check-Valid-Until",
  "allow-insecure": "Allow-Insecure",
};

function parseListOptions(text) {
  const pairs = text
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map((pair) => pair.split("="));
  const known = pairs.filter(([key]) => LIST_OPTION_FIELDS[key] !== undefined);
  return Object.fromEntries(
    known.map(([key, value]) => [LIST_OPTION_FIELDS[key], value.replaceAll(",", " ")]),
  );
}

/** Parses apt's deb822 format: stanzas of `Field: value`, continued on indented lines. */
export function parseSourcesFile(text) {
  const withoutComments = text.replace(/^#.*\n?/gm, "");
  return withoutComments.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = Object.fromEntries(
      [...stanza.matchAll(/^([A-Za-z-]+):(.*(?:\n[ \t].*)*)/gm)].map(([, key, value]) => [
        key.toLowerCase(),
        value.trim(),
      ]),
    );
    const words = (key) => (fields[key] ?? "").split(/\s+/).filter(Boolean);
    if (!words("types").includes("deb") || fields.enabled?.toLowerCase() === "no") return [];
    const options = {};
    for (const name of Object.values(LIST_OPTION_FIELDS)) {
      const value = fields[name.toLowerCase()];
      if (value !== undefined) options[name] = value;
    }
    return [
      { uris: words("uris"), suites: words("suites"), components: words("components"), options },
    ];
  });
}

/** Every package source that the system names. */
export function systemSources() {
  const read = (path) => readFileSync(path, "utf8");
  const parts = existsSync(SOURCE_PARTS) ? readdirSync(SOURCE_PARTS).sort() : [];
  return [
    ...(existsSync(SOURCE_LIST) ? parseListFile(read(SOURCE_LIST)) : []),
    ...parts.flatMap((name) => {
      if (name.endsWith(".list")) return parseListFile(read(join(SOURCE_PARTS, name)));
      if (name.endsWith(".sources")) return parseSourcesFile(read(join(SOURCE_PARTS, name)));
      return [];
    }),
  ];
}

/**
 * The deb822 stanza of a release's backports, on the mirror that serves the release itself.
 *
 * @returns the text; "" when the sources name the backports already; null when no mirror is known.
 */
export function backportsStanza(sources, codename) {
  const suite = `${codename}-backports`;
  if (sources.some((source) => source.suites.includes(suite))) return "";
  const release = sources.find(
    (source) => source.suites.includes(codename) && source.components.includes("main"),
  );
  if (release === undefined) return null;
  const fields = {
    Types: "deb",
    URIs: release.uris.join(" "),
    Suites: suite,
    Components: "main",
    ...release.options,
  };
  return `${Object.entries(fields)
    .map(([key, value]) => `${key}: ${value}`)
    .join("\n")}\n`;
}

/**
 * Calls `action` with apt options under which the backports are one more source. Nothing under
 * /etc is changed: apt is pointed at a temporary directory that links to the system's sources and
 * adds one of ours.
 */
export async function withBackports(codename, action) {
  const stanza = backportsStanza(systemSources(), codename);
  if (stanza === null)
    throw new Error(`apt's sources name no mirror of ${codename}'s main component`);
  if (stanza === "") return action([]);
  const parts = mkdtempSync(join(tmpdir(), "fauxgrad-sources-"));
  try {
    for (const name of existsSync(SOURCE_PARTS) ? readdirSync(SOURCE_PARTS) : []) {
      symlinkSync(join(SOURCE_PARTS, name), join(parts, name));
    }
    writeFileSync(join(parts, "fauxgrad-backports.sources"), stanza);
    return await action(["-o", `Dir::Etc::SourceParts=${parts}`]);
  } finally {
    rmSync(parts, { recursive: true, force: true });
  }
}

/**
 * Runs apt-get and waits while another process holds its locks.
 *
 * @throws with apt's own last lines when it fails
 */
export async function aptGet(args) {
  const locks = ["-o", `DPkg::Lock::Timeout=${LOCK_WAIT_S}`];
  const deadline = Date.now() + LOCK_WAIT_S * 1000;
  for (;;) {
    const result = spawnSync("apt-get", ["-q", ...locks, ...args], {
      encoding: "utf8",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 1 << 28,
    });
    if (result.error) throw result.error;
    const output = `${result.stdout}${result.stderr}`;
    // `update` fails at once when the lists are locked; it has no time-out of its own.
    const isLocked = /Could not get lock|Unable to lock/.test(output);
    if (result.status === 0) return;
    if (!isLocked || Date.now() > deadline) {
      const tail = output.trim().split("\n").slice(-15).join("\n");
      throw new Error(
        `apt-get ${args.join(" ")} failed (${result.status ?? result.signal}):\n${tail}`,
      );
    }
    await sleep(2000);
  }
}

/** The version apt would install, or null. */
export function candidateVersion(name, options = []) {
  const result = spawnSync("apt-cache", [...options, "policy", name], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C.UTF-8" },
  });
  const version = /^\s*Candidate:\s*(\S+)/m.exec(result.stdout ?? "")?.[1];
  return version === undefined || version === "(none)" ? null : version;
}

/** Installs packages, or upgrades them to their candidates; `options` go before the command. */
export async function install(names, options = []) {
  await aptGet([...options, "install", "--yes", "--no-install-recommends", ...names]);
}
