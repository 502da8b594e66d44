import { expect, test } from "vitest";
import { onnxModel } from "./onnx.ts";

type Field = number | Uint8Array;

/** Fields of a protobuf message by number, each a varint or its bytes. */
function parse(bytes: Uint8Array): Map<number, Field[]> {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    expect([0, 2]).toContain(key % 8);
    let field: Field = varint();
    if (key % 8 === 2) {
      const end = at + field;
      expect(end).toBeLessThanOrEqual(bytes.length);
      field = bytes.slice(at, end);
      at = end;
    }
    fields.set(number, [...(fields.get(number) ?? []), field]);
  }
  return fields;
}

function messages(fields: Map<number, Field[]>, number: number): Map<number, Field[]>[] {
  return (fields.get(number) ?? []).map((field) => parse(field as Uint8Array));
}

function texts(fields: Map<number, Field[]> | undefined, number: number): string[] {
  return (fields?.get(number) ?? []).map((field) => new TextDecoder().decode(field as Uint8Array));
}

/** `TypeProto` of a value: element type and sizes. */
function typeOf(value: Map<number, Field[]> | undefined) {
  const tensor = messages(messages(value as Map<number, Field[]>, 2)[0] as never, 1)[0];
  const shape = messages(tensor as never, 2)[0];
  return {
    type: tensor?.get(1),
    shape: messages(shape as never, 1).map((size) => size.get(1)?.[0]),
  };
}

const weight = Float32Array.from({ length: 300 * 2 }, (_, i) => i / 7);
const model = parse(
  onnxModel({
    nodes: [
      {
        type: "Conv",
        inputs: ["x", "w"],
        output: "y",
        attributes: { strides: [127, 128, 129, 16_384], group: 1 },
      },
    ],
    constants: [{ name: "w", shape: [300, 2, 1, 1], data: weight }],
    inputs: [{ name: "x", shape: [1, 2, 8, 70_000] }],
    outputs: [{ name: "y", shape: [1, 300, 4, 234] }],
  }),
);
const [graph] = messages(model, 7);

test("a model names its format, its operators and its graph", () => {
  expect(model.get(1)).toEqual([8]);
  const [opset] = messages(model, 8);
  expect(texts(opset, 1)).toEqual([""]);
  expect(opset?.get(2)).toEqual([17]);
  expect(texts(graph, 2)).toEqual(["graph"]);
});

test("a node has its inputs, its output and integer attributes", () => {
  const [node] = messages(graph as never, 1);
  expect(texts(node, 1)).toEqual(["x", "w"]);
  expect(texts(node, 2)).toEqual(["y"]);
  expect(texts(node, 4)).toEqual(["Conv"]);
  const [strides, group] = messages(node as never, 5);
  expect(texts(strides, 1)).toEqual(["strides"]);
  expect([strides?.get(8), strides?.get(20)]).toEqual([[127, 128, 129, 16_384], [7]]);
  expect(texts(group, 1)).toEqual(["group"]);
  expect([group?.get(3), group?.get(20)]).toEqual([[1], [2]]);
});

test("a constant is its little-endian bytes", () => {
  const [constant] = messages(graph as never, 5);
  expect(texts(constant, 8)).toEqual(["w"]);
  expect(constant?.get(1)).toEqual([300, 2, 1, 1]);
  expect(constant?.get(2)).toEqual([1]);
  const raw = constant?.get(9)?.[0] as Uint8Array;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const values = Array.from({ length: weight.length }, (_, i) => view.getFloat32(4 * i, true));
  expect(values).toEqual([...weight]);
});

test("inputs and outputs have names, element types and sizes", () => {
  const [input] = messages(graph as never, 11);
  const [output] = messages(graph as never, 12);
  expect([texts(input, 1), texts(output, 1)]).toEqual([["x"], ["y"]]);
  expect(typeOf(input)).toEqual({ type: [1], shape: [1, 2, 8, 70_000] });
  expect(typeOf(output)).toEqual({ type: [1], shape: [1, 300, 4, 234] });
});
