/*
 * Which variant a convolution or one of its gradients takes at a geometry. The heuristics are those
 * of the family; tables that `bench tune` wrote, and overrides, win where they apply.
 */
import { type Choosable, choose, type Decision, decide } from "../../gpu/choice.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import { kernelHash, type Variant } from "../../gpu/tuning.ts";
import {
  fitsBroadcast,
  fitsBroadcastGradWeight,
  paysBroadcastGradWeight,
  productVariant,
} from "./broadcast.ts";
import { correlationKernels, structuralVariant } from "./correlate.ts";
import { columnsOf, depthwiseGradWeightKernel, depthwiseKernel, isDepthwise } from "./depthwise.ts";
import { depthwiseGradInputKernel } from "./depthwise-grad-input.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import {
  fitsWindows,
  gradWeightKernels,
  isGroupedGradWeight,
  MOST_SUMS,
  MOST_WINDOWS,
  paysWindows,
} from "./grad-weight.ts";
import {
  fitsWinograd,
  paysWinograd,
  winogradInputKernel,
  winogradOutputKernel,
  winogradWeightKernel,
} from "./winograd.ts";

/** A pass of the convolution. */
export type Conv2dPass = "conv2d" | "conv2dGradInput" | "conv2dGradWeight";

interface Defined {
  readonly definition: { readonly modules: Readonly<Record<string, string>> };
}

/** The hash of some kernels' texts, computed when it is first asked for. */
function hashOf(kernels: () => readonly Defined[]): () => string {
  let known: string | undefined;
  return () => {
    known ??= kernelHash(kernels().flatMap(({ definition }) => Object.values(definition.modules)));
    return known;
  };
}

const correlationHash = hashOf(() => [
  ...Object.values(correlationKernels),
  winogradInputKernel,
  winogradOutputKernel,
  winogradWeightKernel,
]);
const gradWeightHash = hashOf(() => Object.values(gradWeightKernels));
const depthwiseHash = hashOf(() => [depthwiseKernel, depthwiseGradInputKernel]);
const depthwiseGradWeightHash = hashOf(() => [depthwiseGradWeightKernel]);

/** Values that each parameter may have. */
export const VARIANT_PARAMETERS: Readonly<Record<string, Readonly<Record<string, number[]>>>> = {
  broadcast: { TR: [1, 2, 3], TN: [1, 2] },
  registers: { TM: [1, 4, 8, 12, 16], TN: [1, 2] },
  tiled: { SIDE: [64, 128] },
  winograd: { TR: [1, 2, 3] },
  strips: { TW: [2, 4, 8], STRIP: [4, 8, 14, 28, 56] },
  slabs: { WANTED: [4, 8, 16, 32, 64, 256, 512, 1024] },
  narrow: {},
  grouped: {},
  direct: {},
};

/** Parameters of the weight gradient's variants: those of its kernels, and of their slabs. */
export const GRAD_WEIGHT_PARAMETERS: typeof VARIANT_PARAMETERS = {
  broadcast: { TR: [1, 2], TN: [1, 2], WANTED: VARIANT_PARAMETERS["slabs"]?.["WANTED"] ?? [] },
  registers: { TM: [4, 8], TN: [1, 2], WANTED: VARIANT_PARAMETERS["slabs"]?.["WANTED"] ?? [] },
  tiled: { WANTED: VARIANT_PARAMETERS["slabs"]?.["WANTED"] ?? [] },
  windows: { TI: [1, 2, 4], TN: [1, 2], WANTED: VARIANT_PARAMETERS["slabs"]?.["WANTED"] ?? [] },
  grouped: { WANTED: VARIANT_PARAMETERS["slabs"]?.["WANTED"] ?? [] },
};

/** Operations that have variants, as overrides call them. */
export const VARIANT_OPERATIONS = [
  "conv2d",
  "conv2dGradWeight",
  "depthwise",
  "depthwiseGradWeight",
] as const;

