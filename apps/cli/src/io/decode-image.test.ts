import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { img8 } from "@fauxgrad/testing";
import { PNG } from "pngjs";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeImage } from "./decode-image.ts";
import { ImageError } from "./image-error.ts";

const PHOTOS = fileURLToPath(new URL("../../assets/photos/", import.meta.url));
const WIDTH = 21;
const HEIGHT = 13;
const pixels = img8(HEIGHT, WIDTH);
const rgb = () => sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "fauxgrad-decode-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes a file into the test's folder and decodes it. */
async function decodeBytes(name: string, bytes: Uint8Array, maxPixels?: number) {
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  return decodeImage(file, maxPixels === undefined ? {} : { maxPixels });
}

/** The message of the ImageError that the decoding ends with, without the test's folder. */
async function refusal(decoding: Promise<unknown>): Promise<string> {
  const error = await decoding.then(
    () => new Error("decoded"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ImageError);
  return (error as ImageError).message.replaceAll(`${folder}${path.sep}`, "");
}

const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

// Pillow 9.4 (libjpeg-turbo 2.1.5, libwebp 1.2.4): md5 of Image.open(f).convert("RGB").tobytes().
test.each([
  ["red-panda.jpg", 640, 360, "38cc979f9ce8619fd7a8b61b379d0e7a"],
  ["kingfisher.jpg", 640, 360, "e2851df93659cc51629cf6996a65dd52"],
  ["cat.jpg", 640, 480, "a8f92def0717cbaf6c6888e19701e073"],
  ["neuschwanstein.jpg", 640, 427, "c08ea6652377cb03d6b98913e1ded776"],
  ["hawa-mahal.webp", 640, 480, "0830c30820ae1a2054d2bf3b72340b29"],
  ["machu-picchu.webp", 640, 360, "647036022f21999f41123d71bbcdbebb"],
])("decodes a photograph to Pillow's bytes: %s", async (name, width, height, expected) => {
  const image = await decodeImage(path.join(PHOTOS, name));
  expect(image).toMatchObject({ width, height });
  expect(md5(image.data)).toBe(expected);
});

test("decodes PNG and lossless WebP to the bytes that went in", async () => {
  const encoded = [
    await rgb().png().toBuffer(),
    await rgb().png({ progressive: true }).toBuffer(),
    await rgb().webp({ lossless: true }).toBuffer(),
  ];
  for (const bytes of encoded) {
    const image = await decodeBytes("plain", bytes);
    expect(image).toMatchObject({ width: WIDTH, height: HEIGHT });
    expect(image.data).toEqual(pixels);
  }
});

test("drops alpha and does not composite it", async () => {
  const raw = { width: 2, height: 1, channels: 4 } as const;
  const bytes = new Uint8Array([10, 20, 30, 0, 40, 50, 60, 128]);
  const png = await sharp(bytes, { raw }).png().toBuffer();
  const webp = await sharp(bytes, { raw }).webp({ lossless: true, exact: true }).toBuffer();
  for (const encoded of [png, webp]) {
    const image = await decodeBytes("alpha.png", encoded);
    expect([...image.data]).toEqual([10, 20, 30, 40, 50, 60]);
  }
});

test("expands grey, with alpha or without, and cuts 16 bits to the high byte", async () => {
  const encode = (colorType: 0 | 2 | 4 | 6, bitDepth: 8 | 16) => {
    const channels = { 0: 1, 2: 3, 4: 2, 6: 4 }[colorType];
    const values = [0x1234, 0x56ff, 0x9a00, 0xdeff].slice(0, channels);
    const png = new PNG({ width: 1, height: 1 });
    png.data =
      bitDepth === 16
        ? Buffer.from(new Uint16Array(values).buffer)
        : Buffer.from(values.map((value) => value >> 8));
    const options = { colorType, inputColorType: colorType, bitDepth, inputHasAlpha: false };
    return PNG.sync.write(png, { ...options, inputHasAlpha: colorType >= 4 });
  };
  for (const depth of [8, 16] as const) {
    const decoded = async (type: 0 | 2 | 4 | 6) => [
      ...(await decodeBytes(`t${type}.png`, encode(type, depth))).data,
    ];
    expect(await decoded(0)).toEqual([0x12, 0x12, 0x12]);
    expect(await decoded(2)).toEqual([0x12, 0x56, 0x9a]);
    expect(await decoded(4)).toEqual([0x12, 0x12, 0x12]);
    expect(await decoded(6)).toEqual([0x12, 0x56, 0x9a]);
  }
});

test("expands a palette", async () => {
  const flat = Uint8Array.from({ length: 64 * 3 }, (_, i) => [250, 3, 77][i % 3]!);
  flat.set([9, 200, 30]);
  const raw = { width: 8, height: 8, channels: 3 } as const;
  const png = await sharp(flat, { raw }).png({ palette: true }).toBuffer();
  // IHDR's colour type.
  expect(png[25]).toBe(3);
  expect((await decodeBytes("palette.png", png)).data).toEqual(flat);
});

test("does not turn by EXIF, and does not convert by a profile", async () => {
  const turned = await rgb().withMetadata({ orientation: 6 }).png().toBuffer();
  expect((await sharp(turned).metadata()).orientation).toBe(6);
  const image = await decodeBytes("turned.png", turned);
  expect(image).toMatchObject({ width: WIDTH, height: HEIGHT });
  expect(image.data).toEqual(pixels);

  // The pixels of this file are stored in Display P3; its profile says so.
  const profiled = await rgb().withIccProfile("p3").png().toBuffer();
  expect((await sharp(profiled).metadata()).hasProfile).toBe(true);
  const stored = PNG.sync.read(profiled).data.filter((_, i) => i % 4 !== 3);
  expect(new Uint8Array(stored)).not.toEqual(pixels);
  const asStored = await decodeBytes("profile.png", profiled);
  expect(asStored.data).toEqual(new Uint8Array(stored));
});

test("converts a CMYK JPEG by Pillow's formula", async () => {
  const bytes = await readFile(new URL("./fixtures/cmyk.jpg", import.meta.url));
  const image = await decodeBytes("cmyk.jpg", bytes);
  expect(image).toMatchObject({ width: 40, height: 30 });
  // Pillow 9.4: md5 of Image.open("cmyk.jpg").convert("RGB").tobytes().
  expect(md5(image.data)).toBe("92257e87f7ee239720bf923184f2feb9");
});

test("takes the first frame of an animation", async () => {
  const frames = new Uint8Array(8 * 8 * 3 * 2).fill(200, 8 * 8 * 3);
  const raw = { width: 8, height: 16, channels: 3, pageHeight: 8 } as const;
  const animation = await sharp(frames, { raw }).webp({ lossless: true }).toBuffer();
  expect((await sharp(animation).metadata()).pages).toBe(2);
  const image = await decodeBytes("animation.webp", animation);
  expect(image).toMatchObject({ width: 8, height: 8 });
  expect(image.data.every((byte) => byte === 0)).toBe(true);
});

test("goes by the content, not by the name", async () => {
  const image = await decodeBytes("really-a-png.JPG", await rgb().png().toBuffer());
  expect(image.data).toEqual(pixels);
  const tiff = await rgb().tiff({ compression: "none" }).toBuffer();
  expect(await refusal(decodeBytes("tiff.png", tiff))).toBe(
    `tiff.png: the content is TIFF, which is not decoded
  bytes   ${tiff.length}, beginning 49 49 2a 00 ${tiff.subarray(4, 8).toString("hex").replace(/..\B/g, "$& ")}
  known   PNG, JPEG, WebP, BMP
Convert it to PNG, or leave it out.`,
  );
});

test("says what is wrong with a file that is no image", async () => {
  expect(await refusal(decodeBytes("empty.png", new Uint8Array()))).toBe(
    `empty.png: the file is empty
Restore it from its source, or leave it out.`,
  );
  expect(await refusal(decodeBytes("text.jpg", Buffer.from("hello, world\n")))).toBe(
    `text.jpg: the content is no image that can be decoded
  bytes   13, beginning 68 65 6c 6c 6f 2c 20 77
  known   PNG, JPEG, WebP, BMP
Convert it to PNG, or leave it out.`,
  );
  expect(await refusal(decodeImage(path.join(folder, "missing.png")))).toBe(
    `missing.png: there is no such file or folder
Check the path.`,
  );
  expect(await refusal(decodeImage(folder))).toContain(": it is a folder, not an image\n");
  await symlink(path.join(folder, "circle"), path.join(folder, "circle"));
  expect(await refusal(decodeImage(path.join(folder, "circle")))).toBe(
    `circle: its symbolic links lead in a circle
Remove the link, or leave it out.`,
  );
});

test("refuses too many pixels before it decodes any", async () => {
  const png = await rgb().png().toBuffer();
  expect(await refusal(decodeBytes("big.png", png, 272))).toBe(
    `big.png: the image has 273 pixels, more than the limit of 272
  size    21 x 13
Shrink it first, or raise the limit (--max-pixels) if you trust the file.`,
  );
  expect(await decodeBytes("big.png", png, 273)).toMatchObject({ width: WIDTH });

  // A hundred megapixels in a few hundred bytes, and in each format's header.
  const bomb = Buffer.from(png);
  bomb.writeUInt32BE(10_000, 16);
  bomb.writeUInt32BE(10_000, 20);
  bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
  expect(await refusal(decodeBytes("bomb.png", bomb))).toContain(
    "bomb.png: the image has 100000000 pixels, more than the limit of 89478485\n",
  );
  for (const encoder of ["jpeg", "webp"] as const) {
    const bytes = await rgb()[encoder]().toBuffer();
    expect(await refusal(decodeBytes(`big.${encoder}`, bytes, 100))).toContain("has 273 pixels");
  }
});

test.each([
  ["PNG", "png", { progressive: false }],
  ["PNG", "png", { progressive: true }],
  ["JPEG", "jpeg", { progressive: false }],
  ["JPEG", "jpeg", { progressive: true }],
  ["WebP", "webp", { lossless: true }],
  ["WebP", "webp", { lossless: false }],
] as const)("calls a truncated %s truncated (%s, %o)", async (name, encoder, options) => {
  const raw = { width: 160, height: 120, channels: 3 } as const;
  const whole = await sharp(img8(120, 160), { raw })[encoder](options).toBuffer();
  for (const share of [0.1, 0.4, 0.7, 0.99]) {
    const cut = whole.subarray(0, Math.floor(whole.length * share));
    const message = await refusal(decodeBytes("cut", cut));
    expect(message).toMatch(`cut: the ${name} data ends early: the file is truncated\n  decoder `);
    expect(message).toMatch(/Restore the file from its source, or leave it out\.$/);
  }
});

test.each(["png", "jpeg", "webp"] as const)(
  "a damaged %s is refused or decoded, never worse",
  async (encoder) => {
    const raw = { width: 40, height: 30, channels: 3 } as const;
    const whole = await sharp(img8(30, 40), { raw })[encoder]().toBuffer();
    const seed = 20_260_101;
    const random = randomBits(seed);
    let refused = 0;
    for (let round = 0; round < 60; round += 1) {
      const damaged = Buffer.from(whole.subarray(0, damagedLength(whole.length, random)));
      for (let flips = random() % 8; flips > 0; flips -= 1) {
        damaged[random() % damaged.length] = random();
      }
      try {
        const image = await decodeBytes(`damaged.${encoder}`, damaged, 1e6);
        expect(image.data.length, `round ${round}`).toBe(image.width * image.height * 3);
      } catch (error) {
        expect(error, `round ${round}`).toBeInstanceOf(ImageError);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(10);
  },
);

/** Half of the files keep their length. */
function damagedLength(length: number, random: () => number): number {
  return random() % 2 === 0 ? length : 1 + (random() % length);
}

/** A seeded sequence of 32-bit words. */
function randomBits(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state ^ (state >>> 15)) >>> 0;
  };
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
