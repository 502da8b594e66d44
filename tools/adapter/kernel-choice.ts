/** What the environment says of the choice of kernels: overrides, and a table of measured choices. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { parseTuning, type TuningDatabase } from "@fauxgrad/kernels";

/** A variable of the environment that says nothing usable. */
export class KernelChoiceError extends Error {
  override readonly name = "KernelChoiceError";
}

/**
 * Variants by operation from FAUXGRAD_KERNEL, e.g. `conv2d=tiled,conv2dGradWeight=registers:TM4`.
 *
 * @throws {KernelChoiceError} if the text is no such list
 */
export function kernelOverrides(text = process.env["FAUXGRAD_KERNEL"]): Record<string, string> {
  if (text === undefined || text.trim() === "") return {};
  const pairs = text.split(",").map((part) => {
    const [operation = "", variant = "", ...rest] = part.split("=").map((word) => word.trim());
    if (operation === "" || variant === "" || rest.length > 0) {
      throw new KernelChoiceError(
        `FAUXGRAD_KERNEL: "${part.trim()}" names no variant\n` +
          "Write operation=variant, several with commas between: conv2d=tiled.",
      );
    }
    return [operation, variant] as const;
  });
  return Object.fromEntries(pairs);
}

/** Where the user's table lies: FAUXGRAD_TUNING, or in the user's cache. */
export function tuningFile(environment: NodeJS.ProcessEnv = process.env): string {
  const { FAUXGRAD_TUNING, XDG_CACHE_HOME } = environment;
  if (FAUXGRAD_TUNING) return FAUXGRAD_TUNING;
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "fauxgrad", "tuning.json");
}

/**
 * The user's table. One that cannot be used is left aside with a word to `warn`: a table changes
 * speed, not results that anyone should wait for.
 *
 * @returns undefined where there is none
 */
export function readTuning(
  file: string,
  warn: (message: string) => void,
): TuningDatabase | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") warn(`tuning: ${file} cannot be read (${code}); it is left aside`);
    return undefined;
  }
  try {
    return parseTuning(JSON.parse(text), file);
  } catch (error) {
    warn(`${error instanceof Error ? error.message : String(error)}\nIt is left aside.`);
    return undefined;
  }
}

/** Writes a table whole or not at all: another process may be reading it. */
export function writeTuning(file: string, table: TuningDatabase): void {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(table, null, 2)}\n`);
  renameSync(draft, file);
}
