import { ResNet } from "@fauxgrad/models";
import { fromFloat32, type HostTensor } from "@fauxgrad/models/checkpoint";
import { createClassifier, describeClassifier, loadClassifier } from "./classifier.ts";
import { expect, test } from "./test-gpu.ts";

/** A state dict whose values tell the tensor and the place; cheap to make. */
function state(numClasses: number, prefix = ""): Map<string, HostTensor> {
  const tensors = new Map<string, HostTensor>();
  let serial = 0;
  for (const [name, shape] of new ResNet("resnet50", { numClasses }).expectedState()) {
    serial += 1;
    if (name.endsWith("num_batches_tracked")) continue;
    const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
    values.fill(serial / 1024);
    tensors.set(prefix + name, fromFloat32(values, shape));
  }
  return tensors;
}

test("the description is the specification's", () => {
  const description = describeClassifier();
  expect(description.numParameters()).toBe(23_510_081);
  expect(description.expectedState().size).toBe(320);
});

test("ImageNet's head is replaced, all else is the file's", async ({ gpu }) => {
  const weights = state(1000);
  const network = createClassifier(gpu, { seed: 3, weights });
  const made = await network.stateDict();
  const { mean, deviation } = moments(made.get("fc.weight")?.data as Float32Array);
  // Five deviations of the mean and of the deviation of 2048 normal values.
  expect(Math.abs(mean)).toBeLessThan((5 * 0.02) / Math.sqrt(2048));
  expect(Math.abs(deviation - 0.02)).toBeLessThan((5 * 0.02) / Math.sqrt(2 * 2048));
  const bias = Number(made.get("fc.bias")?.data[0]);
  expect(Math.abs(bias)).toBeLessThanOrEqual(1 / Math.sqrt(2048));
  expect(made.get("layer4.2.bn3.running_var")?.data[7]).toBe(
    weights.get("layer4.2.bn3.running_var")?.data[7],
  );
  expect(made.get("conv1.weight")?.data[0]).toBe(weights.get("conv1.weight")?.data[0]);
  network.dispose();

  // Another file: one logit, nested as a checkpoint of CNNDetection or ours.
  const nested = state(1, "model.");
  nested.set("optimizer.step.fc.bias", fromFloat32(new Float32Array(1), []));
  const loaded = loadClassifier(gpu, nested);
  expect(loaded.training).toBe(false);
  expect((await loaded.stateDict()).get("fc.bias")?.data[0]).toBe(
    nested.get("model.fc.bias")?.data[0],
  );
  loaded.dispose();
});

test("a narrower classifier is told from its weights", async ({ gpu }) => {
  using made = createClassifier(gpu, { seed: 3, widthMultiplier: 0.125 });
  const weights = new Map<string, HostTensor>();
  for (const [name, { data, shape }] of await made.stateDict()) {
    if (data instanceof Float32Array) weights.set(name, fromFloat32(data, shape));
  }
  using loaded = loadClassifier(gpu, weights);
  expect(loaded.namedParameters().get("fc.weight")?.shape).toEqual([1, 256]);
  using again = createClassifier(gpu, { seed: 4, weights });
  expect((await again.stateDict()).get("fc.weight")?.data).toEqual(weights.get("fc.weight")?.data);
});

test("what is no ResNet-50 is refused, with what is wrong", ({ gpu }) => {
  const weights = state(1);
  weights.delete("layer1.0.conv1.weight");
  const message =
    "checkpoint: the file's weights do not fit the model\n  missing (1 of 320)\n" +
    "    layer1.0.conv1.weight  [64, 64, 1, 1]\n";
  expect(() => loadClassifier(gpu, weights)).toThrow(message);
  // Without ImageNet's head, which is not wanted, 318 names are.
  expect(() => createClassifier(gpu, { seed: 1, weights })).toThrow(message);
  expect(() => loadClassifier(gpu, state(1000))).toThrow("fc.weight  file [1000, 2048], model");
});

function moments(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

test("a classifier of four convolutions is told from its weights too", async ({ gpu }) => {
  using made = createClassifier(gpu, { seed: 5, network: "small_cnn" });
  const weights = new Map<string, HostTensor>();
  for (const [name, { data, shape }] of await made.stateDict()) {
    if (data instanceof Float32Array) weights.set(name, fromFloat32(data, shape));
  }
  using loaded = loadClassifier(gpu, weights);
  expect(loaded.featureLayers).toEqual(["conv1", "conv2", "conv3", "conv4"]);
  expect((await loaded.stateDict()).get("fc.weight")).toEqual(
    (await made.stateDict()).get("fc.weight"),
  );
});
