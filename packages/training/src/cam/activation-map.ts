/*
 * Where a classifier looked: the arithmetic of class activation maps on arrays that were read from
 * the device. Features are `[H, W, C]`, channels last, of one image.
 */

/** A map over the places of a feature map, row-major `[H, W]`. */
export interface ActivationMap {
  readonly width: number;
  readonly height: number;
  readonly values: Float64Array;
}

/** Features or their gradient, `[H, W, C]`. */
export interface FeatureMap {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/** Which class a map of a one-logit detector is for; `predicted` goes by the sign of the logit. */
export type CamClass = "fake" | "real" | "predicted";

/**
 * Class activation map of a network that ends in a global mean and a linear layer:
 * `map[y, x] = Σ_c weight[c] · features[y, x, c]`. Its mean is the logit without the bias.
 *
 * @param features `[H, W, C]`, what the global mean is taken of
 * @param weight   `[C]`, the row of the linear layer
 * @throws {RangeError} if sizes do not agree
 * @see Zhou et al., "Learning Deep Features for Discriminative Localization", 2016, equation 2
 */
export function classActivationMap(features: FeatureMap, weight: ArrayLike<number>): ActivationMap {
  const { width, height, channels, data } = features;
  checkFeatures("classActivationMap", features);
  if (weight.length !== channels) {
    throw new RangeError(
      `classActivationMap: the features have ${channels} channels, the weight ${weight.length}\n` +
        "Pass the row of the linear layer that follows the global mean of these features.",
    );
  }
  const values = new Float64Array(width * height);
  for (let place = 0; place < values.length; place += 1) {
    let sum = 0;
    for (let c = 0; c < channels; c += 1) sum += weight[c]! * data[place * channels + c]!;
    values[place] = sum;
  }
  return { width, height, values };
}

/**
 * Grad-CAM: `map[y, x] = relu(Σ_c a[c] · features[y, x, c])` with `a[c]` the mean over all places
 * of `gradients[…, c]`.
 *
 * @param features  `[H, W, C]`, of any layer
 * @param gradients `[H, W, C]`, of one raw logit with respect to them
 * @throws {RangeError} if sizes do not agree
 * @see Selvaraju et al., "Grad-CAM", 2017, equations 1 and 2
 */
export function gradCam(features: FeatureMap, gradients: FeatureMap): ActivationMap {
  checkFeatures("gradCam", features);
  checkFeatures("gradCam", gradients);
  const { width, height, channels } = features;
  const fits =
    gradients.width === width && gradients.height === height && gradients.channels === channels;
  if (!fits) {
    throw new RangeError(
      "gradCam: features and gradients have different sizes\n" +
        `  features   ${sizeOf(features)}\n  gradients  ${sizeOf(gradients)}\n` +
        "Pass the gradient with respect to these features.",
    );
  }
  const weight = new Float64Array(channels);
  for (let i = 0; i < gradients.data.length; i += 1) {
    weight[i % channels] = weight[i % channels]! + gradients.data[i]!;
  }
  const map = classActivationMap(
    features,
    weight.map((sum) => sum / (width * height)),
  );
  return { ...map, values: map.values.map((value) => Math.max(0, value)) };
}

/**
 * The map for a class of a one-logit detector: as it is for `fake`, negated for `real`.
 *
 * @param logit of the image; `predicted` is fake if it is above 0
 */
export function mapForClass(map: ActivationMap, which: CamClass, logit: number): ActivationMap {
  const fake = which === "fake" || (which === "predicted" && logit > 0);
  return fake ? map : { ...map, values: map.values.map((value) => -value) };
}

/** `mean(map) + bias`: the logit, if the map is {@link classActivationMap}'s. */
export function logitOfMap({ values }: ActivationMap, bias: number): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length + bias;
}

/**
 * To [0, 1]: `(map − min) / (epsilon + max − min)`; a map of equal values becomes 0.
 *
 * @param epsilon 0 for CAM, 1e-7 for Grad-CAM's reference code
 * @throws {RangeError} if a value is not finite
 */
export function normalizeMap(map: ActivationMap, epsilon = 0): ActivationMap {
  let low = Infinity;
  let high = -Infinity;
  for (const [place, value] of map.values.entries()) {
    if (!Number.isFinite(value)) {
      throw new RangeError(
        `normalizeMap: the value at place ${place} is ${value}\n` +
          "Check the network's weights: finite features cannot give this.",
      );
    }
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const span = epsilon + high - low;
  const scale = span > 0 ? 1 / span : 0;
  return { ...map, values: map.values.map((value) => (value - low) * scale) };
}

function checkFeatures(operation: string, features: FeatureMap): void {
  const { width, height, channels, data } = features;
  if (data.length === width * height * channels && data.length > 0) return;
  throw new RangeError(
    `${operation}: ${data.length} values for ${sizeOf(features)}\n` +
      "Pass the features of one image, channels last.",
  );
}

function sizeOf({ width, height, channels }: FeatureMap): string {
  return `[${height}, ${width}, ${channels}]`;
}
