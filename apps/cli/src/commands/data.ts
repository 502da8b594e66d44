import type { Command } from "commander";
import { addDataAudit } from "./data-audit.ts";
import { addDataCrops } from "./data-crops.ts";
import { addDataRegenerate } from "./data-regenerate.ts";
import { addDataSample } from "./data-sample.ts";
import { addDataSplit } from "./data-split.ts";

/** `fauxgrad data …` */
export function addData(program: Command): void {
  const data = program
    .command("data")
    .summary("cut, lay out, thin out and check data sets of real and fake images")
    .description("Data sets: splits, few-shot subsets, and what in the files gives a label away");
  addDataCrops(data);
  addDataSplit(data);
  addDataSample(data);
  addDataAudit(data);
  addDataRegenerate(data);
}
