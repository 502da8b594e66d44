// A transposed convolution by an ordinary one. With stride s, and a kernel of k = s·m taps (with
// zeros behind it if s does not divide k), its output before the padding is cut off is
//
//   y[s·q + r] = Σ_t x[q − t] · w[r + s·t]        t = 0 … m − 1,  r = 0 … s − 1
//
// so each remainder r is a convolution of m taps, reversed, of the input with m − 1 zeros around it.
// All of them are one convolution to s² times as many channels, whose blocks are shuffled to pixels.
// It has s·(H + m − 1) rows; of these p are cut off in front, and s·m − k + p behind.

import type { HostTensor } from "../checkpoint/index.ts";
import { toFloat32 } from "../checkpoint/index.ts";
import type { GraphActivation, GraphNode } from "./graph.ts";

/** A transposed convolution as the file has it. */
export interface TransposedConvolution {
  readonly name: string;
  readonly input: string;
  readonly stride: number;
  /** Rows and columns cut off on each side of the output. */
  readonly padding: number;
  readonly activation: GraphActivation | null;
  /** `[O, I, KH, KW]`, square. */
  readonly weight: HostTensor;
  /** `[O]`; null if there is none. */
  readonly bias: HostTensor | null;
}

/** The operations that make a transposed convolution, and their tensors. */
export interface TransposedParts {
  /** The last has the convolution's name. */
  readonly nodes: readonly GraphNode[];
  readonly tensors: readonly (readonly [string, HostTensor])[];
}

/** A transposed convolution as a convolution, a shuffle of blocks to pixels and a crop. */
export function transposedConvolution(layer: TransposedConvolution): TransposedParts {
  const { name, input, stride, padding, activation, weight, bias } = layer;
  const [outputs = 0, inputs = 0, kernel = 0] = weight.shape;
  const taps = Math.ceil(kernel / stride);
  const blocks = stride ** 2;
  const convolved = `${name}.blocks`;
  const shuffled = `${name}.pixels`;
  const shape = [outputs * blocks, inputs, taps, taps] as const;
  const nodes: GraphNode[] = [
    {
      name: convolved,
      inputs: [input],
      operation: {
        kind: "convolution",
        shape,
        stride: 1,
        padding: taps - 1,
        bias: bias !== null,
        activation,
      },
    },
    {
      name: shuffled,
      inputs: [convolved],
      operation: { kind: "pixelShuffle", factor: stride, channelsFirst: false },
    },
    {
      name,
      inputs: [shuffled],
      operation: { kind: "crop", before: padding, after: stride * taps - kernel + padding },
    },
  ];
  const tensors: [string, HostTensor][] = [
    [
      `${convolved}.weight`,
      { dtype: "float32", shape, data: reversedTaps(toFloat32(weight), stride, weight.shape) },
    ],
  ];
  if (bias !== null) {
    const data = toFloat32(bias);
    const repeated = Float32Array.from({ length: outputs * blocks }, (_, o) => data[o % outputs]!);
    const tensor: HostTensor = { dtype: "float32", shape: [repeated.length], data: repeated };
    tensors.push([`${convolved}.bias`, tensor]);
  }
  return { nodes, tensors };
}

/** `v[(ry·s + rx)·O + o, i, uy, ux] = w[o, i, ry + s·(m − 1 − uy), rx + s·(m − 1 − ux)]` */
function reversedTaps(
  weight: Float32Array,
  stride: number,
  [outputs = 0, inputs = 0, kernel = 0]: readonly number[],
): Float32Array<ArrayBuffer> {
  const taps = Math.ceil(kernel / stride);
  const data = new Float32Array(outputs * stride ** 2 * inputs * taps ** 2);
  let write = 0;
  for (let block = 0; block < stride ** 2; block += 1) {
    const ry = Math.floor(block / stride);
    const rx = block % stride;
    for (let map = 0; map < outputs * inputs; map += 1) {
      for (let tap = 0; tap < taps ** 2; tap += 1) {
        const y = ry + stride * (taps - 1 - Math.floor(tap / taps));
        const x = rx + stride * (taps - 1 - (tap % taps));
        // Behind the kernel where the stride does not divide it.
        data[write] = y < kernel && x < kernel ? weight[(map * kernel + y) * kernel + x]! : 0;
        write += 1;
      }
    }
  }
  return data;
}
