// ncnn's format: a text of layers (.param) and the bytes of their weights (.bin), which lie in the
// order of the layers, without names or lengths of their own. A layer's parameters say how long its
// weights are, so a layer of an unknown type makes the rest of the file unreadable.
//
//   7767517                                            magic
//   3 3                                                layers, blobs
//   Input        in    0 1 data
//   Convolution  conv  1 1 data out 0=32 1=3 4=1 5=1 6=864
//   …            type, name, number of inputs and outputs, their names, key=value
//
// A weight begins with a word that tells its type: half floats, padded to four bytes, or floats.
// Biases and slopes are floats without such a word.

import { CheckpointError, quote } from "./errors.ts";
import { float16ToFloat32 } from "./half.ts";
import type { HostTensor } from "./host-tensor.ts";

/** One layer of a network in ncnn's format. */
export interface NcnnLayer {
  /** `"Convolution"`, `"Eltwise"`, … */
  readonly type: string;
  readonly name: string;
  /** Names of the blobs that it takes. */
  readonly inputs: readonly string[];
  /** Names of the blobs that it makes. */
  readonly outputs: readonly string[];
  /** By key; keys of lists are counted as ncnn's documents do it: -23310 is 10. */
  readonly params: ReadonlyMap<number, readonly number[]>;
}

/** A network in ncnn's format. */
export interface NcnnModel {
  /** Each behind those whose blobs it takes. */
  readonly layers: readonly NcnnLayer[];
  /**
   * `NAME.weight` and `NAME.bias` by the layers' names, in float32 and PyTorch's shapes, but that
   * a deconvolution's is `[O, I, KH, KW]` as well; `[C]` for the slopes of a PReLU.
   */
  readonly tensors: Map<string, HostTensor>;
}

const MAGIC = "7767517";
const HALF_FLOATS = 0x01306b47;
const FLOATS: readonly number[] = [0, 0x0002c056];
/** Of a key that holds a list. */
const LIST_KEYS = -23300;

/** Types without weights. */
const WEIGHTLESS: ReadonlySet<string> = new Set([
  ...["Input", "Split", "Concat", "Crop", "Eltwise", "BinaryOp", "Interp", "PixelShuffle"],
  ...["Pooling", "ReLU", "Sigmoid", "Dropout", "Noop"],
]);

function refuse(problem: string, found: string, advice: string): never {
  throw new CheckpointError(`ncnn: ${problem}\n  ${found}\n${advice}`);
}

const UNCHANGED = "Pass an unchanged .param file.";

/** A single number of a layer's parameters, or what it is where the file says nothing. */
export function ncnnNumber(layer: NcnnLayer, key: number, otherwise: number): number {
  return layer.params.get(key)?.[0] ?? otherwise;
}

/**
 * Reads a network of ncnn.
 *
 * @param param the text of the .param file
 * @param bin   the bytes of the .bin file
 * @throws {CheckpointError} if it is no such text, a layer's weights are not known, or the bytes
 *   are not as many as the layers need
 */
export function readNcnn(param: string, bin: Uint8Array): NcnnModel {
  const [magic = "", counts = "", ...lines] = param.split("\n").map((line) => line.trim());
  if (magic !== MAGIC) {
    refuse("this is no text of layers", `first line  ${quote(magic)}`, "Pass a .param file.");
  }
  const layers = lines.filter((line) => line !== "").map(readLayer);
  const declared = Number(counts.split(/\s+/)[0]);
  if (declared !== layers.length) {
    const found = `found     ${layers.length}\n  expected  ${quote(counts)}`;
    refuse("the number of layers is not what the text says", found, UNCHANGED);
  }
  const reader = new WeightReader(bin);
  const tensors = new Map<string, HostTensor>();
  for (const layer of layers) {
    for (const [name, tensor] of weightsOf(layer, reader)) {
      tensors.set(`${layer.name}.${name}`, tensor);
    }
  }
  reader.assertEnd();
  return { layers, tensors };
}

function readLayer(line: string): NcnnLayer {
  const [type = "", name, nIn, nOut, ...rest] = line.split(/\s+/);
  const inputs = Number(nIn);
  const outputs = Number(nOut);
  const isWhole = [inputs, outputs].every((count) => Number.isInteger(count) && count >= 0);
  if (name === undefined || !isWhole || rest.length < inputs + outputs) {
    refuse("a layer is not readable", `line  ${quote(line)}`, UNCHANGED);
  }
  const params = rest.slice(inputs + outputs).map((text) => readParam(text, line));
  return {
    type,
    name,
    inputs: rest.slice(0, inputs),
    outputs: rest.slice(inputs, inputs + outputs),
    params: new Map(params),
  };
}

