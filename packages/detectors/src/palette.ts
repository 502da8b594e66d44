/*
 * Weights that were quantised once, stored without loss in a quarter of the bytes: a tensor with at
 * most 256 different values becomes their list and a byte for each element.
 *
 *     NAME          uint8, of the tensor's shape: which of the values
 *     NAME.palette  float32 [n]: the values, ascending
 */
import { CheckpointError, type HostTensor } from "@fauxgrad/models/checkpoint";

const SUFFIX = ".palette";
const MOST_VALUES = 256;
/** Below it, nothing is gained. */
const FEWEST_ELEMENTS = 4 * MOST_VALUES;

/** Every float32 tensor that it pays for, in this form; the others as they are. */
export function toPalettes(tensors: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  const stored = new Map<string, HostTensor>();
  for (const [name, tensor] of tensors) {
    const values = tensor.dtype === "float32" ? fewValues(tensor.data) : null;
    if (values === null) {
      stored.set(name, tensor);
      continue;
    }
    const places = new Map([...values].map((value, i) => [value, i]));
    const data = Uint8Array.from(tensor.data as Float32Array, (value) => places.get(value)!);
    stored.set(name, { dtype: "uint8", shape: tensor.shape, data });
    stored.set(`${name}${SUFFIX}`, { dtype: "float32", shape: [values.length], data: values });
  }
  return stored;
}

/** The different values, ascending; null if they are too many, or a list of them would not pay. */
function fewValues(data: Float32Array): Float32Array<ArrayBuffer> | null {
  if (data.length < FEWEST_ELEMENTS) return null;
  const found = new Set<number>();
  for (const value of data) {
    found.add(value);
    if (found.size > MOST_VALUES) return null;
  }
  return Float32Array.from(found).sort();
}

/**
 * The tensors that {@link toPalettes} was given.
 *
 * @throws {CheckpointError} if a list of values does not belong to a tensor of bytes
 */
export function fromPalettes(stored: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  const tensors = new Map<string, HostTensor>();
  for (const [name, tensor] of stored) {
    const isPalette = name.endsWith(SUFFIX) && stored.has(name.slice(0, -SUFFIX.length));
    if (isPalette) continue;
    const palette = stored.get(`${name}${SUFFIX}`);
    tensors.set(name, palette === undefined ? tensor : looked(name, tensor, palette));
  }
  return tensors;
}

function looked(name: string, { dtype, shape, data }: HostTensor, palette: HostTensor): HostTensor {
  const values = palette.data;
  const fits =
    dtype === "uint8" && palette.dtype === "float32" && data.every((at) => at < values.length);
  if (!fits) {
    throw new CheckpointError(
      `palette: ${JSON.stringify(name)} does not fit its list of values\n` +
        `  elements  ${dtype}\n  values    ${palette.dtype} [${values.length}]\n` +
        "The file is damaged or of another version: copy or download it again.",
    );
  }
  const floats = Float32Array.from(data as Uint8Array, (at) => values[at] as number);
  return { dtype: "float32", shape, data: floats };
}
