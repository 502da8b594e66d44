// TensorFlow.js's layers format: model.json (a Keras topology and a manifest of the weights) and
// the weights' bytes, which may be quantised to 8 or 16 bits: `value = q · scale + min`, one scale
// and one minimum for each tensor.

import { CheckpointError, quote } from "./errors.ts";
import { float16ToFloat32 } from "./half.ts";
import { elementCount, type HostTensor } from "./host-tensor.ts";

/** A layer of a Keras functional model. */
export interface KerasLayer {
  readonly name: string;
  /** `"Conv2D"`, `"BatchNormalization"`, … */
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layers whose outputs it takes. */
  readonly inputs: readonly string[];
}

/** A layers model: what it consists of, and its weights by name (`conv2d_1/kernel`). */
export interface TfjsLayersModel {
  readonly layers: readonly KerasLayer[];
  /** In Keras' shapes and order of axes, dequantised. */
  readonly tensors: Map<string, HostTensor>;
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectAt(value: unknown, key: string): Json | null {
  const found = isObject(value) ? value[key] : null;
  return isObject(found) ? found : null;
}

function listAt(value: unknown, key: string): readonly unknown[] | null {
  const found = isObject(value) ? value[key] : null;
  return Array.isArray(found) ? found : null;
}

function refuse(problem: string, found: string, advice: string): never {
  throw new CheckpointError(`tfjs: ${problem}\n  ${found}\n${advice}`);
}

/**
 * Reads a layers model of TensorFlow.js.
 *
 * @param modelJson the parsed model.json
 * @param weights   the files of its manifest, one after the other in the manifest's order
 * @throws {CheckpointError} if it is no layers model, or the bytes do not fit the manifest
 */
export function readTfjsLayers(modelJson: unknown, weights: ArrayBuffer): TfjsLayersModel {
  const topology = objectAt(modelJson, "modelTopology");
  const manifest = listAt(modelJson, "weightsManifest");
  if (topology === null || manifest === null) {
    const keys = isObject(modelJson) ? Object.keys(modelJson).map(quote).join(", ") : "none";
    refuse("this is no model.json", `keys  ${keys || "none"}`, "Pass the parsed model.json.");
  }
  if (Array.isArray(topology["node"])) {
    refuse(
      "this is a graph model, whose weights have lost their layers",
      `nodes  ${(topology["node"] as unknown[]).length}`,
      "Pass a layers model: convert it with --output_format=tfjs_layers_model.",
    );
  }
  // As Keras saved it, or as TensorFlow.js does.
  const model = objectAt(topology, "model_config") ?? topology;
  const layers = listAt(objectAt(model, "config"), "layers");
  if (layers === null) {
    refuse(
      "the topology has no layers",
      `keys  ${Object.keys(topology).map(quote).join(", ") || "none"}`,
      "Pass a model.json of the layers format.",
    );
  }
  return { layers: layers.map(readLayer), tensors: readWeights(manifest, weights) };
}

function readLayer(value: unknown): KerasLayer {
  const config = objectAt(value, "config") ?? {};
  const className = isObject(value) ? value["class_name"] : undefined;
  const name = (isObject(value) ? value["name"] : undefined) ?? config["name"];
  if (typeof className !== "string" || typeof name !== "string") {
    const found = quote(JSON.stringify(value) ?? "nothing");
    refuse("a layer has no name or class", `layer  ${found}`, "Pass an unchanged model.json.");
  }
  const inputs: string[] = [];
  // [[[name, node, tensor, arguments], …]]: one list for each time the layer is applied.
  for (const node of listAt(value, "inbound_nodes") ?? []) {
    for (const edge of Array.isArray(node) ? node : []) {
      const source: unknown = Array.isArray(edge) ? edge[0] : null;
      if (typeof source === "string") inputs.push(source);
    }
  }
  return { name, className, config, inputs };
}

/** How one tensor lies in the file. */
interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly count: number;
  /** Of the elements in the file. */
  readonly stored: "float32" | "int32" | "bool" | "float16" | "uint8" | "uint16";
  /** `value = q · scale + min`; null for elements stored as they are. */
  readonly affine: { readonly scale: number; readonly min: number } | null;
  /** Whether the elements are whole numbers. */
  readonly whole: boolean;
}

