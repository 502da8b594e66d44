/*
 * A network on a batch in PyTorch's layout. Where the device's memory does not hold the batch it is
 * run in parts, which changes nothing as long as images do not see one another.
 */
import { inputGradient } from "@fauxgrad/lgrad";
import { DeviceError, type Gpu, noGrad, scope, tensor } from "@fauxgrad/tensor";
import type { Layer } from "@fauxgrad/tensor/nn";
import { isTooLarge } from "../transform/transform-images.ts";
import { toChannelsFirst, toChannelsLast } from "./layout.ts";

type Floats = Float32Array<ArrayBuffer>;
type Shape4 = readonly [number, number, number, number];

/** What a network made of a batch, in PyTorch's layout. */
export interface RunResult {
  readonly output: Floats;
  readonly outputShape: readonly number[];
  /** `[N, C, H, W]` */
  readonly gradient: Floats | null;
  /** The input's, and the gradient's. */
  readonly shape: Shape4;
  /** Images at once. */
  readonly batchSize: number;
}

/** Options of {@link runNetwork}. */
export interface RunNetworkOptions {
  readonly gradient: boolean;
  /** Whether images of a batch see one another, so that it cannot be parted. */
  readonly isJoint: boolean;
}

/**
 * Runs a network.
 *
 * @param images `[N, C, H, W]`, normalised
 * @throws {DeviceError} if a single image, or a batch that cannot be parted, is too large
 */
export async function runNetwork(
  gpu: Gpu,
  network: Layer,
  { shape, data }: { readonly shape: Shape4; readonly data: Floats },
  { gradient: wantsGradient, isJoint }: RunNetworkOptions,
): Promise<RunResult> {
  const [n, c, h, w] = shape;
  const input = toChannelsLast(data, shape);
  const values = c * h * w;
  const parts: Part[] = [];
  let batchSize = n;
  for (let at = 0; at < n; ) {
    const count = Math.min(batchSize, n - at);
    const part = input.slice(at * values, (at + count) * values);
    try {
      parts.push(await runPart(gpu, network, part, [count, h, w, c], wantsGradient));
      at += count;
    } catch (error) {
      if (!isTooLarge(error) || count === 1) throw error;
      if (isJoint) throw cannotPart(error, n);
      batchSize = Math.ceil(count / 2);
    }
  }
  const outputShape = [n, ...parts[0]!.outputShape.slice(1)];
  const output = join(parts.map((part) => part.output));
  const gradient = wantsGradient ? join(parts.map((part) => part.gradient!)) : null;
  return {
    ...channelsFirst(output, outputShape),
    gradient: gradient && toChannelsFirst(gradient, [n, h, w, c]),
    shape,
    batchSize,
  };
}

interface Part {
  readonly output: Floats;
  readonly outputShape: readonly number[];
  readonly gradient: Floats | null;
}

function runPart(
  gpu: Gpu,
  network: Layer,
  input: Floats,
  shape: Shape4,
  wantsGradient: boolean,
): Promise<Part> {
  return scope(async () => {
    const images = tensor(gpu, input, shape);
    if (!wantsGradient) {
      const output = noGrad(() => network.forward(images));
      return { output: await output.read(), outputShape: output.shape, gradient: null };
    }
    const { output, gradient } = inputGradient(network, images);
    const [values, gradients] = await Promise.all([output.read(), gradient.read()]);
    return { output: values, outputShape: output.shape, gradient: gradients };
  });
}

function cannotPart(error: DeviceError, images: number): DeviceError {
  return new DeviceError(
    error.kind,
    `${error.message}\nThe ${images} images see one another (--minibatch-stddev batch), so they ` +
      "cannot be run in parts.\nPass fewer images, or --minibatch-stddev per-sample.",
  );
}

/** Maps, `[N, H, W, C]`, become PyTorch's `[N, C, H, W]`; other outputs have its shape already. */
function channelsFirst(output: Floats, shape: readonly number[]) {
  const [n = 0, h = 0, w = 0, c = 0] = shape;
  if (shape.length !== 4) return { output, outputShape: shape };
  return { output: toChannelsFirst(output, [n, h, w, c]), outputShape: [n, c, h, w] };
}

function join(parts: readonly Floats[]): Floats {
  const joined = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
