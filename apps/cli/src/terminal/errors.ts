import { CheckpointError } from "@fauxgrad/models/checkpoint";
import { DeviceError, DTypeError, KernelError, ShapeError, UsageError } from "@fauxgrad/tensor";
import { AdapterError } from "../io/device.ts";
import { ImageError } from "../io/image-error.ts";
import { CollisionError } from "../io/output-paths.ts";

/** What the process says to its caller. */
export const exitCodes = {
  ok: 0,
  /** Something could not be done: a file, a device, one image of many. */
  failed: 1,
  /** The command line asks for what cannot be; nothing was done. */
  usage: 2,
  interrupted: 130,
} as const;

/** The command line asks for what cannot be. The message says what it should be instead. */
export class CommandLineError extends Error {
  override readonly name = "CommandLineError";
}

/** A file that cannot be read or written, or does not hold what it should. */
export class FileError extends Error {
  override readonly name = "FileError";
}

/** Ctrl-C, or the signal of a process manager. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
  }
}

/** Errors whose message is for the user; any other is a fault of the program. */
const FORESEEN = [
  CommandLineError,
  FileError,
  Interrupted,
  AdapterError,
  ImageError,
  CollisionError,
  CheckpointError,
  DeviceError,
  DTypeError,
  KernelError,
  ShapeError,
  UsageError,
  RangeError,
] as const;

/** The exit code that an error leads to. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return exitCodes.interrupted;
  const isUsage = error instanceof CommandLineError || error instanceof CollisionError;
  return isUsage ? exitCodes.usage : exitCodes.failed;
}

/**
 * What an error says on the terminal: `fauxgrad COMMAND: message`, without a stack unless
 * FAUXGRAD_DEBUG is set.
 *
 * @param command `fauxgrad run`
 */
export function errorText(command: string, error: unknown): string {
  const { FAUXGRAD_DEBUG } = process.env;
  const debug = FAUXGRAD_DEBUG !== undefined && !["", "0"].includes(FAUXGRAD_DEBUG);
  const lines = [`${command}: ${messageOf(error)}`];
  if (debug) {
    lines.push(stackOf(error));
  } else if (!isForeseen(error)) {
    lines.push("This is a fault of the program. FAUXGRAD_DEBUG=1 shows where; report it, please.");
  }
  return lines.join("\n");
}

function isForeseen(error: unknown): boolean {
  return FORESEEN.some((kind) => error instanceof kind) || systemCode(error) !== null;
}

/** What an error says, in the words of the command line. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // What the library calls by the names of its own options.
  return error instanceof DeviceError ? message.replace("raise maxBytes", RAISE) : message;
}

const RAISE = "raise --max-memory";

/** The stack without the message, which stands above it already. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return "(not an Error: there is no stack)";
  const stack = error.stack ?? "";
  const frames = stack.slice(Math.max(0, stack.search(/^ {4}at /m)));
  const { cause } = error;
  return cause === undefined
    ? frames
    : `${frames}\ncaused by ${messageOf(cause)}\n${stackOf(cause)}`;
}

/** `ENOENT` and the like; null where the operating system is not the cause. */
export function systemCode(error: unknown): string | null {
  const isSystem = error instanceof Error && "code" in error && "syscall" in error;
  return isSystem ? String(error.code) : null;
}
