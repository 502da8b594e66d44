import { checkSide, type RgbImage } from "./image.ts";

/** Which values are drawn, and how. */
export interface HeatMapOptions {
  readonly width: number;
  readonly height: number;
  /** Channel of the gradient: 0 red, 1 green, 2 blue. */
  readonly channel: 0 | 1 | 2;
  /**
   * Share of the pixels, in [0, 0.5), that may saturate at either end of the scale. A gradient has
   * a few pixels far outside the rest; with 0 they alone take the ends of the colour map.
   */
  readonly saturate?: number;
}

/**
 * One channel of a gradient in false colours: blue = its lowest value, red = its highest (LGrad,
 * Fig. 1), scaled by that channel alone. A constant channel is drawn in the middle colour.
 *
 * @param gradient `[H, W, 3]`
 * @throws {RangeError} if sizes do not agree, a value is not finite, or `saturate` is outside [0, 0.5)
 */
export function heatMap(gradient: Float32Array, options: HeatMapOptions): RgbImage {
  const { width, height, channel, saturate = 0 } = options;
  checkHeatMap(gradient, options);
  const pixels = width * height;
  const values = new Float32Array(pixels);
  for (let i = 0; i < pixels; i += 1) values[i] = gradient[i * 3 + channel]!;
  const sorted = values.slice().sort();
  // NaN and +inf sort last, -inf first.
  if (!Number.isFinite(sorted[0]!) || !Number.isFinite(sorted[pixels - 1]!)) {
    throw new RangeError(
      `heatMap: channel ${channel} holds a value that is not finite\n` +
        `  size    ${width} x ${height}\n` +
        "Check the network's weights: a finite gradient cannot give this.",
    );
  }
  const outliers = Math.floor(pixels * saturate);
  const low = sorted[outliers]!;
  const span = sorted[pixels - 1 - outliers]! - low;
  const data = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i += 1) {
    const level = span === 0 ? 0.5 : (values[i]! - low) / span;
    data.set(jet(level), i * 3);
  }
  return { width, height, data };
}

/**
 * The colour map "jet": dark blue, blue, cyan, yellow, red, dark red. With `clip` to [0, 1],
 *
 *     r = clip(1.5 - |4t - 3|)   g = clip(1.5 - |4t - 2|)   b = clip(1.5 - |4t - 1|)
 *
 * @param t position, clamped to [0, 1]
 * @returns bytes R, G, B
 */
export function jet(t: number): [number, number, number] {
  const position = 4 * Math.min(1, Math.max(0, t));
  const level = (centre: number) =>
    Math.round(255 * Math.min(1, Math.max(0, 1.5 - Math.abs(position - centre))));
  return [level(3), level(2), level(1)];
}

function checkHeatMap(gradient: Float32Array, options: HeatMapOptions): void {
  const { width, height, saturate = 0 } = options;
  checkSide("heatMap", "width", width);
  checkSide("heatMap", "height", height);
  if (gradient.length !== width * height * 3) {
    throw new RangeError(
      `heatMap: the gradient has ${gradient.length} elements, its size needs ${width * height * 3}\n` +
        `  size    ${width} x ${height}\n` +
        "Pass the gradient of one image, [H, W, 3].",
    );
  }
  if (!(saturate >= 0 && saturate < 0.5)) {
    throw new RangeError(`heatMap: saturate is ${saturate}\nPass a share in [0, 0.5).`);
  }
}
