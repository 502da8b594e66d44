import { fromFloat32 } from "@fauxgrad/models/checkpoint";
import { DeviceError } from "@fauxgrad/tensor";
import { expect, test } from "vitest";
import { equalParts } from "./equal-parts.ts";
import { hostTensor, modelTensors, section } from "./host-state.ts";
import { planParts } from "./micro-batch.ts";
import { TrainingDiverged } from "./training-diverged.ts";

test("parts cover the batch, and their sizes differ by one at most", () => {
  expect(equalParts(16, 16)).toEqual([[0, 16]]);
  expect(equalParts(7, 3)).toEqual([
    [0, 2],
    [2, 4],
    [4, 7],
  ]);
  for (const most of [0, -2, 1.5, Number.NaN]) {
    expect(() => equalParts(7, most)).toThrow(
      new RangeError(
        `equalParts: a part of a batch is to have at most ${most} images\n` +
          "Pass a micro-batch of a positive whole number.",
      ),
    );
  }
});

test("a batch is cut by the tighter of memory and bindings, and as the user wants it", () => {
  const memory = { fixed: 100, image: 10, largest: 2 };
  const ask = { batchSize: 16, side: 8 };
  const ample = { maxArrayBytes: 1000, maxBytes: 1000 };
  expect(planParts(ask, memory, ample)).toEqual({ microBatch: 16, parts: 1, bytes: 260 });
  const little = { ...ample, maxBytes: 180 };
  expect(planParts(ask, memory, little)).toEqual({ microBatch: 8, parts: 2, bytes: 180 });
  const narrow = { ...ample, maxArrayBytes: 13 };
  expect(planParts(ask, memory, narrow)).toEqual({ microBatch: 6, parts: 3, bytes: 160 });
  const wanted = planParts({ ...ask, wanted: 5 }, memory, little);
  expect(wanted).toEqual({ microBatch: 4, parts: 4, bytes: 140 });
});

test("an image that does not fit is refused, unless the user decides", () => {
  const memory = { fixed: 100, image: 10, largest: 2 };
  const limits = { maxArrayBytes: 1000, maxBytes: 105 };
  expect(() => planParts({ batchSize: 2, side: 8 }, memory, limits)).toThrow(
    new DeviceError(
      "out-of-memory",
      "training: one image of 8 x 8 pixels does not fit\n" +
        "  needed     110 bytes, the largest array 2\n" +
        "  available  105 bytes, the largest array 1000\n" +
        "Raise the limit of memory, or choose smaller images.",
    ),
  );
  expect(planParts({ batchSize: 2, side: 8, wanted: 1 }, memory, limits).parts).toBe(2);
});

test("a section of a state has names without their prefix, in float32", () => {
  const values = Float32Array.of(1, -2);
  const counter = hostTensor({ dtype: "int64", shape: [], data: BigInt64Array.of(7n) });
  const tensors = new Map([
    ["model.a", fromFloat32(values, [2])],
    ["model.n", counter],
    ["optimizer.a", fromFloat32(values, [2])],
  ]);
  const found = section(tensors, "model.");
  expect([...found.keys()]).toEqual(["a", "n"]);
  expect(found.get("a")).toEqual({ dtype: "float32", shape: [2], data: values });
  expect(found.get("n")).toBe(counter);
  expect([...modelTensors(tensors).keys()]).toEqual(["a", "n"]);
  expect([...modelTensors(new Map([["a", counter]])).keys()]).toEqual(["a"]);
});

test("a divergence is an error with its sentence", () => {
  const error = new TrainingDiverged({ kind: "not-finite", step: 3, message: "loss is NaN" });
  expect(error).toMatchObject({ name: "TrainingDiverged", message: "loss is NaN" });
});
