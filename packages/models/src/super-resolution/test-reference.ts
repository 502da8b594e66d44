// The networks' layers in float64, each as its formula says it. The same functions with the absolute
// values of weights and images give the magnitude to which the errors of f32 are proportional.

/** Channels last, as on the device. */
export interface Map3 {
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly data: Float64Array;
}

/** A kernel `[O, I, K, K]` with its bias. */
export interface Kernel {
  readonly shape: readonly [o: number, i: number, k: number];
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

export function map3(h: number, w: number, c: number): Map3 {
  return { h, w, c, data: new Float64Array(h * w * c) };
}

const at = ({ h, w, c, data }: Map3, y: number, x: number, channel: number) =>
  y < 0 || x < 0 || y >= h || x >= w ? 0 : data[(y * w + x) * c + channel]!;

function fill(h: number, w: number, c: number, value: (y: number, x: number, o: number) => number) {
  const made = map3(h, w, c);
  for (let i = 0; i < made.data.length; i++) {
    const pixel = Math.floor(i / c);
    made.data[i] = value(Math.floor(pixel / w), pixel % w, i % c);
  }
  return made;
}

const each = (map: Map3, change: (value: number, channel: number) => number): Map3 => ({
  ...map,
  data: map.data.map((value, i) => change(value, i % map.c)),
});

/** `Σ_{i, ky, kx} input[s·y + ky − p, s·x + kx − p, i] · weight[o, i, ky, kx] + bias[o]` */
export function conv(input: Map3, kernel: Kernel, { stride = 1, padding = 0 } = {}): Map3 {
  const [o, i, k] = kernel.shape;
  const size = (side: number) => Math.floor((side + 2 * padding - k) / stride) + 1;
  return fill(size(input.h), size(input.w), o, (y, x, out) => {
    let sum = kernel.bias[out]!;
    for (let channel = 0; channel < i; channel++) {
      for (let tap = 0; tap < k * k; tap++) {
        const row = y * stride + Math.floor(tap / k) - padding;
        const value = at(input, row, x * stride + (tap % k) - padding, channel);
        sum += value * kernel.weight[(out * i + channel) * k * k + tap]!;
      }
    }
    return sum;
  });
}

/** Every input pixel adds its kernel to the output; then the padding is cut off. */
export function deconv(input: Map3, kernel: Kernel, stride: number, padding: number): Map3 {
  const [o, i, k] = kernel.shape;
  const whole = map3(stride * (input.h - 1) + k, stride * (input.w - 1) + k, o);
  for (let j = 0; j < whole.data.length; j++) whole.data[j] = kernel.bias[j % o]!;
  for (let y = 0; y < input.h; y++) {
    for (let x = 0; x < input.w; x++) {
      for (let n = 0; n < o * i * k * k; n++) {
        const [tap, pair] = [n % (k * k), Math.floor(n / (k * k))];
        const row = y * stride + Math.floor(tap / k);
        const to = (row * whole.w + x * stride + (tap % k)) * o + Math.floor(pair / i);
        whole.data[to]! += at(input, y, x, pair % i) * kernel.weight[n]!;
      }
    }
  }
  return crop(whole, padding);
}

export function crop(input: Map3, margin: number): Map3 {
  const [h, w] = [input.h - 2 * margin, input.w - 2 * margin];
  return fill(h, w, input.c, (y, x, o) => at(input, y + margin, x + margin, o));
}

export const leaky = (input: Map3, slope: number) =>
  each(input, (value) => (value > 0 ? value : slope * value));

export const prelu = (input: Map3, slopes: Float32Array) =>
  each(input, (value, channel) => (value > 0 ? value : slopes[channel]! * value));

export const scale = (input: Map3, factor: number) => each(input, (value) => factor * value);

export function add(a: Map3, b: Map3): Map3 {
  return { ...a, data: a.data.map((value, i) => value + b.data[i]!) };
}

export function concat(...maps: readonly Map3[]): Map3 {
  const [{ h, w }] = maps as [Map3];
  const c = maps.reduce((sum, map) => sum + map.c, 0);
  return fill(h, w, c, (y, x, channel) => {
    let rest = channel;
    for (const map of maps) {
      if (rest < map.c) return at(map, y, x, rest);
      rest -= map.c;
    }
    return Number.NaN;
  });
}

export function upsample(input: Map3, factor: number): Map3 {
  return fill(input.h * factor, input.w * factor, input.c, (y, x, channel) =>
    at(input, Math.floor(y / factor), Math.floor(x / factor), channel),
  );
}

/** torch.nn.functional.pixel_shuffle, or tf.nn.depth_to_space. */
export function shuffle(input: Map3, factor: number, order: "torch" | "tensorflow"): Map3 {
  const channels = input.c / factor ** 2;
  return fill(input.h * factor, input.w * factor, channels, (y, x, channel) => {
    const block = (y % factor) * factor + (x % factor);
    const from = order === "torch" ? channel * factor ** 2 + block : block * channels + channel;
    return at(input, Math.floor(y / factor), Math.floor(x / factor), from);
  });
}

/**
 * Squeeze and excitation: each channel times a sigmoid of its means. As a magnitude, the sigmoid is
 * at most 1, and passes at most a quarter of its logits' errors on.
 */
export function excite(input: Map3, squeeze: Kernel, expand: Kernel, isMagnitude: boolean): Map3 {
  const mean = fill(1, 1, input.c, (_y, _x, channel) => {
    let sum = 0;
    for (let i = channel; i < input.data.length; i += input.c) sum += input.data[i]!;
    return sum / (input.h * input.w);
  });
  const logits = conv(leaky(conv(mean, squeeze), 0), expand);
  const gates = logits.data.map((value) =>
    isMagnitude ? 1 + value / 4 : 1 / (1 + Math.exp(-value)),
  );
  return each(input, (value, channel) => value * gates[channel]!);
}
