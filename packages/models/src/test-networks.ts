// How a network's outputs and input gradient are compared with fixtures/networks.json, which
// fixtures/networks.py wrote with PyTorch in float64.
import type { Gpu, Tensor } from "@fauxgrad/tensor";
import type { Module } from "@fauxgrad/tensor/nn";
import { expect } from "@fauxgrad/testing";
import recorded from "./fixtures/networks.json" with { type: "json" };
import {
  expectGradient,
  filledState,
  type GradientTolerance,
  type GradientVector,
  image,
  inputGradient,
  networkRule,
} from "./test-vectors.ts";

/** What a network gave for one image of the deterministic fill. */
interface NetworkVector {
  readonly outputs: number;
  readonly outputSum: number;
  /** The first three outputs. */
  readonly first: readonly number[];
  readonly gradient: GradientVector;
}

/** Names of the recorded networks. */
export type RecordedNetwork = keyof typeof recorded;

/** A recorded vector, with the tuples that JSON has no types for. */
export function recordedVector(name: RecordedNetwork): NetworkVector {
  const { gradient, ...rest } = recorded[name];
  return { ...rest, gradient: gradient as unknown as GradientVector };
}

/** How far a network may be from its vector. */
export interface NetworkTolerance extends GradientTolerance {
  /** Of an output, as a share of its size or of 1. */
  readonly output: number;
}

/** Fills a frozen network, runs one image of `size` pixels, compares, and frees the network. */
export async function expectNetwork(
  gpu: Gpu,
  network: Module & { forward(input: Tensor): Tensor },
  size: number,
  vector: NetworkVector,
  tolerance: NetworkTolerance,
): Promise<void> {
  network.eval().requiresGrad_(false);
  network.load(gpu, filledState(network, networkRule));
  const shape = [1, size, size, 3];
  const { output, gradient } = await inputGradient(gpu, network, image(1, size), shape);
  network.dispose();
  expect(output).toHaveLength(vector.outputs);
  const close = (actual: number, expected: number) =>
    expect(Math.abs(actual - expected), `${actual}, expected ${expected}`).toBeLessThan(
      tolerance.output * Math.max(1, Math.abs(expected)),
    );
  for (const [i, expected] of vector.first.entries()) close(output[i] ?? Number.NaN, expected);
  const total = output.reduce((sum, value) => sum + value, 0);
  const largest = output.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // Rounding errors of the outputs are independent: their sum's grows with the root of the count.
  const slack = tolerance.output * Math.max(1, largest) * Math.sqrt(output.length);
  expect(Math.abs(total - vector.outputSum), `sum ${total}`).toBeLessThan(slack);
  expectGradient(gradient, size, vector.gradient, tolerance);
}
