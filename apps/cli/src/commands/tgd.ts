import type { Command } from "commander";
import { addTgdCam } from "./tgd-cam.ts";
import { addTgdDetect } from "./tgd-detect.ts";
import { addTgdEval } from "./tgd-eval.ts";
import { addTgdExperiment } from "./tgd-experiment.ts";
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
  addTgdEval(tgd);
  addTgdDetect(tgd);
  addTgdCam(tgd);
  addTgdExperiment(tgd);
}
