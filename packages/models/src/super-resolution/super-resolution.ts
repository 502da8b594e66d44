import { type Gpu, noGrad, ShapeError, scope, tensor } from "@fauxgrad/tensor";
import { type RgbImage, rgbImage } from "../transforms/index.ts";
import type { GraphModel } from "./from-ncnn.ts";
import { GraphNetwork } from "./graph-network.ts";

/** How a network takes images, which its file does not say. */
export interface SuperResolutionOptions {
  /** How many times as wide and high the result is. */
  readonly factor: number;
  /**
   * How often the pixels of the edge are repeated outside, for networks that pad nothing
   * themselves. Default 0.
   */
  readonly border?: number;
}

/**
 * A network that enlarges images. It takes and makes values from 0 to 1 in the order R, G, B; the
 * result is rounded to bytes.
 */
export class SuperResolution {
  readonly network: GraphNetwork;
  readonly factor: number;
  readonly border: number;
  readonly #gpu: Gpu;

  private constructor(gpu: Gpu, network: GraphNetwork, options: SuperResolutionOptions) {
    this.#gpu = gpu;
    this.network = network;
    this.factor = options.factor;
    this.border = options.border ?? 0;
  }

  /**
   * Puts a network on the device.
   *
   * @throws {UsageError} if the weights are not those of the graph
   */
  static load(gpu: Gpu, model: GraphModel, options: SuperResolutionOptions): SuperResolution {
    const network = new GraphNetwork(model.graph).requiresGrad_(false).eval();
    network.load(gpu, model.tensors);
    return new SuperResolution(gpu, network, options);
  }

  /**
   * The image enlarged by the network, all of it at once: what the network sees of its surroundings
   * is what the image holds.
   *
   * @throws {ShapeError} if the network makes another size than `factor` says
   */
  async enlarge(image: RgbImage): Promise<RgbImage> {
    const { factor, border } = this;
    const [width, height] = [image.width * factor, image.height * factor];
    const sides = [image.height + 2 * border, image.width + 2 * border] as const;
    const values = await scope(async () => {
      const input = tensor(this.#gpu, withBorder(image, border), [1, ...sides, 3]);
      const output = noGrad(() => this.network.forward(input));
      if (output.shape.join() !== [1, height, width, 3].join()) {
        throw new ShapeError(
          `super-resolution: the network makes maps of another size than ${factor} times\n` +
            `  image   ${image.width} x ${image.height}, border ${border}\n` +
            `  output  [${output.shape.join(", ")}]\nPass the network's own factor and border.`,
        );
      }
      return output.read();
    });
    const bytes = new Uint8ClampedArray(values.length);
    for (let i = 0; i < values.length; i += 1) bytes[i] = values[i]! * 255;
    return rgbImage(width, height, new Uint8Array(bytes.buffer));
  }

  /** Frees the device memory. */
  dispose(): void {
    this.network.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** `[H + 2b, W + 2b, 3]` from 0 to 1, the pixels of the edge repeated outside. */
function withBorder({ width, height, data }: RgbImage, border: number): Float32Array<ArrayBuffer> {
  const inside = (at: number, size: number) => Math.min(size - 1, Math.max(0, at - border));
  const values = new Float32Array((width + 2 * border) * (height + 2 * border) * 3);
  let write = 0;
  for (let y = 0; y < height + 2 * border; y += 1) {
    const row = inside(y, height) * width;
    for (let x = 0; x < width + 2 * border; x += 1) {
      const read = (row + inside(x, width)) * 3;
      for (let c = 0; c < 3; c += 1) values[write++] = data[read + c]! / 255;
    }
  }
  return values;
}