const BYTES = { float32: 4, int32: 4, bool: 1, float16: 2, uint8: 1, uint16: 2 } as const;

function isStored(name: unknown): name is keyof typeof BYTES {
  return typeof name === "string" && Object.hasOwn(BYTES, name);
}

function readEntry(value: unknown): Entry {
  const unreadable = (problem: string): never =>
    refuse(
      `a weight of the manifest ${problem}`,
      `weight  ${quote(JSON.stringify(value) ?? "nothing")}`,
      "float32, int32 and bool are read, quantised to float16, uint16 or uint8 or not at all.",
    );
  const { name, dtype, quantization } = isObject(value) ? value : {};
  const shape = listAt(value, "shape");
  const count = shape === null ? null : elementCount(shape as number[]);
  if (typeof name !== "string" || count === null) return unreadable("has no name or shape");
  const declared = { name, shape: shape as number[], count, whole: dtype !== "float32" };
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") {
    return unreadable("has an unknown type");
  }
  if (quantization === undefined) return { ...declared, stored: dtype, affine: null };
  const { dtype: stored, scale, min } = isObject(quantization) ? quantization : {};
  if (stored === "float16") return { ...declared, stored, affine: null };
  const isAffine = typeof scale === "number" && typeof min === "number";
  if (!isStored(stored) || !stored.startsWith("uint") || !isAffine) {
    return unreadable("is quantised in an unknown way");
  }
  return { ...declared, stored, affine: { scale, min } };
}

function readWeights(manifest: readonly unknown[], weights: ArrayBuffer): Map<string, HostTensor> {
  const entries = manifest.flatMap((group) => listAt(group, "weights") ?? []).map(readEntry);
  const needed = entries.reduce((sum, { count, stored }) => sum + count * BYTES[stored], 0);
  if (needed !== weights.byteLength) {
    refuse(
      "the weights are not as long as the manifest says",
      `found     ${weights.byteLength} bytes\n  expected  ${needed} bytes`,
      "Pass all files of the manifest, one after the other in its order.",
    );
  }
  const tensors = new Map<string, HostTensor>();
  let offset = 0;
  for (const entry of entries) {
    const end = offset + entry.count * BYTES[entry.stored];
    // A copy: the elements need not be aligned.
    const data = dequantize(entry, weights.slice(offset, end));
    tensors.set(entry.name, { dtype: "float32", shape: entry.shape, data });
    offset = end;
  }
  return tensors;
}

function dequantize(
  { stored, affine, whole }: Entry,
  bytes: ArrayBuffer,
): Float32Array<ArrayBuffer> {
  if (stored === "float16") return float16ToFloat32(new Uint16Array(bytes));
  if (stored === "float32") return new Float32Array(bytes);
  const Words = { int32: Int32Array, bool: Uint8Array, uint8: Uint8Array, uint16: Uint16Array };
  const words = new Words[stored](bytes);
  if (affine === null) return Float32Array.from(words);
  const { scale, min } = affine;
  const values = new Float32Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const value = words[i]! * scale + min;
    values[i] = whole ? Math.round(value) : value;
  }
  return values;
}

/**
 * A convolution's kernel as PyTorch has it: `[KH, KW, I, O]` becomes `[O, I, KH, KW]`.
 *
 * @throws {CheckpointError} if it has not four axes
 */
export function kerasKernel({ shape, data }: HostTensor): HostTensor {
  if (shape.length !== 4) {
    refuse(
      "a kernel has not four axes",
      `shape  [${shape.join(", ")}]`,
      "Pass the kernel of a Conv2D.",
    );
  }
  const [kh = 0, kw = 0, i = 0, o = 0] = shape;
  const taps = kh * kw;
  const moved = new Float32Array(data.length);
  for (let tap = 0; tap < taps; tap++) {
    for (let input = 0; input < i; input++) {
      const read = (tap * i + input) * o;
      for (let output = 0; output < o; output++) {
        moved[(output * i + input) * taps + tap] = Number(data[read + output]);
      }
    }
  }
  return { dtype: "float32", shape: [o, i, kh, kw], data: moved };
}
