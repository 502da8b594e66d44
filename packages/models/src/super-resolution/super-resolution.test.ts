import { noGrad, scope, tensor } from "@fauxgrad/tensor";
import { randomFloats } from "@fauxgrad/testing";
import { readNcnn, readTfjsLayers } from "../checkpoint/index.ts";
import { expect, test } from "../test-gpu.ts";
import type { RgbImage } from "../transforms/index.ts";
import {
  type GraphModel,
  GraphNetwork,
  graphFromKeras,
  graphFromNcnn,
  SuperResolution,
} from "./index.ts";
import { KerasBuilder, NcnnBuilder } from "./test-builder.ts";
import {
  add,
  concat,
  conv,
  crop,
  deconv,
  excite,
  type Kernel,
  leaky,
  type Map3,
  prelu,
  scale,
  shuffle,
  upsample,
} from "./test-reference.ts";

/** A network in its file's format, and its formula. */
interface Example {
  readonly model: GraphModel;
  readonly kernels: ReadonlyMap<string, Kernel>;
  readonly slopes: ReadonlyMap<string, Float32Array>;
  /** The formula, with the kernels by name. */
  readonly forward: (image: Map3, weights: Weights) => Map3;
}

interface Weights {
  readonly kernel: (name: string) => Kernel;
  readonly slopes: (name: string) => Float32Array;
  readonly isMagnitude: boolean;
}

function ncnnExample(builder: NcnnBuilder, forward: Example["forward"]): Example {
  const model = graphFromNcnn(readNcnn(builder.param, builder.bin));
  return { model, ...builder.weights, forward };
}

/** Idealo's RRDN with one block of one dense block of two convolutions. */
function rrdn(): Example {
  const net = new KerasBuilder();
  net.layer("InputLayer", "lr", []);
  net.conv("pre", "lr", [6, 3, 3]);
  net.conv("f1", "pre", [4, 6, 3]);
  net.layer("Activation", "f1_relu", ["f1"], { activation: "relu" });
  net.layer("Concatenate", "cat1", ["pre", "f1_relu"], { axis: 3 });
  net.conv("f2", "cat1", [4, 10, 3]);
  net.layer("Activation", "f2_relu", ["f2"], { activation: "relu" });
  net.layer("Concatenate", "cat2", ["cat1", "f2_relu"], { axis: 3 });
  net.conv("lff", "cat2", [6, 14, 3]);
  net.layer("MultiplyBeta", "beta", ["lff"], { beta: 0.2 });
  net.layer("Add", "lrl", ["pre", "beta"]);
  net.conv("preshuffle", "lrl", [48, 6, 3]);
  net.layer("PixelShuffle4x", "shuffle", ["preshuffle"], { scale: 4 });
  net.conv("sr", "shuffle", [3, 3, 3]);
  const model = graphFromKeras(readTfjsLayers(net.modelJson, net.bin.buffer));
  const padding = { padding: 1 };
  const forward: Example["forward"] = (image, { kernel }) => {
    const pre = conv(image, kernel("pre"), padding);
    const one = concat(pre, leaky(conv(pre, kernel("f1"), padding), 0));
    const two = concat(one, leaky(conv(one, kernel("f2"), padding), 0));
    const block = add(pre, scale(conv(two, kernel("lff"), padding), 0.2));
    const deep = conv(block, kernel("preshuffle"), padding);
    return conv(shuffle(deep, 4, "tensorflow"), kernel("sr"), padding);
  };
  return { model, ...net.weights, forward };
}

const LEAKY = (slope: number) => `9=2 -23310=1,${slope}`;

