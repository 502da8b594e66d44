// A recipe from a file or from a command line: every field, and what must agree between fields.

import { normalizations } from "@fauxgrad/models/transforms";
import {
  type RecipeNetworkName,
  recipeNetworkNames,
  stages,
  type TgdRecipe,
  type TransferMethod,
  transferMethods,
} from "./recipe.ts";
import {
  booleanField,
  choiceField,
  type FieldCheck,
  growingList,
  integerField,
  intervalField,
  isRecord,
  kindField,
  nullable,
  numberField,
  objectField,
  optionsField,
  wordOr,
} from "./recipe-fields.ts";

const positive = numberField({ min: 0, above: true });
const notNegative = numberField({ min: 0 });
const share = numberField({ min: 0, max: 1 });
const dropShare = numberField({ min: 0, max: 1, below: true });
const count = integerField({ min: 1 });
const unit = choiceField(["steps", "epochs"]);

const augmentation = objectField({
  size: count,
  normalization: choiceField([...Object.keys(normalizations), "none"]),
  flip: share,
  blur: objectField({ rate: share, sigma: intervalField({ min: 0 }), truncate: booleanField }),
  // Up to 101, so that 100 can be among the truncated draws.
  jpeg: objectField({ rate: share, quality: intervalField({ min: 1, max: 101 }, true) }),
  cutMix: objectField({ kind: choiceField(["none", "intra", "inter"]), rate: share }),
});

const regularization = objectField({
  s: positive,
  alpha: wordOr("adaptive", notNegative),
  beta: wordOr("adaptive", notNegative),
  factor: choiceField([0.5, 1]),
  scope: choiceField(["conv", "all-but-fc", "all"]),
  fcScope: choiceField(["weight", "weight-and-bias"]),
  startingPoint: choiceField(["moving", "fixed"]),
  feedback: nullable(objectField({ every: count, unit })),
});

const recipeFields: Readonly<Record<keyof TgdRecipe, FieldCheck>> = {
  stage: choiceField(stages),
  method: choiceField(transferMethods),
  network: objectField({ name: choiceField(recipeNetworkNames), options: optionsField }),
  optimizer: kindField({
    sgd: { momentum: dropShare, weightDecay: notNegative },
    adam: { eps: positive, weightDecay: notNegative },
  }),
  batchSize: count,
  dropLast: booleanField,
  learningRate: objectField({
    base: positive,
    warmUp: nullable(objectField({ multiplier: positive, length: count })),
    decay: kindField({ constant: {}, cosine: { tMax: positive } }),
    milestones: nullable(
      objectField({ at: growingList, factor: positive, from: choiceField(["at", "after"]) }),
    ),
    unit,
  }),
  duration: objectField({ count, unit }),
  dropRate: dropShare,
  dropConnectRate: dropShare,
  augmentation,
  regularization: nullable(regularization),
  forensicTransfer: nullable(
    objectField({ activationDivisor: positive, reconstructionWeight: notNegative }),
  ),
  selection: choiceField(["accuracy", "auroc", "auroc-sum", "last"]),
  seed: integerField({ min: 0 }),
};

const wholeRecipe = objectField(recipeFields);

/**
 * Plain data as a recipe, for example a parsed file.
 *
 * @throws {RangeError} naming the first field that is wrong, its value and what to pass; or two
 *   fields that contradict each other
 */
export function readRecipe(value: unknown): TgdRecipe {
  wholeRecipe(value, "");
  const recipe = value as TgdRecipe;
  checkAgreement(recipe);
  return recipe;
}

/**
 * The recipe with some fields changed: `{ "augmentation.blur.rate": 0.1, seed: 3 }`.
 *
 * @param changes values by dotted names
 * @throws {RangeError} as {@link readRecipe}
 */
export function changeRecipe(
  recipe: TgdRecipe,
  changes: Readonly<Record<string, unknown>>,
): TgdRecipe {
  const changed = structuredClone(recipe) as unknown as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) setField(changed, path, value);
  return readRecipe(changed);
}

function setField(target: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split(".");
  const last = names.pop() ?? path;
  let at = target;
  for (const [depth, name] of names.entries()) {
    const inner = Object.hasOwn(at, name) ? at[name] : undefined;
    if (!isRecord(inner)) {
      const parent = names.slice(0, depth + 1).join(".");
      throw new RangeError(
        `recipe: ${path} cannot be set, ${parent} is ${JSON.stringify(inner) ?? "no field"}\n` +
          (inner === null ? `Set ${parent} as a whole first.` : "Choose a field of the recipe."),
      );
    }
    at = inner;
  }
  // Defined, not assigned: "__proto__" is a name like any other, and refused as no field.
  Object.defineProperty(at, last, {
    value: structuredClone(value),
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** Contradictions: whether they are there, and the message. */
function checkAgreement(recipe: TgdRecipe): void {
  const { stage, method, network, optimizer, regularization: penalties, selection } = recipe;
  const isAutoencoder = method === "forensic-transfer";
  const contradictions: [boolean, string][] = [
    [
      stage === "pretrain" && method !== "tgd" && !isAutoencoder,
      `method is "${method}" in a pretraining\n` +
        'Pretrain with "tgd": the classifiers of all transfers begin alike.',
    ],
    [
      isAutoencoder !== (network.name === "forensic_transfer"),
      `network.name is "${network.name}", method is "${method}"\n` + `Pass ${networksOf(method)}.`,
    ],
    [
      isAutoencoder !== (recipe.forensicTransfer !== null),
      `forensicTransfer is ${isAutoencoder ? "null" : "set"}, method is "${method}"\n` +
        'It belongs to the method "forensic-transfer", and only to it.',
    ],
    [
      penalties !== null && (stage !== "transfer" || method !== "tgd"),
      `regularization is set, stage is "${stage}" and method is "${method}"\n` +
        'Pass null: only a transfer by "tgd" has a teacher.',
    ],
    [
      method === "fine-tune-weight-decay" && optimizer.weightDecay === 0,
      `optimizer.weightDecay is 0, method is "${method}"\n` +
        'Pass a weight decay above 0, or the method "fine-tune".',
    ],
    [
      method === "fine-tune" && optimizer.weightDecay > 0,
      `optimizer.weightDecay is ${optimizer.weightDecay}, method is "${method}"\n` +
        'Pass 0, or the method "fine-tune-weight-decay".',
    ],
    [
      isAutoencoder && Object.keys(network.options).length > 0,
      `network.options is ${JSON.stringify(network.options)}, network.name is "${network.name}"\n` +
        "Pass {}: the autoencoder has one form.",
    ],
    [
      isAutoencoder && recipe.augmentation.cutMix.kind === "inter",
      `augmentation.cutMix.kind is "inter", method is "${method}"\n` +
        'Pass "none" or "intra": its loss takes one label per image.',
    ],
    [
      stage === "pretrain" && selection === "auroc-sum",
      'selection is "auroc-sum" in a pretraining\n' +
        'Pass "accuracy", "auroc" or "last": there is no second data set.',
    ],
  ];
  const found = contradictions.find(([isThere]) => isThere);
  if (found !== undefined) throw new RangeError(`recipe: ${found[1]}`);
}

function networksOf(method: TransferMethod): string {
  const names: readonly RecipeNetworkName[] =
    method === "forensic-transfer"
      ? ["forensic_transfer"]
      : recipeNetworkNames.filter((name) => name !== "forensic_transfer");
  return names.map((name) => `"${name}"`).join(" or ");
}
