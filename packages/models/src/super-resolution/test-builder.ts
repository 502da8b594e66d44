// Networks with random weights, written in the format of their files, with the weights by name for
// the reference.
import { randomFloats } from "@fauxgrad/testing";
import { float16ToFloat32, float32ToFloat16 } from "../checkpoint/index.ts";
import type { Kernel } from "./test-reference.ts";

/** Collects the weights, and draws them: about as large as keeps values of the size that they are. */
class Weights {
  readonly kernels = new Map<string, Kernel>();
  readonly slopes = new Map<string, Float32Array>();
  #seed = 1;

  draw(count: number, bound: number): Float32Array {
    this.#seed += 1;
    return randomFloats(count, this.#seed).map((value) => value * bound);
  }

  kernel(
    name: string,
    shape: Kernel["shape"],
    round: (values: Float32Array) => Float32Array,
  ): Kernel {
    const [o, i, k] = shape;
    const weight = round(this.draw(o * i * k * k, Math.sqrt(3 / (i * k * k))));
    const kernel = { shape, weight, bias: this.draw(o, 0.1) };
    this.kernels.set(name, kernel);
    return kernel;
  }
}

/** Writes a network in ncnn's format. */
export class NcnnBuilder {
  readonly weights = new Weights();
  readonly #lines: string[] = [];
  readonly #bytes: Uint8Array[] = [];

  /** A layer without weights; `in > out`. */
  layer(type: string, name: string, blobs: string, params = ""): void {
    const [inputs, outputs] = blobs.split(">").map((side) => side.split(" ").filter(Boolean)) as [
      string[],
      string[],
    ];
    const counts = `${inputs.length} ${outputs.length}`;
    const names = [...inputs, ...outputs].join(" ");
    this.#lines.push(`${type.padEnd(16)} ${name} ${counts} ${names} ${params}`.trim());
  }

  /** A layer with a kernel: Convolution, Deconvolution or InnerProduct. */
  linear(type: string, name: string, blobs: string, shape: Kernel["shape"], params = ""): void {
    const { weight, bias } = this.weights.kernel(name, shape, (values) =>
      float16ToFloat32(float32ToFloat16(values)),
    );
    const sizes =
      type === "InnerProduct"
        ? `0=${shape[0]} 1=1 2=${weight.length}`
        : `0=${shape[0]} 1=${shape[2]} 5=1 6=${weight.length}`;
    this.layer(type, name, blobs, `${sizes} ${params}`);
    const halves = new Uint16Array(weight.length + (weight.length & 1));
    halves.set(float32ToFloat16(weight));
    this.#add(Uint32Array.of(0x01306b47), halves, bias);
  }

  prelu(name: string, blobs: string, channels: number): void {
    const slopes = this.weights.draw(channels, 0.5);
    this.weights.slopes.set(name, slopes);
    this.layer("PReLU", name, blobs, `0=${channels}`);
    this.#add(slopes);
  }

  get param(): string {
    return `7767517\n${this.#lines.length} 0\n${this.#lines.join("\n")}\n`;
  }

  get bin(): Uint8Array<ArrayBuffer> {
    return joined(this.#bytes);
  }

  #add(...arrays: readonly (Uint16Array | Uint32Array | Float32Array)[]): void {
    for (const { buffer, byteOffset, byteLength } of arrays) {
      this.#bytes.push(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
}

/** Writes a network in the layers format of TensorFlow.js. */
export class KerasBuilder {
  readonly weights = new Weights();
  readonly #layers: unknown[] = [];
  readonly #manifest: unknown[] = [];
  readonly #bytes: Uint8Array[] = [];

  layer(className: string, name: string, inputs: readonly string[], config: object = {}): void {
    const edges = inputs.map((input) => [input, 0, 0, {}]);
    const nodes = edges.length === 0 ? [] : [edges];
    this.#layers.push({ class_name: className, name, config, inbound_nodes: nodes });
  }

  conv(name: string, input: string, shape: Kernel["shape"]): void {
    const { weight, bias } = this.weights.kernel(name, shape, (values) => values);
    const [o, i, k] = shape;
    this.layer("Conv2D", name, [input], { padding: "same", strides: [1, 1], activation: "linear" });
    // [O, I, KH, KW] to [KH, KW, I, O]
    const moved = Float32Array.from(weight, (_, at) => {
      const [output, rest] = [at % o, Math.floor(at / o)];
      return weight[(output * i + (rest % i)) * k * k + Math.floor(rest / i)]!;
    });
    for (const [part, data, sizes] of [
      ["kernel", moved, [k, k, i, o]],
      ["bias", bias, [o]],
    ] as const) {
      this.#manifest.push({ name: `${name}/${part}`, shape: sizes, dtype: "float32" });
      this.#bytes.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }

  get modelJson(): unknown {
    return {
      modelTopology: { model_config: { config: { layers: this.#layers } } },
      weightsManifest: [{ paths: ["weights.bin"], weights: this.#manifest }],
    };
  }

  get bin(): Uint8Array<ArrayBuffer> {
    return joined(this.#bytes);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
