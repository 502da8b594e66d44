import { resize, rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import { jpegCodec } from "./jpeg-codec.ts";

const picture = resize(rgbImage(6, 5, img8(5, 6)), { width: 37, height: 21 });

test("keeps sizes that are no multiple of a block, and loses less at a higher quality", async () => {
  const loss = async (quality: number) => {
    const decoded = await jpegCodec.decode(await jpegCodec.encode(picture, quality));
    expect([decoded.width, decoded.height]).toEqual([37, 21]);
    return decoded.data.reduce((sum, byte, i) => sum + (byte - picture.data[i]!) ** 2, 0);
  };
  const [low, high] = [await loss(10), await loss(95)];
  expect(high).toBeGreaterThan(0);
  expect(low).toBeGreaterThan(4 * high);
});

test("writes baseline files with the chroma halved both ways, even at quality 95", async () => {
  const bytes = await jpegCodec.encode(picture, 95);
  // SOF0: length, precision, height, width, three components; 0x22 is 2 x 2 samples of luma.
  const at = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0);
  expect(at).toBeGreaterThan(0);
  expect([...bytes.subarray(at + 5, at + 9)]).toEqual([0, 21, 0, 37]);
  const sampling = [11, 14, 17].map((offset) => bytes[at + offset]);
  expect(sampling).toEqual([0x22, 0x11, 0x11]);
});