/** Pixels of the output to the next power of two: shapes of a bucket share a row. */
function bucket({ n, oh, ow }: Conv2dGeometry): number {
  return Math.ceil(Math.log2(Math.max(1, n * oh * ow)));
}

function keyOf(op: string, g: Conv2dGeometry): string {
  return (
    `${op} ${g.kh}x${g.kw} s${g.strideH}x${g.strideW} p${g.padTop}x${g.padLeft} ` +
    `d${g.dilationH}x${g.dilationW} g${g.groups} ${g.c}>${g.o} r${bucket(g)}`
  );
}

function outOfRange(variant: Variant, table: typeof VARIANT_PARAMETERS): string | null {
  const known = table[variant.name] ?? {};
  for (const [name, value] of Object.entries(variant.parameters)) {
    if (known[name]?.includes(value) === true) continue;
    const values = known[name]?.join(", ");
    return `${variant.name} ${values === undefined ? `has no ${name}` : `takes ${name} ${values}`}`;
  }
  return null;
}

const plain = (name: string): Variant => ({ name, parameters: {} });

function correlationChoice(gpu: Gpu, pass: Conv2dPass, g: Conv2dGeometry): Choosable {
  const [inputs, outputs] = pass === "conv2d" ? [g.c, g.o] : [g.o, g.c];
  const only = structuralVariant({ sourceC: inputs, outC: outputs, groups: g.groups });
  const rows = g.n * (pass === "conv2d" ? g.oh * g.ow : g.h * g.w);
  return {
    op: "conv2d",
    key: () => keyOf(pass, g),
    kernels: correlationHash,
    impossible(variant) {
      const { name } = variant;
      if (name === "winograd") {
        return fitsWinograd(g)
          ? outOfRange(variant, VARIANT_PARAMETERS)
          : "it is for 3×3, stride 1, whole vec4s";
      }
      if (only !== null && name !== only) return `these groups and channels need ${only}`;
      if (name === "broadcast" && !fitsBroadcast(gpu)) return "it needs subgroups of 8 or more";
      const isKnown =
        only === name || name === "broadcast" || name === "registers" || name === "tiled";
      return isKnown ? outOfRange(variant, VARIANT_PARAMETERS) : `there is no ${name} here`;
    },
    heuristic: () => plain(paysWinograd(gpu, g) ? "winograd" : (only ?? productVariant(gpu, rows))),
  };
}

function gradWeightChoice(gpu: Gpu, g: Conv2dGeometry): Choosable {
  const isGrouped = isGroupedGradWeight(g);
  return {
    op: "conv2dGradWeight",
    key: () => keyOf("conv2dGradWeight", g),
    kernels: gradWeightHash,
    impossible(variant) {
      const { name } = variant;
      if (name === "windows") return windowsImpossible(variant, g);
      if (name === "broadcast") {
        if (!fitsBroadcastGradWeight(gpu, g)) {
          return "it is for short rows of taps, undilated, and subgroups of 8 or more";
        }
        const { TR = 1, TN = 1 } = variant.parameters;
        if (g.kw * TR * TN > MOST_SUMS) return `TR ${TR}, TN ${TN} do not fit into registers`;
        return outOfRange(variant, GRAD_WEIGHT_PARAMETERS);
      }
      if (isGrouped !== (name === "grouped")) {
        return isGrouped ? "these groups need windows or grouped" : "grouped is for small groups";
      }
      const isKnown = isGrouped || ["registers", "tiled"].includes(name);
      if (!isKnown) return `there is no ${name} here`;
      return outOfRange(variant, GRAD_WEIGHT_PARAMETERS);
    },
    heuristic: () => {
      if (paysBroadcastGradWeight(gpu, g)) return plain("broadcast");
      return plain(paysWindows(gpu, g) ? "windows" : isGrouped ? "grouped" : gpu.family);
    },
  };
}

function windowsImpossible(variant: Variant, g: Conv2dGeometry): string | null {
  if (!fitsWindows(g)) return "it is for short rows of taps, undilated, and groups of whole vec4s";
  const { TI = 1, TN = 1 } = variant.parameters;
  if (g.kw * TI * TN > MOST_WINDOWS) return `TI ${TI}, TN ${TN} do not fit into registers`;
  return outOfRange(variant, GRAD_WEIGHT_PARAMETERS);
}

