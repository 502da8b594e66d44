import type { Command } from "commander";
import { addTgdPretrain } from "./tgd-pretrain.ts";
import { addTgdTransfer } from "./tgd-transfer.ts";

/** `fauxgrad tgd …` */
export function addTgd(program: Command): void {
  const tgd = program
    .command("tgd")
    .summary("transferable detectors: pretraining, transfer without forgetting")
    .description(
      "T-GD (Jeon et al., ICML 2020): a detector of one generator's images learns another's " +
        "from few of them, and does not forget the first",
    );
  addTgdPretrain(tgd);
  addTgdTransfer(tgd);
}
