// The network that nsfwjs ships, beside a generic interpreter of its Keras graph in PyTorch in
// float64 (fixtures/keras-graph.py). Its classes are looked at here and nowhere else.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { noGrad, scope, tensor } from "@fauxgrad/tensor";
import { readTfjsLayers, type TfjsLayersModel } from "./checkpoint/index.ts";
import { InceptionV3 } from "./inception-v3.ts";
import { inceptionV3FromKeras } from "./inception-v3-keras.ts";
import { expect, test } from "./test-gpu.ts";
import { expectGradient, type GradientVector, image, inputGradient } from "./test-vectors.ts";

const require = createRequire(import.meta.url);

interface ModelJson {
  readonly weightsManifest: readonly { readonly paths: readonly string[] }[];
}

function readNsfwjs(): TfjsLayersModel {
  // The package exports no path to the files themselves.
  const folder = join(dirname(require.resolve("nsfwjs")), "../models/inception_v3");
  const json = require(`${folder}/model.min.js`) as ModelJson;
  const paths = json.weightsManifest.flatMap((group) => group.paths);
  const parts = paths.map((path) => Buffer.from(require(`${folder}/${path}.min.js`), "base64"));
  return readTfjsLayers(json, new Uint8Array(Buffer.concat(parts)).buffer);
}

const model = readNsfwjs();

/** The specification's image on the scale [0, 1], on which this network was trained. */
function unitImage(size: number): Float32Array<ArrayBuffer> {
  return image(1, size).map((value) => (value + 1) / 2);
}

const options = { numClasses: 0, transformInput: false, countIncludePad: false } as const;

test("its backbone is Inception-V3", () => {
  expect(model.layers).toHaveLength(318);
  const tensors = inceptionV3FromKeras(model);
  const expected = new InceptionV3(options).expectedState();
  const shapes = [...tensors].map(([name, { shape }]) => [name, shape]);
  const wanted = [...expected].filter(([name]) => !name.endsWith("num_batches_tracked"));
  expect(shapes).toEqual(wanted);
});

const GRADIENT: GradientVector = {
  sum: -3.191299404e1,
  l1: 5.555183281e3,
  l2: 5.133110568e1,
  min: -2.256518414,
  max: 2.265978941,
  points: [1.713958056e-2, -1.014516621e-1, 0, -1.112299237e-1],
  bytes: [128, 122, 127, 121],
  byteSum: 3515550,
};

test("features and their input gradient agree with the graph", async ({ gpu }) => {
  const network = new InceptionV3(options).eval().requiresGrad_(false);
  network.load(gpu, inceptionV3FromKeras(model));
  const pixels = unitImage(96);
  const { output, gradient } = await inputGradient(gpu, network, pixels, [1, 96, 96, 3]);
  network.dispose();
  const total = output.reduce((sum, value) => sum + value, 0);
  expect(Math.abs(total / 32.08752234 - 1)).toBeLessThan(1e-5);
  expect(output[2]).toBeCloseTo(0.5676678597, 5);
  expectGradient(gradient, 96, GRADIENT, { relative: 1e-4, bytes: 1, byteSum: 1e-4 });
});

test("its own head tells the same classes", { timeout: 600_000 }, async ({ gpu }) => {
  const network = new InceptionV3(options).eval();
  network.load(gpu, inceptionV3FromKeras(model));
  const input = unitImage(299);
  const run = () => network.forward(tensor(gpu, input, [1, 299, 299, 3])).read();
  let values: readonly number[] = [...(await scope(() => noGrad(run)))];
  network.dispose();
  for (const name of ["dense_1", "dense_2", "dense_3"]) {
    const weight = model.tensors.get(`${name}/kernel`);
    const bias = model.tensors.get(`${name}/bias`);
    const sums = Array.from(bias?.data ?? [], Number);
    const width = sums.length;
    for (const [i, value] of values.entries()) {
      for (let o = 0; o < width; o++) sums[o]! += value * Number(weight?.data[i * width + o]);
    }
    values = name === "dense_3" ? sums.map(Math.exp) : sums.map((sum) => Math.max(0, sum));
  }
  const total = values.reduce((sum, value) => sum + value, 0);
  const expected = [0.003375766, 0.000562009, 0.993986505, 0.001876437, 0.000199284];
  for (const [i, probability] of expected.entries()) {
    expect(Math.abs(values[i]! / total - probability)).toBeLessThan(1e-5);
  }
});

test("another network is refused with what is different", () => {
  const without = model.layers.filter(({ name }) => name !== "conv2d_94");
  expect(() => inceptionV3FromKeras({ ...model, layers: without })).toThrow(
    "inception_v3: the model has another number of convolutions\n" +
      "  found     93\n  expected  94\n" +
      "Pass a model that was built on keras.applications.InceptionV3.",
  );
  const bare = model.layers.filter(({ name }) => name !== "batch_normalization_3");
  expect(() => inceptionV3FromKeras({ ...model, layers: bare })).toThrow(
    "inception_v3: a convolution has no normalisation behind it\n  layer  conv2d_3\n",
  );
  const swapped = new Map(model.tensors);
  const kernel = model.tensors.get("conv2d_2/kernel");
  if (kernel !== undefined) swapped.set("conv2d_3/kernel", kernel);
  expect(() => inceptionV3FromKeras({ ...model, tensors: swapped })).toThrow(
    "inception_v3: the kernel of conv2d_3 does not fit Conv2d_2b_3x3\n" +
      "  found     [3, 3, 32, 32]\n  expected  [3, 3, 32, 64]\n",
  );
  swapped.delete("conv2d_3/kernel");
  expect(() => inceptionV3FromKeras({ ...model, tensors: swapped })).toThrow(
    "inception_v3: a weight is missing\n  name  conv2d_3/kernel\n",
  );
});
