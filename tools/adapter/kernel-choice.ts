/** What the environment says of the choice of kernels: overrides, and a table of measured choices. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import {
  parseTuning,
  parseVariant,
  type TuningDatabase,
  VARIANT_OPERATIONS,
} from "@fauxgrad/kernels";

/** A variable of the environment that says nothing usable. */
export class KernelChoiceError extends Error {
  override readonly name = "KernelChoiceError";
}

/**
 * Variants by operation from FAUXGRAD_KERNEL, e.g. `conv2d=tiled,conv2dGradWeight=registers:TM4`.
 *
 * @throws {KernelChoiceError} if the text is no such list, or an operation has no variants
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
    requireOperation(operation);
    if (parseVariant(variant) !== null) return [operation, variant] as const;
    throw new KernelChoiceError(
      `FAUXGRAD_KERNEL: "${variant}" is no variant of ${operation}\n` +
        "Write a name and perhaps parameters: registers:TM4. `bench tune --explain` lists them.",
    );
  });
  return Object.fromEntries(pairs);
}

function requireOperation(name: string): void {
  if (VARIANT_OPERATIONS.some((operation) => operation === name)) return;
  throw new KernelChoiceError(
    `FAUXGRAD_KERNEL: "${name}" is no operation with variants\n` +
      `Choose one of ${VARIANT_OPERATIONS.join(", ")}; conv2d is the data gradient's, too.`,
  );
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
