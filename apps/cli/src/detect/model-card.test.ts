import type { ListedDetector } from "@fauxgrad/detectors";
import { expect, test } from "vitest";
import { modelCard } from "./model-card.ts";

const weights = (file: string) => ({ file, sha256: "ab".repeat(32), bytes: 12_345 });
const detector: ListedDetector = {
  ...({ kind: "lgrad", name: "lgrad", title: "LGrad", card: "cards/lgrad.md" } as const),
  transformation: { network: "pggan", settings: {}, ...weights("d.safetensors") },
  classifier: { network: "resnet50", settings: {}, ...weights("c.safetensors") },
  calibration: { method: "platt", scale: 1.23456789, shift: -0.5 },
  threshold: 0.5,
  training: { seed: 3, optimizer: "adam", "validation auroc": 0.987654321 },
};
const entry = { detector, commands: ["fauxgrad lgrad train x"], fakes: ["isr-gans"] };

test("a new card has the facts, the files, the commands, and its limits", () => {
  const card = modelCard(null, [entry]);
  expect(card).toContain("# Model card: LGrad\n");
  expect(card).toContain("| probability | σ(1.23457 · logit + -0.500000) (platt) |");
  expect(card).toContain("| calibrated by | real and isr-gans of the validation split |");
  expect(card).toContain("| seed | 3 |\n| optimizer | adam |\n| validation auroc | 0.987654 |");
  expect(card).toContain(`| d.safetensors | 12,345 | ${"ab".repeat(32)} |`);
  expect(card).toContain("```sh\nfauxgrad lgrad train x\n```");
  expect(card).toContain("## What it cannot do");
});

test("facts are replaced, and what people wrote stays", () => {
  const mine = modelCard(null, [entry]).replace("## Data", "## Data of mine");
  const other = { ...entry, detector: { ...detector, training: { seed: 4 } } };
  const again = modelCard(mine, [other]);
  expect(again).toContain("## Data of mine");
  expect(again).toContain("| seed | 4 |");
  expect(again).not.toContain("| seed | 3 |");
  expect(modelCard(again, [other])).toBe(again);
  expect(modelCard("# A card\n", [entry])).toMatch(/^# A card\n\n<!-- facts/);
});
