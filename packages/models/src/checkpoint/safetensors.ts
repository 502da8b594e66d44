// safetensors: u64 length of the header, little-endian; the header, JSON; the tensors' bytes.

import { ByteBudget } from "./byte-budget.ts";
import { CheckpointError, FILE_IS_DAMAGED } from "./errors.ts";
import {
  bytesOf,
  bytesPerElement,
  checkTensor,
  type HostDType,
  type HostTensor,
  viewTensor,
} from "./host-tensor.ts";
import { failHeader, parseHeader, SAFETENSORS_DTYPES } from "./safetensors-header.ts";

/** The contents of a safetensors file. */
export interface Safetensors {
  readonly tensors: Map<string, HostTensor>;
  readonly metadata: Map<string, string>;
}

const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
/** The limit of the reference implementation, in bytes. */
const LONGEST_HEADER = 100_000_000;

/** Whether the bytes begin as a safetensors file does: a header length, then `{`. */
export function looksLikeSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < LENGTH_BYTES + 2 || bytes[LENGTH_BYTES] !== 0x7b) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES);
  return view.getBigUint64(0, true) <= LONGEST_HEADER;
}

function readHeaderText(bytes: Uint8Array<ArrayBuffer>): { text: string; dataStart: number } {
  const damaged = (problem: string) =>
    new CheckpointError(`safetensors: ${problem}\n${FILE_IS_DAMAGED}`);
  if (bytes.length < LENGTH_BYTES) {
    throw damaged(`the file has ${bytes.length} bytes, the header's length alone takes 8`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > LONGEST_HEADER) {
    throw damaged(`the header would be ${length} bytes long, the format allows ${LONGEST_HEADER}`);
  }
  const dataStart = LENGTH_BYTES + Number(length);
  if (dataStart > bytes.length) {
    throw damaged(`the header ends at byte ${dataStart}, the file at ${bytes.length}`);
  }
  const header = bytes.subarray(LENGTH_BYTES, dataStart);
  if (header[0] !== 0x7b) failHeader('the header does not begin with "{"');
  try {
    // A byte order mark is not stripped, so that it stays the error it is.
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { text: decoder.decode(header), dataStart };
  } catch {
    failHeader("the header is not valid UTF-8");
  }
}

/**
 * Reads a safetensors file.
 *
 * The tensors are views of `file` wherever their offset is a multiple of the element size, and
 * copies otherwise. They come in the order of the header.
 *
 * @throws {CheckpointError} if the header breaks any rule of the format
 * @see https://github.com/huggingface/safetensors#format
 */
export function readSafetensors(file: ArrayBuffer | Uint8Array<ArrayBuffer>): Safetensors {
  const bytes = file instanceof Uint8Array ? file : new Uint8Array(file);
  const { text, dataStart } = readHeaderText(bytes);
  const { entries, metadata } = parseHeader(text, bytes.length - dataStart);
  const budget = new ByteBudget(bytes.length);
  const tensors = new Map<string, HostTensor>();
  for (const { name, dtype, shape, start, end } of entries) {
    let data = bytes.subarray(dataStart + start, dataStart + end);
    if (data.byteOffset % bytesPerElement(dtype) !== 0) {
      budget.take(data.length, "a misaligned tensor");
      data = data.slice();
    }
    tensors.set(name, viewTensor(dtype, shape, data));
  }
  return { tensors, metadata: new Map(metadata) };
}

const CODES = new Map<HostDType, string>(
  Object.entries(SAFETENSORS_DTYPES).map(([code, dtype]) => [dtype, code]),
);

/** Largest elements first, so that every tensor starts at a multiple of its element size. */
function byAlignment(tensors: ReadonlyMap<string, HostTensor>): [string, HostTensor][] {
  return [...tensors].sort(([, a], [, b]) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype));
}

function formatHeader(
  tensors: readonly (readonly [string, HostTensor])[],
  metadata: ReadonlyMap<string, string>,
): string {
  const fields: string[] = [];
  if (metadata.size > 0) {
    // Built by hand: an object would move keys that look like numbers to the front.
    const pairs = [...metadata].map(
      ([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`,
    );
    fields.push(`"__metadata__":{${pairs.join(",")}}`);
  }
  let start = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const end = start + data.byteLength;
    const offsets = `"data_offsets":[${start},${end}]`;
    const type = `"dtype":"${CODES.get(dtype)}"`;
    fields.push(`${JSON.stringify(name)}:{${type},"shape":[${shape.join(",")}],${offsets}}`);
    start = end;
  }
  return `{${fields.join(",")}}`;
}

/**
 * Writes a safetensors file: the same tensors and metadata always give the same bytes.
 *
 * Tensors keep the order of the map within one element size; larger elements come first, and spaces
 * pad the header to 8 bytes, so that every reader can use the data in place.
 *
 * @throws {CheckpointError} if a tensor's data does not fit its dtype and shape, or its name is the
 *   reserved `__metadata__`
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): ArrayBuffer {
  for (const [name, tensor] of tensors) {
    checkTensor(name, tensor);
    if (name === "__metadata__") {
      throw new CheckpointError(
        'safetensors: a tensor is named "__metadata__", which the format reserves\nRename it.',
      );
    }
  }
  const ordered = byAlignment(tensors);
  const header = new TextEncoder().encode(formatHeader(ordered, metadata));
  const headerLength = Math.ceil(header.length / ALIGNMENT) * ALIGNMENT;
  const dataLength = ordered.reduce((sum, [, { data }]) => sum + data.byteLength, 0);
  const file = new Uint8Array(LENGTH_BYTES + headerLength + dataLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.set(header, LENGTH_BYTES);
  file.fill(0x20, LENGTH_BYTES + header.length, LENGTH_BYTES + headerLength);
  let offset = LENGTH_BYTES + headerLength;
  for (const [, tensor] of ordered) {
    file.set(bytesOf(tensor), offset);
    offset += tensor.data.byteLength;
  }
  return file.buffer;
}