/** Real-ESRGAN's RRDBNet with one dense block of two convolutions, enlarging by 2. */
function rrdbNet(): Example {
  const net = new NcnnBuilder();
  net.layer("Input", "input.1", "> data");
  net.linear("Convolution", "c0", "data > x0", [6, 3, 3], "4=1");
  net.layer("Split", "s0", "x0 > x0a x0b x0c x0d x0e");
  net.linear("Convolution", "c1", "x0a > x1", [4, 6, 3], `4=1 ${LEAKY(0.2)}`);
  net.layer("Concat", "cat", "x0b x1 > cat1");
  net.linear("Convolution", "c2", "cat1 > x2", [6, 10, 3], "4=1");
  net.layer("Eltwise", "e0", "x2 x0c > y0", "0=1 -23301=2,2.0e-01,1.0e+00");
  net.layer("Eltwise", "e1", "y0 x0d > y1", "0=1 -23301=2,2.0e-01,1.0e+00");
  net.linear("Convolution", "body", "y1 > b", [6, 6, 3], "4=1");
  net.layer("BinaryOp", "sum", "x0e b > trunk");
  net.layer("Interp", "up", "trunk > large", "0=1 1=2.0e+00 2=2.0e+00");
  net.linear("Convolution", "c3", "large > hr", [6, 6, 3], `4=1 ${LEAKY(0.2)}`);
  net.linear("Convolution", "c4", "hr > output", [3, 6, 3], "4=1");
  const padding = { padding: 1 };
  return ncnnExample(net, (image, { kernel }) => {
    const x0 = conv(image, kernel("c0"), padding);
    const x1 = leaky(conv(x0, kernel("c1"), padding), 0.2);
    const dense = add(scale(conv(concat(x0, x1), kernel("c2"), padding), 0.2), x0);
    const block = add(scale(dense, 0.2), x0);
    const trunk = add(x0, conv(block, kernel("body"), padding));
    const hr = leaky(conv(upsample(trunk, 2), kernel("c3"), padding), 0.2);
    return conv(hr, kernel("c4"), padding);
  });
}

/** Real-ESRGAN's SRVGGNetCompact with one hidden convolution, enlarging by 4. */
function srvgg(): Example {
  const net = new NcnnBuilder();
  net.layer("Input", "in", "> data");
  net.layer("Split", "split", "data > a b");
  net.linear("Convolution", "c0", "b > f0", [5, 3, 3], "4=1");
  net.prelu("p0", "f0 > g0", 5);
  net.linear("Convolution", "c1", "g0 > f1", [48, 5, 3], "4=1");
  net.layer("PixelShuffle", "shuffle", "f1 > large", "0=4");
  net.layer("Interp", "nearest", "a > base", "0=1 1=4.0 2=4.0");
  net.layer("BinaryOp", "add", "large base > out");
  return ncnnExample(net, (image, { kernel, slopes }) => {
    const hidden = prelu(conv(image, kernel("c0"), { padding: 1 }), slopes("p0"));
    const deep = conv(hidden, kernel("c1"), { padding: 1 });
    return add(shuffle(deep, 4, "torch"), upsample(image, 4));
  });
}

/** A U-Net of Real-CUGAN with one level, and the transposed convolution that enlarges by 2. */
function upcunet(): Example {
  const net = new NcnnBuilder();
  net.layer("Input", "in", "> data");
  net.linear("Convolution", "c0", "data > x0", [4, 3, 3], LEAKY(0.1));
  net.layer("Split", "s0", "x0 > x0a x0b");
  net.linear("Convolution", "down", "x0b > d", [4, 4, 2], `3=2 ${LEAKY(0.1)}`);
  net.linear("Convolution", "c1", "d > e", [6, 4, 3], LEAKY(0.1));
  net.layer("Split", "s1", "e > ea eb");
  net.layer("Pooling", "mean", "eb > gap", "0=1 4=1");
  net.linear("InnerProduct", "squeeze", "gap > q", [3, 6, 1], "9=1");
  net.linear("InnerProduct", "expand", "q > gate", [6, 3, 1], "9=4");
  net.layer("BinaryOp", "excite", "ea gate > f", "0=2");
  net.layer("Crop", "crop", "x0a > x0c", "-23309=2,2,2 -23310=2,-2,-2 -23311=2,-2,-1");
  net.linear("Deconvolution", "up", "f > u", [4, 6, 2], `3=2 ${LEAKY(0.1)}`);
  net.layer("BinaryOp", "skip", "x0c u > v");
  net.linear("Deconvolution", "last", "v > out", [3, 4, 4], "3=2 4=3");
  return ncnnExample(net, (image, { kernel, isMagnitude }) => {
    const x0 = leaky(conv(image, kernel("c0")), 0.1);
    const down = leaky(conv(x0, kernel("down"), { stride: 2 }), 0.1);
    const deep = leaky(conv(down, kernel("c1")), 0.1);
    const excited = excite(deep, kernel("squeeze"), kernel("expand"), isMagnitude);
    const up = leaky(deconv(excited, kernel("up"), 2, 0), 0.1);
    return deconv(add(crop(x0, 2), up), kernel("last"), 2, 3);
  });
}

