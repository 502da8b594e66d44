/*
 * The command line: which commands and options there are, and what their help says. What they do is
 * in commands/, one file each.
 */
import { Command, type CommanderError, Option } from "commander";
import manifest from "../package.json" with { type: "json" };
import { addConvert } from "./commands/convert.ts";
import { addData } from "./commands/data.ts";
import { addDemo } from "./commands/demo.ts";
import { addDetect } from "./commands/detect.ts";
import { addShipDetectors } from "./commands/detect-ship.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addLgrad } from "./commands/lgrad.ts";
import { addModels } from "./commands/models.ts";
import { addResults } from "./commands/results.ts";
import { addRun } from "./commands/run.ts";
import { addSpectrum } from "./commands/spectrum.ts";
import { addTgd } from "./commands/tgd.ts";
import { CommandFailure, pathOf } from "./terminal/command.ts";
import { parseBytes } from "./terminal/parse.ts";

const EXAMPLES = `
Examples:
  fauxgrad doctor
      Which adapter is used, and whether it computes correctly.
  fauxgrad lgrad transform photo.jpg --model stylegan --random-init 1 --out gradients/
      The gradient image of a photograph, by a discriminator with random weights.
  fauxgrad lgrad transform dataset/ --model stylegan --weights bedrooms.pth --out gradients/
      The same for a tree of folders, by real weights. Run it again to continue.
  fauxgrad tgd pretrain --tiny --out runs/a
      T-GD's detector on generated images, in half a minute; fauxgrad tgd transfer goes on from it.
  fauxgrad run stylegan --weights W.pth --input X.safetensors --output Y.safetensors --gradient
      Numbers to compare with PyTorch's.

Environment:
  FAUXGRAD_ADAPTER, FAUXGRAD_BACKEND  as --adapter and --backend
  FAUXGRAD_KERNEL=conv2d=tiled,…      a kernel variant for single operations
  FAUXGRAD_DEBUG=1                    errors with their stack

Exit status: 0 done, 1 something failed, 2 the command line is wrong, 130 interrupted.`;

/** The whole command line. Its actions throw {@link CommandFailure}. */
export function createProgram(): Command {
  const program = new Command("fauxgrad")
    .description("Detectors of GAN-made images, LGrad and T-GD, on any WebGPU adapter")
    .version(manifest.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print a command's help")
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("after", EXAMPLES);
  program
    .option("--adapter <name>", "part of the adapter's name, e.g. llvmpipe or H100")
    .option("--backend <name>", "vulkan, metal or d3d12")
    .addOption(
      new Option("--kernels <family>", "kernels for software adapters or for GPUs").choices([
        "registers",
        "tiled",
      ]),
    )
    .option("--max-memory <size>", "most device memory to use, e.g. 2GiB", parseBytes);
  for (const add of [
    addDetect,
    addShipDetectors,
    addLgrad,
    addTgd,
    addSpectrum,
    addResults,
    addRun,
    addModels,
    addConvert,
    addData,
    addDoctor,
    addDemo,
  ])
    add(program);
  finish(program);
  return program;
}

/** Commander's errors become ours: with the command's name, and without a second print. */
function finish(command: Command): void {
  command.exitOverride((error) => {
    throw new CommandFailure(pathOf(command), error);
  });
  command.configureOutput({ outputError: () => undefined });
  for (const child of command.commands) finish(child);
}

/**
 * What commander calls an error, in our words; null where the help that it printed says it all.
 *
 * @param command `fauxgrad run`
 */
export function commandLineMessage(command: string, error: CommanderError): string | null {
  if (error.code.startsWith("commander.help") || error.exitCode === 0) return null;
  const message = error.message.replace(/^error: /, "");
  const suggestion = /\n\((Did you mean .*)\)$/;
  return `${message.replace(suggestion, "\n$1")}\nRun ${command} --help for what it takes.`;
}