/** `0=32`, or `-23310=1,0.2`: a list with its length before it. */
function readParam(text: string, line: string): readonly [number, readonly number[]] {
  const [key = Number.NaN, ...values] = text.split(/[=,]/).map(Number);
  const isList = key <= LIST_KEYS;
  const list = isList ? values.slice(1) : values;
  const isReadable = [key, ...values].every(Number.isFinite) && text.includes("=");
  if (!isReadable || (isList ? values[0] !== list.length : list.length !== 1)) {
    const found = `parameter  ${quote(text)}\n  line       ${quote(line)}`;
    refuse("a parameter is not readable", found, UNCHANGED);
  }
  return [isList ? LIST_KEYS - key : key, list];
}

function weightsOf(
  layer: NcnnLayer,
  reader: WeightReader,
): readonly (readonly [string, HostTensor])[] {
  const outputs = ncnnNumber(layer, 0, 0);
  switch (layer.type) {
    case "Convolution":
    case "Deconvolution": {
      const width = ncnnNumber(layer, 1, 0);
      const kernel = [ncnnNumber(layer, 11, width), width] as const;
      return linear(layer, reader, { outputs, kernel, count: 6, bias: 5 });
    }
    case "InnerProduct":
      return linear(layer, reader, { outputs, kernel: [], count: 2, bias: 1 });
    case "PReLU":
      return [["weight", vector(reader.floats(outputs, layer.name))]];
    default:
      if (WEIGHTLESS.has(layer.type)) return [];
      return refuse(
        `layers of type ${quote(layer.type)} are not known`,
        `layer  ${quote(layer.name)}`,
        "Nothing behind it can be read. Pass a network of other layers.",
      );
  }
}

interface LinearKeys {
  readonly outputs: number;
  readonly kernel: readonly number[];
  /** Key of the number of weights. */
  readonly count: number;
  /** Key of whether there is a bias. */
  readonly bias: number;
}

function linear(
  layer: NcnnLayer,
  reader: WeightReader,
  keys: LinearKeys,
): readonly (readonly [string, HostTensor])[] {
  const { outputs, kernel } = keys;
  const count = ncnnNumber(layer, keys.count, 0);
  const inputs = count / kernel.reduce((product, side) => product * side, outputs);
  if (!Number.isSafeInteger(inputs) || inputs < 1) {
    refuse(
      `the weights of ${quote(layer.name)} do not fill its kernel`,
      `weights  ${count}\n  outputs  ${outputs}, kernel ${kernel.join(" x ") || "none"}`,
      UNCHANGED,
    );
  }
  const weight: HostTensor = {
    dtype: "float32",
    shape: [outputs, inputs, ...kernel],
    data: reader.weights(count, layer.name),
  };
  if (ncnnNumber(layer, keys.bias, 0) === 0) return [["weight", weight]];
  return [
    ["weight", weight],
    ["bias", vector(reader.floats(outputs, layer.name))],
  ];
}

function vector(data: Float32Array<ArrayBuffer>): HostTensor {
  return { dtype: "float32", shape: [data.length], data };
}

/** The bytes of the weights, read one after the other. */
class WeightReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor({ buffer, byteOffset, length }: Uint8Array) {
    // Whatever class the bytes come in: a part that Node's Buffer cuts out is no copy.
    this.#bytes = new Uint8Array(buffer, byteOffset, length);
  }

  /** Weights with the word that tells their type. */
  weights(count: number, layer: string): Float32Array<ArrayBuffer> {
    const [tag = 0] = new Uint32Array(this.#take(4, layer));
    if (FLOATS.includes(tag)) return this.floats(count, layer);
    if (tag !== HALF_FLOATS) {
      refuse(
        `the weights of ${quote(layer)} are of a type that is not read`,
        `tag  0x${tag.toString(16).padStart(8, "0")}`,
        "Half floats and floats are read. Save the network in one of them (ncnnoptimize IN OUT 1).",
      );
    }
    const padded = count + (count & 1);
    return float16ToFloat32(new Uint16Array(this.#take(padded * 2, layer)).subarray(0, count));
  }

  /** Floats without a word before them. */
  floats(count: number, layer: string): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#take(count * 4, layer));
  }

  assertEnd(): void {
    const rest = this.#bytes.length - this.#at;
    if (rest === 0) return;
    refuse(
      "the weights are longer than the layers need",
      `needed  ${this.#at} bytes\n  found   ${this.#bytes.length} bytes`,
      "Pass the .bin file that belongs to the .param file.",
    );
  }

  /** A copy: the words need not be aligned. */
  #take(length: number, layer: string): ArrayBuffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) {
      refuse(
        `the weights end before those of ${quote(layer)}`,
        `needed  ${end} bytes\n  found   ${this.#bytes.length} bytes`,
        "Pass the .bin file that belongs to the .param file.",
      );
    }
    const part = Uint8Array.from(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return part.buffer;
  }
}
