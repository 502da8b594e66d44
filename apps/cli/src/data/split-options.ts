/*
 * The values of the options of `data split` and `data sample`.
 */
import type { Grouping, Shares } from "@fauxgrad/training";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseSeed } from "../terminal/parse.ts";
import type { LinkKind } from "./lay-out.ts";

/** Options that both commands take. */
export interface LayOutOptions {
  readonly out: string;
  readonly layout: "forensynths" | "tgd";
  readonly seed: number;
  readonly groupBy?: Grouping;
  readonly link: LinkKind;
  readonly real?: readonly string[];
  readonly fake?: readonly string[];
  readonly generators?: readonly string[];
  readonly json?: boolean;
}

/** Adds the options that both commands take. */
export function addLayOutOptions(command: Command): Command {
  return command
    .requiredOption("--out <dir>", "the folder to make; it must not exist")
    .addOption(
      new Option("--layout <name>", "LGrad's tree or T-GD's")
        .choices(["forensynths", "tgd"])
        .default("forensynths"),
    )
    .option("--seed <n>", "another seed, another choice", parseSeed, 0)
    .option(
      "--group-by <what>",
      "keeps together: stem (name without extension), folder, file, or a regular expression",
      parseGrouping,
    )
    .addOption(
      new Option("--link <kind>", "how files get there")
        .choices(["copy", "hardlink", "symlink"])
        .default("copy"),
    )
    .option("--json", "print the result as JSON");
}

/** `8:1:1` */
export function parseRatios(text: string): Shares {
  const shares = threeNumbers(text, /^\d+(?:\.\d+)?$/);
  if (shares === null || shares.train + shares.val + shares.test === 0) {
    throw new InvalidArgumentError("Write train:val:test, e.g. 8:1:1.");
  }
  return shares;
}

/** `1000:100:100` */
export function parseCounts(text: string): Shares {
  const shares = threeNumbers(text, /^\d+$/);
  if (shares === null || shares.train + shares.val + shares.test === 0) {
    throw new InvalidArgumentError("Write train:val:test, e.g. 1000:100:100 images of each class.");
  }
  return shares;
}

function threeNumbers(text: string, form: RegExp): Shares | null {
  const parts = text.split(":").map((part) => part.trim());
  if (parts.length !== 3 || !parts.every((part) => form.test(part))) return null;
  const [train = 0, val = 0, test = 0] = parts.map(Number);
  return { train, val, test };
}

/** `stem`, `folder`, `file` or a regular expression. */
export function parseGrouping(text: string): Grouping {
  if (text === "stem" || text === "folder" || text === "file") return text;
  try {
    return new RegExp(text, "u");
  } catch {
    throw new InvalidArgumentError(
      "Write stem, folder, file, or a regular expression such as '([0-9]+)-[0-9]+\\.png$'.",
    );
  }
}

/** For the manifest. */
export function groupingText(grouping: Grouping): string {
  return grouping instanceof RegExp ? grouping.source : grouping;
}
