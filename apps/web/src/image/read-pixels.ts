import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";

/** Side of the parts that a picture is read in: no device has a smaller limit, and 16 MiB suffice. */
const PART = 2048;
/** Rows of a texture in a buffer begin at multiples of this many bytes. */
const ROW_ALIGNMENT = 256;

/**
 * The R, G and B bytes of a picture, as they were decoded, alpha dropped.
 *
 * Through a texture and not a canvas: a canvas multiplies colours with alpha, and browsers that
 * guard against fingerprinting add noise to what is read from one.
 */
export async function readPixels(device: GPUDevice, bitmap: ImageBitmap): Promise<RgbImage> {
  const { width, height } = bitmap;
  const image = rgbImage(width, height);
  for (let top = 0; top < height; top += PART) {
    for (let left = 0; left < width; left += PART) {
      await readPart(device, bitmap, image, { left, top });
    }
  }
  return image;
}

async function readPart(
  device: GPUDevice,
  bitmap: ImageBitmap,
  image: RgbImage,
  { left, top }: { readonly left: number; readonly top: number },
): Promise<void> {
  const width = Math.min(PART, image.width - left);
  const height = Math.min(PART, image.height - top);
  const bytesPerRow = Math.ceil((4 * width) / ROW_ALIGNMENT) * ROW_ALIGNMENT;
  const texture = device.createTexture({
    size: [width, height],
    format: "rgba8unorm",
    usage: GPUTextureUsage.COPY_SRC | GPUTextureUsage.COPY_DST | GPUTextureUsage.RENDER_ATTACHMENT,
  });
  const buffer = device.createBuffer({
    size: bytesPerRow * height,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  try {
    device.queue.copyExternalImageToTexture(
      { source: bitmap, origin: [left, top] },
      { texture, premultipliedAlpha: false },
      [width, height],
    );
    const encoder = device.createCommandEncoder();
    encoder.copyTextureToBuffer({ texture }, { buffer, bytesPerRow }, [width, height]);
    device.queue.submit([encoder.finish()]);
    await buffer.mapAsync(GPUMapMode.READ);
    const pixels = new Uint8Array(buffer.getMappedRange());
    for (let y = 0; y < height; y += 1) {
      const row = pixels.subarray(y * bytesPerRow, y * bytesPerRow + 4 * width);
      copyRow(row, image.data, 3 * ((top + y) * image.width + left));
    }
  } finally {
    buffer.destroy();
    texture.destroy();
  }
}

/** R G B A to R G B. */
function copyRow(row: Uint8Array, to: Uint8Array, at: number): void {
  for (let read = 0, write = at; read < row.length; read += 4, write += 3) {
    to[write] = row[read]!;
    to[write + 1] = row[read + 1]!;
    to[write + 2] = row[read + 2]!;
  }
}
