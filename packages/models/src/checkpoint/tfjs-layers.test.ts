import { expect, test } from "vitest";
import { float32ToFloat16 } from "./half.ts";
import { kerasKernel, readTfjsLayers } from "./tfjs-layers.ts";

const topology = {
  keras_version: "2.2.4",
  model_config: {
    class_name: "Model",
    config: {
      layers: [
        { name: "input_1", class_name: "InputLayer", config: {}, inbound_nodes: [] },
        {
          name: "conv2d_1",
          class_name: "Conv2D",
          config: { name: "conv2d_1", padding: "same" },
          inbound_nodes: [[["input_1", 0, 0, {}]]],
        },
        {
          class_name: "Concatenate",
          config: { name: "both" },
          inbound_nodes: [
            [
              ["input_1", 0, 0, {}],
              ["conv2d_1", 0, 0, {}],
            ],
          ],
        },
      ],
    },
  },
};

function model(...weights: unknown[]) {
  return { modelTopology: topology, weightsManifest: [{ paths: ["a", "b"], weights }] };
}

function bytes(...parts: readonly (Uint8Array | Uint16Array | Float32Array | Int32Array)[]) {
  const all = parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  const joined = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of all) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined.buffer;
}

test("layers come with their names and inputs", () => {
  const { layers } = readTfjsLayers(model(), new ArrayBuffer(0));
  expect(layers).toEqual([
    { name: "input_1", className: "InputLayer", config: {}, inputs: [] },
    {
      name: "conv2d_1",
      className: "Conv2D",
      config: { name: "conv2d_1", padding: "same" },
      inputs: ["input_1"],
    },
    {
      name: "both",
      className: "Concatenate",
      config: { name: "both" },
      inputs: ["input_1", "conv2d_1"],
    },
  ]);
  const direct = { modelTopology: topology.model_config, weightsManifest: [] };
  expect(readTfjsLayers(direct, new ArrayBuffer(0)).layers).toEqual(layers);
});

test("weights of every type become float32, also where they are not aligned", () => {
  const affine = { scale: 0.5, min: -2 };
  const manifest = model(
    { name: "a", shape: [3], dtype: "float32", quantization: { ...affine, dtype: "uint8" } },
    { name: "b", shape: [2], dtype: "float32" },
    { name: "c", shape: [1, 2], dtype: "float32", quantization: { ...affine, dtype: "uint16" } },
    { name: "d", shape: [2], dtype: "float32", quantization: { dtype: "float16" } },
    { name: "e", shape: [], dtype: "int32" },
    { name: "f", shape: [2], dtype: "bool" },
    {
      name: "g",
      shape: [2],
      dtype: "int32",
      quantization: { scale: 0.3, min: -1, dtype: "uint8" },
    },
  );
  const data = bytes(
    Uint8Array.of(0, 1, 255),
    Float32Array.of(1.5, -3),
    Uint16Array.of(4, 60_000),
    float32ToFloat16(Float32Array.of(0.25, -1)),
    Int32Array.of(-7),
    Uint8Array.of(1, 0),
    Uint8Array.of(2, 9),
  );
  const { tensors } = readTfjsLayers(manifest, data);
  const values = [...tensors].map(([name, tensor]) => [name, tensor.shape, [...tensor.data]]);
  expect(values).toEqual([
    ["a", [3], [-2, -1.5, 125.5]],
    ["b", [2], [1.5, -3]],
    ["c", [1, 2], [0, 29_998]],
    ["d", [2], [0.25, -1]],
    ["e", [], [-7]],
    ["f", [2], [1, 0]],
    ["g", [2], [-0, 2]],
  ]);
});

test("what is no layers model says so", () => {
  const empty = new ArrayBuffer(0);
  expect(() => readTfjsLayers({ weights: 1 }, empty)).toThrow(
    'tfjs: this is no model.json\n  keys  "weights"\nPass the parsed model.json.',
  );
  expect(() => readTfjsLayers(null, empty)).toThrow("keys  none");
  const graph = { modelTopology: { node: [{}, {}] }, weightsManifest: [] };
  expect(() => readTfjsLayers(graph, empty)).toThrow(
    "tfjs: this is a graph model, whose weights have lost their layers\n  nodes  2\n" +
      "Pass a layers model: convert it with --output_format=tfjs_layers_model.",
  );
  expect(() => readTfjsLayers({ modelTopology: {}, weightsManifest: [] }, empty)).toThrow(
    "tfjs: the topology has no layers\n  keys  none\nPass a model.json of the layers format.",
  );
  const nameless = {
    modelTopology: { config: { layers: [{ class_name: "Conv2D" }] } },
    weightsManifest: [],
  };
  expect(() => readTfjsLayers(nameless, empty)).toThrow(
    'tfjs: a layer has no name or class\n  layer  "{\\"class_name\\":\\"Conv2D\\"}"\n' +
      "Pass an unchanged model.json.",
  );
});

test("a manifest that does not fit says what is wrong", () => {
  const one = { name: "a", shape: [2], dtype: "float32" };
  expect(() => readTfjsLayers(model(one), new ArrayBuffer(7))).toThrow(
    "tfjs: the weights are not as long as the manifest says\n" +
      "  found     7 bytes\n  expected  8 bytes\n" +
      "Pass all files of the manifest, one after the other in its order.",
  );
  const refused: [unknown, string][] = [
    [{ ...one, dtype: "string" }, "a weight of the manifest has an unknown type"],
    [{ ...one, shape: [-1] }, "a weight of the manifest has no name or shape"],
    [{ ...one, shape: [2 ** 40, 2 ** 40] }, "a weight of the manifest has no name or shape"],
    [{ shape: [1], dtype: "float32" }, "a weight of the manifest has no name or shape"],
    [null, "a weight of the manifest has no name or shape"],
    [
      { ...one, quantization: { dtype: "uint8", scale: 1 } },
      "a weight of the manifest is quantised in an unknown way",
    ],
    [
      { ...one, quantization: { dtype: "int32", scale: 1, min: 0 } },
      "a weight of the manifest is quantised in an unknown way",
    ],
  ];
  for (const [weight, message] of refused) {
    expect(() => readTfjsLayers(model(weight), new ArrayBuffer(8))).toThrow(message);
  }
});

test("a kernel is put into PyTorch's order of axes", () => {
  // [KH, KW, I, O] = [1, 2, 2, 3]: twelve values in the order of memory.
  const data = Float32Array.from({ length: 12 }, (_, i) => i);
  const { shape, data: moved } = kerasKernel({ dtype: "float32", shape: [1, 2, 2, 3], data });
  expect(shape).toEqual([3, 2, 1, 2]);
  expect([...moved]).toEqual([0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11]);
  expect(() => kerasKernel({ dtype: "float32", shape: [12], data })).toThrow(
    "tfjs: a kernel has not four axes\n  shape  [12]\nPass the kernel of a Conv2D.",
  );
});