function stripsChoice(pass: Conv2dPass, g: Conv2dGeometry): Choosable {
  return {
    op: "depthwise",
    key: () => keyOf(pass === "conv2d" ? "depthwise" : "depthwiseGradInput", g),
    kernels: depthwiseHash,
    impossible(variant) {
      if (variant.name !== "strips") return `there is no ${variant.name} here`;
      const { TW = 1 } = variant.parameters;
      if (TW > columnsOf(g)) return `TW ${TW} does not fit into registers`;
      return outOfRange(variant, VARIANT_PARAMETERS);
    },
    heuristic: () => plain("strips"),
  };
}

function slabsChoice(g: Conv2dGeometry): Choosable {
  return {
    op: "depthwiseGradWeight",
    key: () => keyOf("depthwiseGradWeight", g),
    kernels: depthwiseGradWeightHash,
    impossible(variant) {
      if (variant.name !== "slabs") return `there is no ${variant.name} here`;
      return outOfRange(variant, VARIANT_PARAMETERS);
    },
    heuristic: () => plain("slabs"),
  };
}

/** What there is to choose for a pass at a geometry. */
export function conv2dChoosable(gpu: Gpu, pass: Conv2dPass, g: Conv2dGeometry): Choosable {
  if (isDepthwise(g)) return pass === "conv2dGradWeight" ? slabsChoice(g) : stripsChoice(pass, g);
  return pass === "conv2dGradWeight" ? gradWeightChoice(gpu, g) : correlationChoice(gpu, pass, g);
}

/** The variant of a pass. */
export function chooseConv2d(gpu: Gpu, pass: Conv2dPass, g: Conv2dGeometry): Variant {
  return choose(gpu, conv2dChoosable(gpu, pass, g));
}

/** Every combination of a variant's parameters, and the variant with the heuristic's. */
function combinations(name: string, table: typeof VARIANT_PARAMETERS): Variant[] {
  const entries = Object.entries(table[name] ?? {});
  const all = entries.reduce<Record<string, number>[]>(
    (sets, [parameter, values]) =>
      sets.flatMap((set) => values.map((value) => ({ ...set, [parameter]: value }))),
    [{}],
  );
  const rest = entries.length === 0 ? [] : all;
  return [plain(name), ...rest.map((parameters) => ({ name, parameters }))];
}

/** A candidate, and why it cannot be used. */
export interface Candidate {
  readonly variant: Variant;
  /** Null if it can. */
  readonly impossible: string | null;
}

/** What was chosen for a pass, by what, and what else there would have been. */
export interface Explanation extends Decision {
  readonly key: string;
  /** Operation, as overrides are called. */
  readonly op: string;
  readonly kernels: string;
  readonly candidates: readonly Candidate[];
}

/** Why a pass takes the variant that it takes; `bench tune` measures the candidates. */
export function explainConv2d(gpu: Gpu, pass: Conv2dPass, g: Conv2dGeometry): Explanation {
  const choosable = conv2dChoosable(gpu, pass, g);
  const names = isDepthwise(g)
    ? [pass === "conv2dGradWeight" ? "slabs" : "strips"]
    : pass === "conv2dGradWeight"
      ? ["broadcast", "registers", "tiled", "windows", "grouped"]
      : ["winograd", "broadcast", "registers", "tiled", "narrow", "grouped", "direct"];
  const table =
    pass === "conv2dGradWeight" && !isDepthwise(g) ? GRAD_WEIGHT_PARAMETERS : VARIANT_PARAMETERS;
  const candidates = names
    .flatMap((name) => combinations(name, table))
    .map((variant) => ({ variant, impossible: choosable.impossible(variant) }));
  const { key, op, kernels } = choosable;
  return { ...decide(gpu, choosable), key: key(), op, kernels: kernels(), candidates };
}
