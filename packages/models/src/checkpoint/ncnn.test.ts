import { expect, test } from "vitest";
import { float32ToFloat16 } from "./half.ts";
import { ncnnNumber, readNcnn } from "./ncnn.ts";

const HALF = Uint32Array.of(0x01306b47);

function bytes(...parts: readonly (Uint16Array | Uint32Array | Float32Array)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap(({ buffer, byteOffset, byteLength }) => [
      ...new Uint8Array(buffer, byteOffset, byteLength),
    ]),
  );
}

const text = (...lines: readonly string[]) => `7767517\n${lines.length} 9\n${lines.join("\n")}\n`;

const INPUT = "Input            in               0 1 data";
const CONVOLUTION =
  "Convolution  conv  1 1 data out 0=1 1=3 11=1 5=1 6=3 9=2 -23310=1,2.000000e-01";

test("layers come with their blobs, parameters and weights", () => {
  const param = text(
    INPUT,
    CONVOLUTION,
    "Split split 1 2 out a b",
    "PReLU slopes 1 1 a c 0=2",
    "InnerProduct dense 2 1 b c out 0=2 2=4",
  );
  const halves = float32ToFloat16(Float32Array.of(0.5, -1, 2, 0));
  const floats = Float32Array.of(1, 2, 3, 4);
  const bin = bytes(
    ...[HALF, halves, Float32Array.of(0.25)],
    Float32Array.of(-1, -2),
    ...[Uint32Array.of(0), floats],
  );
  const { layers, tensors } = readNcnn(param, bin);
  expect(layers[1]).toEqual({
    type: "Convolution",
    name: "conv",
    inputs: ["data"],
    outputs: ["out"],
    params: new Map([
      [0, [1]],
      [1, [3]],
      [11, [1]],
      [5, [1]],
      [6, [3]],
      [9, [2]],
      [10, [0.2]],
    ]),
  });
  expect(layers[2]).toMatchObject({ inputs: ["out"], outputs: ["a", "b"] });
  expect(layers[4]).toMatchObject({ inputs: ["b", "c"], outputs: ["out"] });
  expect([ncnnNumber(layers[1]!, 10, 0), ncnnNumber(layers[1]!, 4, 7)]).toEqual([0.2, 7]);
  const values = [...tensors].map(([name, { shape, data }]) => [name, shape, [...data]]);
  expect(values).toEqual([
    // Three halves, and a fourth that fills the word.
    ["conv.weight", [1, 1, 1, 3], [0.5, -1, 2]],
    ["conv.bias", [1], [0.25]],
    ["slopes.weight", [2], [-1, -2]],
    ["dense.weight", [2, 2], [1, 2, 3, 4]],
  ]);
});

test("bytes that begin anywhere in a buffer are read, also as Node's own class", () => {
  const bin = bytes(HALF, float32ToFloat16(Float32Array.of(1, 2, 3, 0)), Float32Array.of(4));
  const shifted = new Uint8Array(bin.length + 3);
  shifted.set(bin, 3);
  const param = text(INPUT, CONVOLUTION);
  for (const part of [shifted.subarray(3), Buffer.from(shifted.buffer, 3)]) {
    const { tensors } = readNcnn(param, part);
    expect([...(tensors.get("conv.weight")?.data ?? [])]).toEqual([1, 2, 3]);
    expect([...(tensors.get("conv.bias")?.data ?? [])]).toEqual([4]);
  }
});

test("what is no such file says so", () => {
  const none = new Uint8Array(0);
  const refused: readonly [string, Uint8Array, string][] = [
    [
      "<html>\n",
      none,
      'ncnn: this is no text of layers\n  first line  "<html>"\nPass a .param file.',
    ],
    [
      `7767517\n2 2\n${INPUT}\n`,
      none,
      'ncnn: the number of layers is not what the text says\n  found     1\n  expected  "2 2"\n' +
        "Pass an unchanged .param file.",
    ],
    [
      text("Concat cat 3 1 a b"),
      none,
      'ncnn: a layer is not readable\n  line  "Concat cat 3 1 a b"\nPass an unchanged .param file.',
    ],
    [
      text("Crop c 1 1 a b -23309=2,4"),
      none,
      'a parameter is not readable\n  parameter  "-23309=2,4"',
    ],
    [text("Crop c 1 1 a b 0=x"), none, 'a parameter is not readable\n  parameter  "0=x"'],
    [
      text("LSTM l 1 1 a b 0=1"),
      none,
      'ncnn: layers of type "LSTM" are not known\n  layer  "l"\n' +
        "Nothing behind it can be read. Pass a network of other layers.",
    ],
    [
      text("Convolution c 1 1 a b 0=2 1=3 6=17"),
      none,
      'ncnn: the weights of "c" do not fill its kernel\n  weights  17\n  outputs  2, kernel 3 x 3\n' +
        "Pass an unchanged .param file.",
    ],
    [
      text(INPUT, CONVOLUTION),
      bytes(HALF, Uint16Array.of(1, 2)),
      'ncnn: the weights end before those of "conv"\n  needed  12 bytes\n  found   8 bytes\n' +
        "Pass the .bin file that belongs to the .param file.",
    ],
    [
      text(INPUT),
      new Uint8Array(4),
      "ncnn: the weights are longer than the layers need\n  needed  0 bytes\n  found   4 bytes\n" +
        "Pass the .bin file that belongs to the .param file.",
    ],
    [
      text(CONVOLUTION),
      bytes(Uint32Array.of(0x000d4b38), Float32Array.of(1, 2, 3, 4)),
      'ncnn: the weights of "conv" are of a type that is not read\n  tag  0x000d4b38\n' +
        "Half floats and floats are read.",
    ],
  ];
  for (const [param, bin, message] of refused) {
    expect(() => readNcnn(param, bin), param).toThrow(message);
  }
});
