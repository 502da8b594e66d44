// The JSON header of a safetensors file, validated as strictly as the format demands:
//
//   { "__metadata__": { "key": "value" },
//     "name": { "dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24] } }
//
// Offsets count from the end of the header; together the tensors cover the rest of the file, with
// no hole and no overlap, so that no byte is unaccounted for.

import { CheckpointError, quote } from "./errors.ts";
import { bytesPerElement, elementCount, formatShape, type HostDType } from "./host-tensor.ts";

/** Element types by their safetensors names. */
export const SAFETENSORS_DTYPES: Readonly<Record<string, HostDType>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U64: "uint64",
  U32: "uint32",
  U16: "uint16",
  U8: "uint8",
  BOOL: "bool",
};

/** One tensor of a header; `start` and `end` in bytes from the end of the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: HostDType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** The parsed header: entries in the order of the file's header, and its free text metadata. */
export interface SafetensorsHeader {
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: ReadonlyMap<string, string>;
}

const WHAT_TO_DO = "Write the file again with a safetensors library, or copy it again.";

/** Throws a {@link CheckpointError} about the header. */
export function failHeader(problem: string, detail?: string): never {
  const operand = detail === undefined ? "" : `  ${detail}\n`;
  throw new CheckpointError(`safetensors: ${problem}\n${operand}${WHAT_TO_DO}`);
}

/**
 * The first key that an object of `json` holds twice, or null. JSON.parse keeps the last of two
 * equal keys in silence: a header could then show one tensor to one reader and another to the next.
 *
 * @param json text that JSON.parse accepts
 */
function findDuplicateKey(json: string): string | null {
  const scopes: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === "{") scopes.push(new Set());
    else if (character === "}") scopes.pop();
    else if (character === '"') {
      const start = i++;
      while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
      const end = i + 1;
      while (/\s/.test(json[i + 1] ?? "")) i++;
      if (json[i + 1] !== ":") continue;
      const key: string = JSON.parse(json.slice(start, end));
      const scope = scopes.at(-1);
      if (scope?.has(key)) return key;
      scope?.add(key);
    }
  }
  return null;
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function parseMetadata(value: unknown): Map<string, string> {
  if (!isObject(value)) failHeader("__metadata__ is not an object of strings");
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") failHeader(`__metadata__ entry ${quote(key)} is not a string`);
    metadata.set(key, text);
  }
  return metadata;
}

function parseEntry(name: string, value: unknown): SafetensorsEntry {
  const tensor = `tensor ${quote(name)}`;
  if (!isObject(value)) failHeader(`${tensor} is not described by an object`);
  const { dtype: code, shape, data_offsets: offsets } = value;
  if (typeof code !== "string") failHeader(`${tensor} has no dtype`);
  const dtype = Object.hasOwn(SAFETENSORS_DTYPES, code) ? SAFETENSORS_DTYPES[code] : undefined;
  if (dtype === undefined) {
    const known = Object.keys(SAFETENSORS_DTYPES).join(", ");
    failHeader(`${tensor} has dtype ${quote(code)}, which is not supported`, `read here: ${known}`);
  }
  if (!isNaturals(shape)) failHeader(`${tensor} has no shape of natural numbers`);
  if (!isNaturals(offsets) || offsets.length !== 2) {
    failHeader(`${tensor} has no data_offsets [start, end]`);
  }
  const [start = 0, end = 0] = offsets;
  const count = elementCount(shape);
  if (count === null) {
    const size = `shape ${formatShape(shape.slice(0, 16))}`;
    failHeader(`${tensor} has more elements than any file holds`, size);
  }
  const bytes = count * bytesPerElement(dtype);
  if (end - start !== bytes) {
    failHeader(
      `${tensor} is ${code} ${formatShape(shape.slice(0, 16))}, ${bytes} bytes, ` +
        `but its data_offsets span ${end - start}`,
      `data_offsets [${start}, ${end}]`,
    );
  }
  return { name, dtype, shape, start, end };
}

function checkCoverage(entries: readonly SafetensorsEntry[], dataBytes: number): void {
  const inOrder = [...entries].sort((a, b) => a.start - b.start || a.end - b.end);
  let covered = 0;
  for (const { name, start, end } of inOrder) {
    if (end > dataBytes) {
      failHeader(
        `tensor ${quote(name)} ends at byte ${end} of the data, which has only ${dataBytes}`,
      );
    }
    if (start !== covered) {
      const problem = start < covered ? "overlaps another" : "leaves a hole before it";
      failHeader(`tensor ${quote(name)} ${problem}`, `starts at ${start}, expected ${covered}`);
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    failHeader(`the last ${dataBytes - covered} bytes of the file belong to no tensor`);
  }
}

/**
 * Parses and validates a header.
 *
 * @param text      the header, JSON
 * @param dataBytes length of what follows it in the file, in bytes
 * @throws {CheckpointError} on anything the format does not allow
 */
export function parseHeader(text: string, dataBytes: number): SafetensorsHeader {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    failHeader("the header is not valid JSON", `it begins ${quote(text.slice(0, 40))}`);
  }
  if (!isObject(root)) failHeader("the header is not a JSON object");
  const duplicate = findDuplicateKey(text);
  if (duplicate !== null) failHeader(`the header has the key ${quote(duplicate)} twice`);
  const entries: SafetensorsEntry[] = [];
  let metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(root)) {
    if (name === "__metadata__") metadata = parseMetadata(value);
    else entries.push(parseEntry(name, value));
  }
  checkCoverage(entries, dataBytes);
  return { entries, metadata };
}
