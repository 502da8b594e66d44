/*
 * The entry. Dawn keeps the event loop alive as long as a device lives, and longer, so the process
 * ends itself once everything printed has been read.
 */
import { CommanderError } from "commander";
import { commandLineMessage, createProgram } from "./program.ts";
import { CommandFailure } from "./terminal/command.ts";
import { errorText, exitCodeOf, exitCodes } from "./terminal/errors.ts";
import { listenForInterrupts } from "./terminal/interrupt.ts";
import { endQuietlyWithReader, flushOutput, note } from "./terminal/output.ts";

async function main(): Promise<number> {
  try {
    await createProgram().parseAsync();
    return process.exitCode === undefined ? exitCodes.ok : Number(process.exitCode);
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  const { command, cause } =
    error instanceof CommandFailure ? error : { command: "fauxgrad", cause: error };
  if (!(cause instanceof CommanderError)) {
    note(errorText(command, cause));
    return exitCodeOf(cause);
  }
  const message = commandLineMessage(command, cause);
  if (message !== null) note(`${command}: ${message}`);
  return cause.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
}

listenForInterrupts();
endQuietlyWithReader();
const code = await main();
await flushOutput();
process.exit(code);
