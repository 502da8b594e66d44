import type { Command } from "commander";
import type { GlobalOptions } from "../session/open-gpu.ts";

/** An error and the command it belongs to, `fauxgrad run`. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly command: string;
  constructor(command: string, cause: unknown) {
    super(command, { cause });
    this.command = command;
  }
}

/** The command with all names before it: `fauxgrad lgrad transform`. */
export function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

/**
 * What a command does.
 *
 * @param work gets the operands and all options; returns the exit code
 */
export function setAction<Options extends object>(
  command: Command,
  work: (operands: readonly string[], options: Options & GlobalOptions) => Promise<number>,
): void {
  command.action(async () => {
    try {
      process.exitCode = await work(command.args, command.optsWithGlobals());
    } catch (error) {
      throw new CommandFailure(pathOf(command), error);
    }
  });
}
