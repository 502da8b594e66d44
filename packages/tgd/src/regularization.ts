/*
 * What T-GD adds to the cross-entropy of a transfer: `α·Ω_sp + β·Ω_fc`. The penalties' gradients go
 * straight into those of the parameters, once a step, after all parts of the batch; their weights
 * are numbers on the device, so that γ never visits the host.
 */
import {
  affine,
  concat,
  full,
  type Gpu,
  neg,
  noGrad,
  reshape,
  sigmoid,
  square,
  sum,
  type Tensor,
  UsageError,
} from "@fauxgrad/tensor";
import { Conv2d, type Module, type Parameter } from "@fauxgrad/tensor/nn";
import { addL2Penalty, type PenaltyTerm, type Trainable } from "@fauxgrad/tensor/optim";
import { classifierLayer, findClassifierLayer } from "./classifier-layer.ts";
import type { Regularization } from "./recipe.ts";

/** Parameters by name. */
export type NamedParameters = ReadonlyMap<string, Parameter>;

/** Which parameters each penalty holds. */
export interface PenaltyScope {
  /** Of Ω_sp. */
  readonly sp: NamedParameters;
  /** Of Ω_fc. */
  readonly fc: NamedParameters;
}

/**
 * The parameters of both penalties, by the layers they belong to: Ω_sp those of convolutions, of all
 * layers but the classifier, or of all; Ω_fc those of the classifier.
 *
 * @throws {UsageError} if the network has no linear layer
 */
export function penaltyScope(
  network: Module,
  { scope, fcScope }: Pick<Regularization, "scope" | "fcScope">,
): PenaltyScope {
  const { layer } = classifierLayer(network);
  const own = new Set<Parameter>(layer.parameters());
  const convolutions = new Set<Parameter>();
  for (const module of network.modules()) {
    if (module instanceof Conv2d) convolutions.add(module.weight);
  }
  const isInSp = (parameter: Parameter) =>
    scope === "all" || (scope === "conv" ? convolutions.has(parameter) : !own.has(parameter));
  const isInFc = (parameter: Parameter) =>
    own.has(parameter) && (fcScope === "weight-and-bias" || parameter === layer.weight);
  const all = [...network.namedParameters()];
  return {
    sp: new Map(all.filter(([, parameter]) => isInSp(parameter))),
    fc: new Map(all.filter(([, parameter]) => isInFc(parameter))),
  };
}

/** `γ = s · σ(−J_teacher)`, on the device and without history. */
export function adaptiveStrength(teacherLoss: Tensor, s: number): Tensor {
  return noGrad(() => affine(sigmoid(neg(teacherLoss)), s));
}

/** What {@link Penalties} holds fixed. */
export interface PenaltiesOptions {
  readonly network: Module;
  /** Null: gradients are measured, and nothing is added to them. */
  readonly regularization: Regularization | null;
  /** `p*` by name; needed where there are penalties. */
  readonly start: ReadonlyMap<string, Trainable> | null;
}

/** Squared norms and distances of one step, read from the device. */
export interface PenaltyValues {
  /** With the factor: what γ multiplies. */
  readonly omegaSp: number;
  readonly omegaFc: number;
  /** Euclidean norm of the classifier's weight, its bias left out; NaN where there is none. */
  readonly fcNorm: number;
  /** Euclidean norm of all gradients of the cross-entropy. */
  readonly gradNorm: number;
  /** The same with the penalties' gradients. */
  readonly regularizedGradNorm: number;
}

/** Rows of the sums: distances, parameters, gradients before and after. */
const COLUMNS = 4;

/**
 * The penalties of a network that is being trained. Parameters that are frozen, and so do not move,
 * are left out.
 */
export class Penalties {
  readonly #factor: number;
  readonly #fcWeight: Parameter | null;
  /** Ω_sp alone, Ω_sp before Ω_fc, Ω_fc, neither. */
  readonly #passes: readonly (readonly PenaltyTerm[])[];

