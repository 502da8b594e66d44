// How a command is told its model.

import { type RecipeNetworkName, recipeNetworkNames } from "@fauxgrad/tgd";
import { type Command, Option } from "commander";
import type { GlobalOptions } from "../session/open-gpu.ts";
import { parseCount, parseSetting } from "../terminal/parse.ts";
import type { ModelChoice } from "./model-file.ts";

/** Options of the commands that use a model. */
export interface ModelOptions extends GlobalOptions {
  readonly weights: string;
  readonly section?: string;
  readonly network?: RecipeNetworkName;
  readonly set: Readonly<Record<string, string>>;
  readonly size?: number;
  readonly batchSize?: number;
  readonly maxPixels?: number;
}

/** Adds the options of {@link ModelOptions}. */
export function addModelOptions(command: Command): Command {
  return command
    .requiredOption("--weights <model>", "a run's folder (its best model), or a file of weights")
    .option("--section <name>", "which of several networks in the file")
    .addOption(
      new Option("--network <name>", "what weights of other origin are of").choices(
        recipeNetworkNames,
      ),
    )
    .addOption(
      new Option("--set <key=value>", "an option of that network; may be given several times")
        .argParser(parseSetting)
        .default({}, "none"),
    )
    .option("--size <n>", "side of the network's input (default: as trained)", parseCount)
    .option("--batch-size <n>", "images at once; results do not depend on it", parseCount)
    .option("--max-pixels <n>", "refuse larger images undecoded (default: 89478485)", parseCount);
}

/** What the options say about the model. */
export function modelChoice({ weights, section, network, set, size }: ModelOptions): ModelChoice {
  return {
    ...{ weights, set },
    ...(section === undefined ? {} : { section }),
    ...(network === undefined ? {} : { network }),
    ...(size === undefined ? {} : { size }),
  };
}
