/**
 * An 8-bit RGB picture: what every decoder yields and every transform takes.
 *
 * `data` is `[H, W, 3]`, row-major, channels in the order R, G, B. Plain data, so that it can cross
 * a thread boundary unchanged.
 */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * An image of the given size: `data` as it is, or black.
 *
 * @param data `[height, width, 3]`
 * @throws {RangeError} if a side is not a positive integer, or `data` has another length
 */
export function rgbImage(width: number, height: number, data?: Uint8Array): RgbImage {
  const image = { width, height, data: data ?? new Uint8Array(safeBytes(width, height)) };
  checkImage("rgbImage", image);
  return image;
}

/**
 * Refuses an image whose sides and bytes do not agree; every transform calls it first.
 *
 * @param operation the caller's name, which opens the message
 * @throws {RangeError} naming sizes and bytes
 */
export function checkImage(operation: string, image: RgbImage): void {
  checkSide(operation, "width", image.width);
  checkSide(operation, "height", image.height);
  const expected = image.width * image.height * 3;
  if (image.data.length === expected) return;
  throw new RangeError(
    `${operation}: the image has ${image.data.length} bytes, its size needs ${expected}\n` +
      `  image   ${image.width} x ${image.height}\n` +
      "Pass width x height x 3 bytes, R G B, without alpha.",
  );
}

/**
 * Refuses a width or height that is no positive integer.
 *
 * @throws {RangeError} naming the value
 */
export function checkSide(operation: string, name: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new RangeError(
    `${operation}: ${name} is ${value}\nPass a whole number of pixels, at least 1.`,
  );
}

function safeBytes(width: number, height: number): number {
  checkSide("rgbImage", "width", width);
  checkSide("rgbImage", "height", height);
  return width * height * 3;
}