  /** @throws {UsageError} if there are penalties and no start, or it lacks a parameter */
  constructor({ network, regularization, start }: PenaltiesOptions) {
    this.#factor = regularization?.factor ?? 0.5;
    this.#fcWeight = findClassifierLayer(network)?.layer.weight ?? null;
    const { sp, fc } =
      regularization === null
        ? { sp: new Map<string, Parameter>(), fc: new Map<string, Parameter>() }
        : penaltyScope(network, regularization);
    const trained = [...network.namedParameters()].filter(([, { requiresGrad }]) => requiresGrad);
    const anchored = (isBoth: boolean) =>
      trained
        .filter(([name]) => sp.has(name) && fc.has(name) === isBoth)
        .map(([name, parameter]) => ({ parameter, start: startOf(name, start) }));
    const free = (isFc: boolean) =>
      trained
        .filter(([name]) => fc.has(name) === isFc && (isFc || !sp.has(name)))
        .map(([, parameter]) => ({ parameter, start: null }));
    this.#passes = [anchored(false), anchored(true), free(true), free(false)];
  }

  /**
   * Adds the penalties' gradients.
   *
   * @param alpha, beta one number on the device each
   * @returns `[17]`, for {@link penaltyValues}
   */
  apply(alpha: Tensor, beta: Tensor): Tensor {
    const { gpu } = alpha;
    const strengths = [alpha, alpha, beta, full(gpu, [], 0)];
    const sums = this.#passes.map((terms, i) => {
      const strength = strengths[i];
      if (terms.length === 0 || strength === undefined) return full(gpu, [COLUMNS], 0);
      return addL2Penalty(terms, { strength, factor: this.#factor });
    });
    const weight = this.#fcWeight?.tensor ?? null;
    if (weight === null) return concat([...sums, full(gpu, [1], Number.NaN)], 0);
    return noGrad(() => concat([...sums, reshape(sum(square(weight)), [1])], 0));
  }

  /** The numbers of {@link apply}. */
  values(read: ArrayLike<number>): PenaltyValues {
    const at = (pass: number, column: number) => read[pass * COLUMNS + column] ?? Number.NaN;
    const isTwice = (this.#passes[1]?.length ?? 0) > 0;
    const before = at(0, 2) + (isTwice ? at(1, 2) : at(2, 2)) + at(3, 2);
    return {
      omegaSp: this.#factor * (at(0, 0) + at(1, 0)),
      omegaFc: this.#factor * at(2, 0),
      fcNorm: Math.sqrt(read[4 * COLUMNS] ?? Number.NaN),
      gradNorm: Math.sqrt(before),
      regularizedGradNorm: Math.sqrt(at(0, 3) + at(2, 3) + at(3, 3)),
    };
  }
}

/** A penalty's weight: γ, or a constant. */
export function strengthOf(
  gpu: Gpu,
  weight: Regularization["alpha"] | undefined,
  gamma: Tensor | null,
): Tensor {
  if (weight === "adaptive" && gamma !== null) return gamma;
  return full(gpu, [], typeof weight === "number" ? weight : 0);
}

function startOf(name: string, start: ReadonlyMap<string, Trainable> | null): Trainable {
  const found = start?.get(name);
  if (found !== undefined) return found;
  throw new UsageError(
    `Penalties: the starting point has no "${name}"\n` +
      "Pass the teacher: a network of the same kind, with the weights that the transfer begins with.",
  );
}

/** `α·Ω_sp + β·Ω_fc` */
export function weightedPenalties(
  regularization: Regularization | null,
  { omegaSp, omegaFc }: Pick<PenaltyValues, "omegaSp" | "omegaFc">,
  gamma: number | null,
): number {
  if (regularization === null) return 0;
  const { alpha, beta } = regularization;
  const weight = (given: "adaptive" | number) => (given === "adaptive" ? (gamma ?? 0) : given);
  return weight(alpha) * omegaSp + weight(beta) * omegaFc;
}
