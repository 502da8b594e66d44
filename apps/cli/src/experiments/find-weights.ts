/*
 * `--models DIR` and `--models key=path`: where the weights of an experiment are.
 */
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { fileError } from "../session/files.ts";
import { CommandLineError } from "../terminal/errors.ts";
import { nearest } from "../terminal/nearest.ts";
import { isFile } from "../transform/plan.ts";

/** A file of weights. */
export interface FoundWeights {
  /** Absolute. */
  readonly file: string;
  /** `name, bytes`: tells whether it is the same file, wherever it lies by now. */
  readonly identity: string;
}

const EXTENSIONS = [".pth", ".pt", ".safetensors", ".bin"] as const;

/** Files of weights, by name and by key. */
export class WeightFiles {
  readonly #byKey: ReadonlyMap<string, string>;
  readonly #byName: ReadonlyMap<string, string>;

  private constructor(byKey: ReadonlyMap<string, string>, byName: ReadonlyMap<string, string>) {
    this.#byKey = byKey;
    this.#byName = byName;
  }

  /**
   * @param given values of `--models`: folders, and `key=path`
   * @param keys those that there are
   * @throws {CommandLineError} if a key is unknown or its file is not there
   * @throws {FileError} if a folder cannot be read
   */
  static async open(given: readonly string[], keys: readonly string[]): Promise<WeightFiles> {
    const byKey = new Map<string, string>();
    const byName = new Map<string, string>();
    for (const text of given) {
      const match = /^([^=/\\]+)=(.+)$/.exec(text);
      if (match === null) {
        for (const [name, file] of await filesIn(text)) byName.set(name, byName.get(name) ?? file);
        continue;
      }
      const [, key = "", file = ""] = match;
      if (!keys.includes(key)) {
        const guess = nearest(key, keys);
        throw new CommandLineError(
          `--models ${text}: there is no model "${key}"\n  known  ${keys.join(", ")}\n` +
            (guess === null ? "Choose one of these." : `Did you mean ${guess}?`),
        );
      }
      if (!(await isFile(file))) {
        throw new CommandLineError(`--models ${text}: there is no such file\nCorrect the path.`);
      }
      byKey.set(key, path.resolve(file));
    }
    return new WeightFiles(byKey, byName);
  }

  /** The file given for the key, or else one of the names, or the key with a usual ending. */
  async find(key: string, names: readonly string[]): Promise<FoundWeights | null> {
    const candidates = [...names, ...EXTENSIONS.map((extension) => `${key}${extension}`)];
    const named = candidates.map((name) => this.#byName.get(name.toLowerCase()));
    const file = this.#byKey.get(key) ?? named.find((each) => each !== undefined);
    if (file === undefined) return null;
    const { size } = await stat(file);
    return { file, identity: `${path.basename(file)}, ${size} bytes` };
  }
}

/** All files below a folder, by their names in small letters. */
async function filesIn(folder: string): Promise<[string, string][]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry): [string, string] => [
        entry.name.toLowerCase(),
        path.resolve(entry.parentPath, entry.name),
      ])
      .sort(([, a], [, b]) => (a < b ? -1 : 1));
  } catch (cause) {
    throw fileError("read the folder of --models", folder, cause);
  }
}
