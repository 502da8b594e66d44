import { checkImage, type RgbImage } from "./image.ts";

/** The image mirrored left to right: `output[y, x] = image[y, W - 1 - x]`. */
export function flipHorizontal(image: RgbImage): RgbImage {
  checkImage("flipHorizontal", image);
  const { width, height, data } = image;
  const flipped = new Uint8Array(data.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const read = (y * width + x) * 3;
      const write = (y * width + width - 1 - x) * 3;
      flipped[write] = data[read]!;
      flipped[write + 1] = data[read + 1]!;
      flipped[write + 2] = data[read + 2]!;
    }
  }
  return { width, height, data: flipped };
}
