import { img8 } from "@fauxgrad/testing";
import sharp, { type Sharp } from "sharp";
import { expect, test } from "vitest";
import { stripMetadata } from "./strip-metadata.ts";

const [WIDTH, HEIGHT] = [40, 24];
const raw = { raw: { width: WIDTH, height: HEIGHT, channels: 3 } } as const;
const FORMATS = ["jpeg", "png", "webp"] as const;

/** Turned by a quarter, of a profile other than sRGB. */
const tagged = (): Sharp =>
  sharp(img8(HEIGHT, WIDTH), raw).withIccProfile("p3").withMetadata({ orientation: 6 });

const bytesOf = async (picture: Sharp, format: (typeof FORMATS)[number]) =>
  new Uint8Array(await picture.toFormat(format).toBuffer());

test.each(FORMATS)("takes orientation and profile out of a %s, and no pixel", async (format) => {
  const file = await bytesOf(tagged(), format);
  expect(await sharp(file).metadata()).toMatchObject({ orientation: 6, hasProfile: true });
  const { bytes, isComplete } = stripMetadata(format, file);
  expect(isComplete).toBe(true);
  const metadata = await sharp(bytes).metadata();
  expect(metadata).toMatchObject({ format, width: WIDTH, height: HEIGHT, hasProfile: false });
  expect(metadata.orientation).toBeUndefined();
  expect(metadata.exif).toBeUndefined();
  // VP8X says what chunks there are: only alpha and animation may remain.
  if (format === "webp") expect((bytes[20] ?? 0) & ~0x12).toBe(0);
  const pixels = (data: Uint8Array) => sharp(data, { ignoreIcc: true }).raw().toBuffer();
  expect((await pixels(bytes)).equals(await pixels(file))).toBe(true);
});

test.each(FORMATS)(
  "leaves a %s without any as it is, and sees that its end is missing",
  async (format) => {
    const file = await bytesOf(sharp(img8(HEIGHT, WIDTH), raw), format);
    expect(Buffer.from(stripMetadata(format, file).bytes).equals(file)).toBe(true);
    for (const length of [file.length - 2, file.length >> 1, 12, 1]) {
      expect(stripMetadata(format, file.subarray(0, length)).isComplete, `${length}`).toBe(false);
    }
  },
);

test("a JPEG's end is found before what cameras write behind it", async () => {
  const file = await bytesOf(sharp(img8(HEIGHT, WIDTH), raw), "jpeg");
  const longer = new Uint8Array([...file, 0xd9, 0, 0xd9]);
  expect(stripMetadata("jpeg", longer).isComplete).toBe(true);
});
