/*
 * The part of ONNX's protobuf that a model of a few nodes needs. A message is a list of fields; a
 * field is a key `number · 8 + wire type` and a value: a varint (0), or a length and bytes (2).
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** A tensor of the graph's signature. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A constant of the graph. */
export interface OnnxConstant extends OnnxValue {
  readonly data: Float32Array<ArrayBuffer>;
}

/** One operation; its attributes are integers. */
export interface OnnxNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** A graph of float32 tensors. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** onnx.proto: `AttributeProto.AttributeType` and `TensorProto.DataType`. */
const INT = 2;
const INTS = 7;
const FLOAT = 1;
/** Version of the file format, and of the operators. */
const IR_VERSION = 8;
const OPSET = 17;

function join(parts: readonly Bytes[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function varint(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}

function integer(field: number, value: number): Bytes {
  return join([varint(field * 8), varint(value)]);
}

function message(field: number, ...parts: readonly Bytes[]): Bytes {
  const body = join(parts);
  return join([varint(field * 8 + 2), varint(body.length), body]);
}

function text(field: number, value: string): Bytes {
  return message(field, new TextEncoder().encode(value));
}

function attribute(name: string, value: number | readonly number[]): Bytes {
  const numbers = typeof value === "number" ? [] : value;
  const fields =
    typeof value === "number"
      ? [integer(3, value), integer(20, INT)]
      : [...numbers.map((number) => integer(8, number)), integer(20, INTS)];
  return message(5, text(1, name), ...fields);
}

function node({ type, inputs, output, attributes = {} }: OnnxNode): Bytes {
  return message(
    1,
    ...inputs.map((name) => text(1, name)),
    text(2, output),
    text(3, `${type} ${output}`),
    text(4, type),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  );
}

/** Little-endian, as every platform with WebGPU is. */
function constant({ name, shape, data }: OnnxConstant): Bytes {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const sizes = shape.map((size) => integer(1, size));
  return message(5, ...sizes, integer(2, FLOAT), text(8, name), message(9, raw));
}

function value(field: number, { name, shape }: OnnxValue): Bytes {
  const sizes = shape.map((size) => message(1, integer(1, size)));
  return message(
    field,
    text(1, name),
    message(2, message(1, integer(1, FLOAT), message(2, ...sizes))),
  );
}

/** An ONNX model file of one graph. */
export function onnxModel(graph: OnnxGraph): Bytes {
  return join([
    integer(1, IR_VERSION),
    text(2, "fauxgrad-bench"),
    message(
      7,
      ...graph.nodes.map(node),
      text(2, "graph"),
      ...graph.constants.map(constant),
      ...graph.inputs.map((input) => value(11, input)),
      ...graph.outputs.map((output) => value(12, output)),
    ),
    message(8, text(1, ""), integer(2, OPSET)),
  ]);
}
