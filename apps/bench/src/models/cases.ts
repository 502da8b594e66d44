import type { Use } from "../report/model-report.ts";
import { type NetworkName, networks } from "./networks.ts";

/** How much work a case is: `--quick` stops at the first, `--all` does the last as well. */
export type Tier = "quick" | "usual" | "large";

/** One line of the report. */
export interface ModelCase {
  readonly name: string;
  /** A network alone, or a whole step of a detector. */
  readonly subject: NetworkName | "lgrad" | "tgd";
  readonly use: Use;
  /** Images of a step. */
  readonly batch: number;
  /** Side of the images. */
  readonly size: number;
  readonly tier: Tier;
}

function caseOf(network: NetworkName, use: Use, batch: number, tier: Tier): ModelCase {
  const { title, size } = networks[network];
  const name = `${title} ${use} ${batch}×${size}²`;
  return { name, subject: network, use, batch, size, tier };
}

const CLASSIFIERS = ["resnet50", "efficientnet", "efficientnetTgd", "resnext50"] as const;
const DISCRIMINATORS = ["pggan", "stylegan128", "stylegan256", "stylegan2"] as const;

/** The batch that the targets name. */
const TRAINING_BATCH = 16;

function networkCases(network: NetworkName): ModelCase[] {
  const isQuick = network === "efficientnetTgd";
  return [
    caseOf(network, "inference", 1, isQuick ? "quick" : "usual"),
    caseOf(network, "inference", 8, "large"),
    caseOf(network, "input gradient", 1, "usual"),
    caseOf(network, "input gradient", TRAINING_BATCH, "large"),
    caseOf(network, "training step", 2, "usual"),
    caseOf(network, "training step", TRAINING_BATCH, "large"),
  ];
}

const LGRAD: readonly ModelCase[] = [
  {
    name: "LGrad detection 1×256²",
    subject: "lgrad",
    use: "detection",
    batch: 1,
    size: 256,
    tier: "usual",
  },
  {
    name: "LGrad training step 2×224²",
    subject: "lgrad",
    use: "training step",
    batch: 2,
    size: 224,
    tier: "usual",
  },
  {
    name: "LGrad training step 16×224²",
    subject: "lgrad",
    use: "training step",
    batch: 16,
    size: 224,
    tier: "large",
  },
];

const TGD: readonly ModelCase[] = (
  [
    [2, "usual"],
    [TRAINING_BATCH, "large"],
  ] as const
).map(([batch, tier]) => {
  const name = `T-GD transfer step ${batch}×128²`;
  return { name, subject: "tgd", use: "training step", batch, size: 128, tier };
});

/** Everything that `bench models` knows. */
export const MODEL_CASES: readonly ModelCase[] = [
  ...CLASSIFIERS.flatMap(networkCases),
  ...DISCRIMINATORS.flatMap(networkCases),
  ...LGRAD,
  ...TGD,
];

const TIERS: readonly Tier[] = ["quick", "usual", "large"];

/** Cases up to a tier whose names match. */
export function chosenModelCases(most: Tier, filter?: RegExp): ModelCase[] {
  return MODEL_CASES.filter(
    ({ tier, name }) =>
      TIERS.indexOf(tier) <= TIERS.indexOf(most) && (filter === undefined || filter.test(name)),
  );
}
