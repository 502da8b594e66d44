import { expect, test } from "vitest";
import { readNcnn, readTfjsLayers } from "../checkpoint/index.ts";
import { GraphNetwork, graphFromKeras, graphFromNcnn } from "./index.ts";
import { NcnnBuilder } from "./test-builder.ts";

/** What is said of one layer behind an input. */
function ncnn(type: string, params: string, blobs = "data > out"): () => unknown {
  const net = new NcnnBuilder();
  net.layer("Input", "in", "> data");
  if (["Convolution", "Deconvolution"].includes(type)) {
    net.linear(type, "x", blobs, [2, 3, 3], params);
  } else net.layer(type, "x", blobs, params);
  return () => graphFromNcnn(readNcnn(net.param, net.bin));
}

test("a layer of ncnn that does something else is refused, not taken for what is known", () => {
  const refused: readonly [() => unknown, string][] = [
    [ncnn("Convolution", "2=2"), "ncnn: the layer x has 2 as its key 2\n  Convolution  0=2 1=3"],
    [ncnn("Convolution", "4=1 15=2"), "has 2 as its key 15"],
    [ncnn("Convolution", "4=-233"), "has a padding that is not known"],
    [ncnn("Convolution", "9=5"), "has an activation that is not known"],
    [ncnn("Deconvolution", "3=2 18=1"), "has 1 as its key 18"],
    [ncnn("Concat", "0=1"), "has 1 as its key 0"],
    [ncnn("Eltwise", "0=2"), "does what is not known"],
    [ncnn("Eltwise", "0=1 -23301=2,1.0,1.0"), "has not one factor for each input"],
    [ncnn("BinaryOp", "0=0"), "does not take two maps"],
    [ncnn("BinaryOp", "0=3", "data data > out"), "does what is not known"],
    [ncnn("Pooling", "0=0 4=1"), "is not a mean of whole maps"],
    [ncnn("Crop", "-23309=2,4,4 -23310=2,-4,-3 -23311=2,-2,-1"), "does not cut the borders"],
    [ncnn("Crop", "-23309=2,4,4 -23310=2,-4,-4 -23311=2,-3,-1"), "does not cut the borders"],
    [ncnn("Interp", "0=3 1=2.0 2=2.0"), "enlarges in a way that is not known"],
    [ncnn("Interp", "0=1 1=2.0 2=3.0"), "has 3 as its key 2"],
    [ncnn("PixelShuffle", "0=2 1=1"), "has 1 as its key 1"],
    [ncnn("ReLU", "", "nothing > out"), "takes nothing, which no layer before it makes"],
    [ncnn("Dropout", ""), "is of a type that is not known"],
    [ncnn("Input", "", "> other"), "is a second input"],
    [
      () => graphFromNcnn(readNcnn("7767517\n0 0\n", new Uint8Array(0))),
      "ncnn: the network has no input or no result\n  layers  0\nPass an unchanged .param file.",
    ],
  ];
  for (const [make, message] of refused) expect(make, message).toThrow(message);
});

test("a transposed convolution is a convolution, a shuffle and a crop", () => {
  const net = new NcnnBuilder();
  net.layer("Input", "in", "> data");
  // A kernel that the stride does not divide: the fourth tap is zero.
  net.linear("Deconvolution", "up", "data > out", [1, 1, 3], "3=2 4=1");
  const { graph, tensors } = graphFromNcnn(readNcnn(net.param, net.bin));
  expect(graph).toMatchObject({
    input: "in",
    output: "up",
    nodes: [
      { name: "up.blocks", inputs: ["in"], operation: { shape: [4, 1, 2, 2], padding: 1 } },
      { name: "up.pixels", operation: { factor: 2, channelsFirst: false } },
      { name: "up", operation: { kind: "crop", before: 1, after: 2 } },
    ],
  });
  const { weight, bias } = net.weights.kernels.get("up")!;
  const at = (y: number, x: number) => weight[y * 3 + x]!;
  const moved = [...tensors.get("up.blocks.weight")!.data];
  expect(moved).toEqual([
    ...[at(2, 2), at(2, 0), at(0, 2), at(0, 0)],
    ...[0, at(2, 1), 0, at(0, 1)],
    ...[0, 0, at(1, 2), at(1, 0)],
    ...[0, 0, 0, at(1, 1)],
  ]);
  expect([...tensors.get("up.blocks.bias")!.data]).toEqual([bias[0], bias[0], bias[0], bias[0]]);
});

function keras(className: string, config: object): () => unknown {
  const layers = [
    { class_name: "InputLayer", name: "in", config: {}, inbound_nodes: [] },
    { class_name: className, name: "x", config, inbound_nodes: [[["in", 0, 0, {}]]] },
  ];
  const weights = [{ name: "x/kernel", shape: [3, 3, 1, 1], dtype: "float32" }];
  const modelJson = {
    modelTopology: { config: { layers } },
    weightsManifest: [{ paths: ["w"], weights }],
  };
  return () => graphFromKeras(readTfjsLayers(modelJson, new ArrayBuffer(36)));
}

test("a layer of Keras that does something else is refused", () => {
  const border = "is no convolution with a stride of 1 and a border of zeros";
  const refused: readonly [() => unknown, string][] = [
    [keras("Conv2D", { padding: "valid" }), border],
    [keras("Conv2D", { padding: "same", strides: [2, 2] }), border],
    [keras("Conv2D", { padding: "same", dilation_rate: [2, 2] }), border],
    [keras("Conv2D", { padding: "same", groups: 3 }), border],
    [keras("Conv2D", { padding: "same", activation: "tanh" }), "an activation that is not known"],
    [keras("Activation", { activation: "tanh" }), "has an activation that is not known"],
    [keras("Concatenate", { axis: 1 }), "does not join channels"],
    [keras("MultiplyBeta", {}), "has no beta"],
    [keras("UpSampling2D", { size: [2, 3] }), "enlarges in a way that is not known"],
    [
      keras("LSTM", {}),
      "keras: the layer x is of a type that is not known\n  LSTM\n" +
        "Pass a super-resolution network of idealo's image-super-resolution (RDN or RRDN).",
    ],
    [
      () =>
        graphFromKeras(
          readTfjsLayers(
            { modelTopology: { config: { layers: [] } }, weightsManifest: [] },
            new ArrayBuffer(0),
          ),
        ),
      "keras: the network has no input\n  layers  0\nPass an unchanged model.json.",
    ],
  ];
  for (const [make, message] of refused) expect(make, message).toThrow(message);
});

test("a graph whose maps come from nowhere is refused", () => {
  const relu = {
    kind: "activation",
    activation: { kind: "leakyRelu", slope: 0 },
  } as const;
  const node = { name: "a", inputs: ["b"], operation: relu };
  expect(() => new GraphNetwork({ input: "in", output: "a", nodes: [node] })).toThrow(
    "super-resolution: nothing before a makes the map b\n" +
      "Put operations behind those whose maps they take.",
  );
  expect(() => new GraphNetwork({ input: "in", output: "a", nodes: [] })).toThrow(
    "super-resolution: nothing before the result makes the map a",
  );
});