/** waifu2x's upconv_7 with one hidden convolution. */
function upconv(): Example {
  const net = new NcnnBuilder();
  net.layer("Input", "input", "> Input1", "0=156 1=156 2=3");
  net.linear("Convolution", "c1", "Input1 > a", [4, 3, 3], LEAKY(0.1));
  net.linear("Deconvolution", "c2", "a > b", [3, 4, 4], "3=2 4=3");
  return ncnnExample(net, (image, { kernel }) =>
    deconv(leaky(conv(image, kernel("c1")), 0.1), kernel("c2"), 2, 3),
  );
}

const EXAMPLES = { rrdn, rrdbNet, srvgg, upcunet, upconv };

const absolute = (kernel: Kernel): Kernel => ({
  ...kernel,
  weight: kernel.weight.map(Math.abs),
  bias: kernel.bias.map(Math.abs),
});

/** The formula's result, its magnitude, and the number of terms on the longest way through it. */
function reference({ forward, kernels, slopes }: Example, image: Map3) {
  const data = forward(image, {
    kernel: (name) => kernels.get(name)!,
    slopes: (name) => slopes.get(name)!,
    isMagnitude: false,
  });
  const magnitude = forward(
    { ...image, data: image.data.map(Math.abs) },
    {
      kernel: (name) => absolute(kernels.get(name)!),
      slopes: (name) => slopes.get(name)!.map(Math.abs),
      isMagnitude: true,
    },
  );
  // Each kernel comes once on a way at most; 8 roundings besides: biases, sums, sigmoid, slopes.
  const terms = [...kernels.values()].reduce((sum, { shape: [, i, k] }) => sum + i * k * k + 8, 0);
  const shape = [1, data.h, data.w, data.c];
  return { expected: { data: data.data, magnitude: magnitude.data, shape }, terms };
}

for (const [name, make] of Object.entries(EXAMPLES)) {
  test(`${name} from its file does what its formula says`, async ({ gpu }) => {
    const example = make();
    const [h, w] = [12, 10];
    const pixels = randomFloats(h * w * 3, 99);
    const { expected, terms } = reference(example, { h, w, c: 3, data: Float64Array.from(pixels) });
    using network = new GraphNetwork(example.model.graph);
    network.load(gpu, example.model.tensors);
    const output = await scope(() => {
      return noGrad(() => network.forward(tensor(gpu, pixels, [1, h, w, 3]))).read();
    });
    expect(output).toMatchReference(expected, { terms });
  });
}

/** What the network sees of an image: values from 0 to 1, the edge's pixels repeated outside. */
function bordered({ width, height, data }: RgbImage, border: number): Map3 {
  const [h, w] = [height + 2 * border, width + 2 * border];
  const values = Float64Array.from({ length: h * w * 3 }, (_, i) => {
    const [y, x] = [Math.floor(i / 3 / w), Math.floor(i / 3) % w];
    const row = Math.min(height - 1, Math.max(0, y - border));
    const column = Math.min(width - 1, Math.max(0, x - border));
    return data[(row * width + column) * 3 + (i % 3)]! / 255;
  });
  return { h, w, c: 3, data: values };
}

test("an image is enlarged, with its edge repeated where the network needs it", async ({ gpu }) => {
  const example = upconv();
  const [width, height] = [5, 4];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 256);
  const image = { width, height, data };
  // Of n pixels a side, 2 are lost, and the rest makes 2·(n − 2) + 2 − 6: two pixels of border.
  using network = SuperResolution.load(gpu, example.model, { factor: 2, border: 2 });
  const large = await network.enlarge(image);
  expect([large.width, large.height]).toEqual([10, 8]);
  const { expected, terms } = reference(example, bordered(image, 2));
  const error = (i: number) => terms * 2 ** -24 * expected.magnitude[i]!;
  const wrong = [...large.data].filter((byte, i) => {
    const exact = Math.min(255, Math.max(0, 255 * expected.data[i]!));
    return !(Math.abs(byte - exact) <= 0.5 + 255 * error(i));
  });
  expect(wrong).toEqual([]);
  using other = SuperResolution.load(gpu, example.model, { factor: 2, border: 1 });
  await expect(other.enlarge(image)).rejects.toThrow(
    "super-resolution: the network makes maps of another size than 2 times\n" +
      "  image   5 x 4, border 1\n  output  [1, 4, 6, 3]\n" +
      "Pass the network's own factor and border.",
  );
});
