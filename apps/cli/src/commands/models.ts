import { describeModel, type ModelDescription, modelNames } from "@fauxgrad/models";
import type { Command } from "commander";
import { requireName } from "../session/network.ts";
import { setAction } from "../terminal/command.ts";
import { exitCodes } from "../terminal/errors.ts";
import { columns, print, printJson } from "../terminal/output.ts";
import { formatCount } from "../terminal/units.ts";

/** `fauxgrad models [NAME]` */
export function addModels(program: Command): void {
  const command = program
    .command("models")
    .summary("list the networks, or describe one")
    .description(
      "Lists the networks. With a name: its input, its options (--set), and the names and shapes " +
        "of the tensors that a file of weights must hold, in PyTorch's order of axes.",
    )
    .argument("[name]", "one network")
    .option("--json", "print the description as JSON");
  setAction<{ readonly json?: boolean }>(command, async ([name], { json = false }) => {
    if (name === undefined) list(json);
    else describe(describeModel(requireName(name)), json);
    return exitCodes.ok;
  });
}

function list(json: boolean): void {
  const models = modelNames.map(describeModel);
  if (json) {
    printJson(models.map(summary));
    return;
  }
  const rows = models.map(({ name, title, parameters, input }) => [
    name,
    title,
    `${formatCount(parameters).padStart(11)} parameters`,
    `${input.size} x ${input.size}`,
  ]);
  for (const line of columns(rows)) print(line);
  print("\nfauxgrad models NAME describes one: input, options, expected weights.");
}

function summary({ name, title, paper, parameters, input, summedOutput }: ModelDescription) {
  return { name, title, paper, parameters, input, summedOutput };
}

function describe(model: ModelDescription, json: boolean): void {
  const { input, options } = model;
  const weights = [...model.expectedKeys()];
  if (json) {
    const state = weights.map(([name, shape]) => ({ name, shape }));
    printJson({ ...summary(model), options, weights: state });
    return;
  }
  const { mean, std } = input.normalization;
  const sizes =
    input.smallest === null
      ? `exactly ${input.size} x ${input.size}`
      : `${input.size} x ${input.size} as trained, from ${input.smallest} x ${input.smallest}`;
  const facts = [
    ["name", model.name],
    ["network", model.title],
    ["paper", model.paper],
    ["parameters", formatCount(model.parameters)],
    ["input", `R G B, ${input.range}, ${sizes}`],
    ["normalised", `(v / 255 - mean) / std, mean ${mean.join(", ")}, std ${std.join(", ")}`],
    ["output", model.summedOutput],
  ];
  for (const line of columns(facts)) print(line);
  if (options.length > 0) {
    print("\nOptions (--set key=value)");
    for (const line of columns(options.map(optionRow))) print(line);
    print("  * follows from the weights, where there are some");
  }
  print(`\nWeights (${weights.length} tensors, with the default options)`);
  const rows = weights.map(([name, shape]) => [`  ${name}`, `[${shape.join(", ")}]`]);
  for (const line of columns(rows)) print(line);
}

function optionRow(option: ModelDescription["options"][number]): string[] {
  const { key, kind, inferred, text } = option;
  const values = typeof kind === "string" ? kind : kind.join(" | ");
  return [`  ${key}${inferred ? " *" : ""}`, values, `default ${option.default}`, text];
}
