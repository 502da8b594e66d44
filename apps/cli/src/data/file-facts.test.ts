import { type JpegHistory, jpegHistory, luma, readFileFacts } from "@fauxgrad/training";
import sharp, { type Sharp } from "sharp";
import { expect, test } from "vitest";
import { jpegCodec } from "../io/jpeg-codec.ts";
import { testPicture, toSharp } from "./test-pictures.ts";

const PICTURE = testPicture(1);
const plain = { isLossless: true, hasExif: false, hasProfile: false };

test.each([
  ["RGB", {}, (image: Sharp) => image.png()],
  ["RGB + alpha", {}, (image: Sharp) => image.ensureAlpha(0.5).png()],
  ["palette", {}, (image: Sharp) => image.png({ palette: true })],
  ["RGB, 16 bits", {}, (image: Sharp) => image.toColourspace("rgb16").png()],
  ["grey", {}, (image: Sharp) => image.toColourspace("b-w").png()],
  ["RGB", { hasProfile: true }, (image: Sharp) => image.withIccProfile("p3").png()],
])("reads PNG, %s %o", async (mode, more, encode) => {
  const facts = readFileFacts(await encode(toSharp(PICTURE)).toBuffer());
  expect(facts).toMatchObject({ format: "png", mode, jpegQuality: null, ...plain, ...more });
});

test.each([5, 30, 50, 75, 90, 95, 100])("reads a JPEG's quality, %i", async (quality) => {
  const facts = readFileFacts(await jpegCodec.encode(PICTURE, quality));
  expect(facts).toEqual({
    format: "jpeg",
    mode: "RGB",
    isLossless: false,
    hasExif: false,
    hasProfile: false,
    jpegQuality: quality,
    jpegCoding: "libjpeg 4:2:0",
  });
});

test("reads a JPEG's sampling, scans, tables and metadata", async () => {
  const facts = async (image: Sharp) => readFileFacts(await image.toBuffer());
  const image = () => toSharp(PICTURE);
  expect(
    await facts(
      image()
        .withExif({ IFD0: { Make: "none" } })
        .jpeg({ chromaSubsampling: "4:4:4", progressive: true }),
    ),
  ).toMatchObject({ jpegCoding: "libjpeg 4:4:4 progressive", hasExif: true });
  expect(await facts(image().jpeg({ quality: 70, quantisationTable: 3 }))).toMatchObject({
    jpegCoding: "other tables 4:2:0",
  });
  expect(await facts(image().toColourspace("b-w").jpeg())).toMatchObject({
    mode: "grey",
    jpegCoding: "libjpeg",
  });
  expect(await facts(image().toColourspace("cmyk").jpeg())).toMatchObject({ mode: "CMYK" });
});

test("reads WebP, lossy and lossless", async () => {
  const lossless = await toSharp(PICTURE).webp({ lossless: true }).toBuffer();
  expect(readFileFacts(lossless)).toMatchObject({ format: "webp", mode: "RGB", ...plain });
  const alpha = toSharp(PICTURE).ensureAlpha(0.5);
  const lossy = await alpha
    .withExif({ IFD0: { Make: "none" } })
    .webp()
    .toBuffer();
  expect(readFileFacts(lossy)).toMatchObject({
    mode: "RGB + alpha",
    isLossless: false,
    hasExif: true,
  });
});

test("what breaks off or is no image has no facts", async () => {
  const jpeg = await jpegCodec.encode(PICTURE, 80);
  expect(readFileFacts(jpeg.subarray(0, 100))).toBeNull();
  expect(readFileFacts(Uint8Array.of(1, 2, 3))).toBeNull();
  expect(readFileFacts(new Uint8Array(0))).toBeNull();
});

async function historyAfter(quality: number): Promise<JpegHistory> {
  const picture = testPicture(3, 160, 160);
  return jpegHistory(luma(await jpegCodec.decode(await jpegCodec.encode(picture, quality))));
}

test.each([30, 50, 75, 85, 90])("pixels tell of a JPEG of quality %i", async (quality) => {
  expect(await historyAfter(quality)).toMatchObject({ quality, offset: [0, 0] });
});

test("a crop moves the grid, and is found there", async () => {
  const jpeg = await jpegCodec.encode(testPicture(4, 200, 200), 50);
  const window = { left: 3, top: 6, width: 160, height: 160 };
  const { data } = await sharp(jpeg).extract(window).raw().toBuffer({ resolveWithObject: true });
  const history = jpegHistory(luma({ width: 160, height: 160, data }));
  expect(history).toMatchObject({ quality: 50, offset: [5, 2] });
});

test("a picture that never was a JPEG, or was scaled since, tells of none", async () => {
  for (let seed = 0; seed < 5; seed += 1) {
    const never = jpegHistory(luma(testPicture(seed, 160, 160)));
    expect(never.quality).toBeNull();
    expect(never.comb).toBeLessThan(0.2);
  }
  const jpeg = await jpegCodec.encode(testPicture(9, 240, 240), 60);
  const { data } = await sharp(jpeg).resize(160, 160).raw().toBuffer({ resolveWithObject: true });
  expect(jpegHistory(luma({ width: 160, height: 160, data })).quality).toBeNull();
  const flat = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(9) };
  expect(jpegHistory(luma(flat))).toMatchObject({ quality: null, comb: 0, blockiness: 1 });
  const tiny = { width: 5, height: 3, data: new Uint8Array(45) };
  expect(jpegHistory(luma(tiny)).quality).toBeNull();
});
