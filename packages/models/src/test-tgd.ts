// Section 9 of T-GD's specification: networks filled by the places of their parameters, and norms
// of gradients.
import { crossEntropy, type Gpu, scope, tensor } from "@fauxgrad/tensor";
import type { Module } from "@fauxgrad/tensor/nn";
import { expect, fillByPlace, mulberry32 } from "@fauxgrad/testing";
import type { FeatureNetwork } from "./layers/feature-network.ts";
import { toChannelsLast } from "./test-vectors.ts";

/** Puts `fill(base)` on the device. */
export function loadFilled(gpu: Gpu, network: Module, base = 0): void {
  const tensors = [...network.namedParameters()].map(([name, { shape }], index) => {
    const data = fillByPlace(base, index, name, shape);
    return [name, { dtype: "float32", shape, data }] as const;
  });
  network.load(gpu, new Map(tensors));
}

/** `(u − 0.5) · scale` of a seed: `[N, C, H, W]` in the specification, `[N, H, W, C]` here. */
export function seededMaps(
  seed: number,
  scale: number,
  shape: readonly [number, number, number, number],
): Float32Array<ArrayBuffer> {
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Float32Array.from(mulberry32(seed, count), (u) => (u - 0.5) * scale);
  return toChannelsLast(values, shape);
}

/** The specification's images `X(N, S)`, `[N, S, S, 3]`. */
export function seededImages(count: number, size: number): Float32Array<ArrayBuffer> {
  return seededMaps(12345, 4, [count, 3, size, size]);
}

/** √Σv². */
export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

/** Fails unless `actual` is within `share` of `expected`. */
export function expectWithin(
  name: string,
  actual: number | undefined,
  expected: number,
  share: number,
): void {
  expect(
    Math.abs((actual ?? Number.NaN) - expected),
    `${name}: ${actual}, expected ${expected}`,
  ).toBeLessThanOrEqual(share * Math.abs(expected));
}

/** What one pass forth and back through a network gives. */
export interface LearningStep {
  readonly logits: Float32Array;
  readonly loss: number;
  /** Norm of each parameter's gradient. */
  readonly norms: ReadonlyMap<string, number>;
  /** Of all of them together. */
  readonly total: number;
}

/** Cross entropy of two images of `size` pixels with the labels 0 and 1, and its gradients. */
export function learningStep(
  gpu: Gpu,
  network: FeatureNetwork,
  size: number,
): Promise<LearningStep> {
  return scope(async () => {
    network.zeroGrad();
    const logits = network.forward(tensor(gpu, seededImages(2, size), [2, size, size, 3]));
    const loss = crossEntropy(logits, tensor(gpu, [0, 1], [2], { dtype: "u32" }));
    loss.backward();
    const norms = new Map<string, number>();
    for (const [name, parameter] of network.namedParameters()) {
      norms.set(name, norm((await parameter.tensor.grad?.read()) ?? []));
    }
    network.zeroGrad();
    const total = norm([...norms.values()]);
    return { logits: await logits.read(), loss: await loss.item(), norms, total };
  });
}
