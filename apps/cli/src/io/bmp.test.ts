import { img8 } from "@fauxgrad/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBmp } from "./bmp.ts";
import { BmpError } from "./bmp-error.ts";

interface Parts {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly compression?: number;
  readonly palette?: readonly number[];
  readonly masks?: readonly number[];
  readonly headerSize?: 12 | 40 | 108;
  readonly offset?: number;
  readonly colors?: number;
}

/** A bitmap file of the given header and pixel bytes; a negative height is top-down. */
function bmpFile(parts: Parts, pixels: readonly number[]): Uint8Array {
  const { palette = [], masks = [], headerSize = 40, compression = 0, colors = 0 } = parts;
  const header = new DataView(new ArrayBuffer(headerSize));
  header.setUint32(0, headerSize, true);
  if (headerSize === 12) {
    [parts.width, parts.height, 1, parts.bits].forEach((value, i) => {
      header.setUint16(4 + i * 2, value, true);
    });
  } else {
    header.setInt32(4, parts.width, true);
    header.setInt32(8, parts.height, true);
    header.setUint16(12, 1, true);
    header.setUint16(14, parts.bits, true);
    header.setUint32(16, compression, true);
    header.setUint32(32, colors, true);
  }
  const maskBytes = new Uint8Array(new Uint32Array(masks).buffer);
  if (headerSize === 108) new Uint8Array(header.buffer).set(maskBytes, 40);
  const after = headerSize === 108 ? [] : maskBytes;
  const start = 14 + headerSize + after.length + palette.length;
  const file = new DataView(new ArrayBuffer(14));
  file.setUint16(0, 0x424d);
  file.setUint32(10, parts.offset ?? start, true);
  const all = [new Uint8Array(file.buffer), new Uint8Array(header.buffer), after, palette, pixels];
  return Uint8Array.from(all.flatMap((part) => [...part]));
}

/** Entries B, G, R, 0 of colours (10i, 10i + 1, 10i + 2). */
const palette16 = Array.from({ length: 16 }, (_, i) => [10 * i + 2, 10 * i + 1, 10 * i, 0]).flat();
const color = (index: number) => [10 * index, 10 * index + 1, 10 * index + 2];
const decoded = (parts: Parts, pixels: readonly number[]) => [
  ...decodeBmp(bmpFile(parts, pixels)).data,
];

test("reads 24 bits bottom-up and top-down, with rows padded to four bytes", () => {
  const rows = [
    [3, 2, 1, 0],
    [6, 5, 4, 0],
  ].flat();
  expect(decoded({ width: 1, height: 2, bits: 24 }, rows)).toEqual([4, 5, 6, 1, 2, 3]);
  expect(decoded({ width: 1, height: -2, bits: 24 }, rows)).toEqual([1, 2, 3, 4, 5, 6]);
  // The last row's padding may be missing.
  expect(decoded({ width: 1, height: 2, bits: 24 }, rows.slice(0, 7))).toEqual([4, 5, 6, 1, 2, 3]);
});

test("reads 32 bits and drops the fourth byte", () => {
  expect(decoded({ width: 1, height: 1, bits: 32 }, [3, 2, 1, 99])).toEqual([1, 2, 3]);
});

test("stretches 16 bits to 0..255, by default 5 bits a channel", () => {
  const pixel = (value: number) => [value & 255, value >> 8, 0, 0];
  const read = (value: number, masks?: number[]) =>
    decoded(
      { width: 1, height: 1, bits: 16, ...(masks && { compression: 3, masks }) },
      pixel(value),
    );
  expect(read(0x7fff)).toEqual([255, 255, 255]);
  expect(read((16 << 10) | (1 << 5) | 30)).toEqual([131, 8, 246]);
  expect(read((16 << 11) | (32 << 5) | 30, [0xf800, 0x7e0, 0x1f])).toEqual([131, 129, 246]);
});

test("follows bit fields, in the header or behind it, and refuses some with gaps", () => {
  const masks = [0xff, 0xff00, 0xff0000];
  const parts = { width: 1, height: 1, bits: 32, compression: 3, masks };
  expect(decoded(parts, [1, 2, 3, 4])).toEqual([1, 2, 3]);
  expect(decoded({ ...parts, headerSize: 108 }, [1, 2, 3, 4])).toEqual([1, 2, 3]);
  const high = [0xff000000, 0xff0000, 0xff00];
  expect(decoded({ ...parts, masks: high }, [1, 2, 3, 250])).toEqual([250, 3, 2]);
  expect(decoded({ ...parts, masks: [0, 0, 0] }, [3, 2, 1, 0])).toEqual([1, 2, 3]);
  expect(() => decoded({ ...parts, masks: [0x505, 0, 0] }, [1, 2, 3, 4])).toThrow(
    new BmpError("the BMP bit field 0x505 has gaps"),
  );
});

test("reads 1, 4 and 8 bits through the palette, at odd widths", () => {
  const one = { width: 9, height: 1, bits: 1, palette: palette16.slice(0, 8) };
  expect(decoded(one, [0b10110000, 0b10000000, 0, 0])).toEqual(
    [1, 0, 1, 1, 0, 0, 0, 0, 1].flatMap(color),
  );
  const four = { width: 3, height: 2, bits: 4, palette: palette16 };
  expect(decoded(four, [0x12, 0x30, 0, 0, 0xab, 0xc0, 0, 0])).toEqual(
    [10, 11, 12, 1, 2, 3].flatMap(color),
  );
  const eight = { width: 1, height: 1, bits: 8, palette: palette16, colors: 16 };
  expect(decoded(eight, [7, 0, 0, 0])).toEqual(color(7));
  // Beyond the palette: a grey, as in Pillow.
  expect(decoded(eight, [200, 0, 0, 0])).toEqual([200, 200, 200]);
});

test("reads OS/2 headers with three bytes a colour", () => {
  const colors = [3, 2, 1, 6, 5, 4];
  const parts = { width: 2, height: 1, bits: 1, headerSize: 12, palette: colors } as const;
  expect(decoded(parts, [0b01000000, 0, 0, 0])).toEqual([1, 2, 3, 4, 5, 6]);
});

test("finds the pixels of writers that leave out the offset or the palette's part of it", () => {
  const parts = { width: 1, height: 1, bits: 4, palette: palette16 };
  for (const offset of [0, 54]) {
    expect(decoded({ ...parts, offset }, [0x50, 0, 0, 0])).toEqual(color(5));
  }
});

test("expands run-length rows: runs, raw pixels, jumps and early ends", () => {
  const eight = { width: 5, height: 3, bits: 8, compression: 1, palette: palette16, colors: 16 };
  // Bottom row: 3 of 1, then beyond the end; middle: raw 4 5 6 padded, end; top: jump 2, one of 7.
  const runs = [3, 1, 9, 2, 0, 0, 0, 3, 4, 5, 6, 0, 0, 0, 0, 2, 2, 0, 1, 7, 0, 1];
  expect(decoded(eight, runs)).toEqual(
    [0, 0, 7, 0, 0, 4, 5, 6, 0, 0, 1, 1, 1, 2, 2].flatMap(color),
  );
  const four = { width: 5, height: 1, bits: 4, compression: 2, palette: palette16 };
  expect(decoded(four, [3, 0x12, 0, 1])).toEqual([1, 2, 1, 0, 0].flatMap(color));
  expect(decoded(four, [0, 5, 0x12, 0x34, 0x50, 0, 0, 1])).toEqual([1, 2, 3, 4, 5].flatMap(color));
});

test.each<[string, Parts, number[]]>([
  ["the BMP data ends early: 58 bytes of 65", { width: 1, height: 3, bits: 24 }, [1, 2, 3, 0]],
  ["the BMP has no pixels: 0 x 3", { width: 0, height: 3, bits: 24 }, []],
  ["the BMP has no pixels: -1 x 3", { width: -1, height: 3, bits: 24 }, []],
  ["2 bits per pixel is no BMP depth", { width: 1, height: 1, bits: 2 }, []],
  ["BMP compression 4 is not supported", { width: 1, height: 1, bits: 24, compression: 4 }, []],
  [
    "a run-length BMP of 8 bits says it has 24",
    { width: 1, height: 1, bits: 24, compression: 1 },
    [],
  ],
  ["a BMP of 8 bits cannot have bit fields", { width: 1, height: 1, bits: 8, compression: 3 }, []],
  [
    "a BMP palette of 70000 colours is too large",
    { width: 1, height: 1, bits: 8, colors: 70000 },
    [],
  ],
  [
    "the BMP palette ends early",
    { width: 1, height: 1, bits: 8, colors: 256, offset: 54 + 4, palette: palette16 },
    [0, 0, 0, 0],
  ],
  [
    "the BMP data ends early, in row 2 of 2",
    { width: 1, height: 2, bits: 4, compression: 2, palette: palette16 },
    [1, 0x10, 0, 0],
  ],
])("refuses: %s", (message, parts, pixels) => {
  expect(() => decodeBmp(bmpFile(parts, pixels))).toThrow(new BmpError(message));
});

test("refuses headers of unknown or missing size", () => {
  expect(() => decodeBmp(new Uint8Array(10))).toThrow(new BmpError("the BMP header ends early"));
  const odd = bmpFile({ width: 1, height: 1, bits: 24 }, [0, 0, 0, 0]);
  odd[14] = 41;
  expect(() => decodeBmp(odd)).toThrow(
    new BmpError("the BMP header has 41 bytes, a size that no version has"),
  );
});

test("damaged bitmaps are refused or decoded, never worse", async () => {
  const noise = [...img8(8, 8)];
  const originals = [
    bmpFile({ width: 8, height: 8, bits: 24 }, noise),
    bmpFile({ width: 8, height: 8, bits: 4, palette: palette16 }, noise),
    bmpFile({ width: 8, height: 8, bits: 8, compression: 1, palette: palette16 }, noise),
    bmpFile({ width: 8, height: 8, bits: 4, compression: 2, palette: palette16 }, noise),
    bmpFile({ width: 8, height: 4, bits: 16, compression: 3, masks: [0xf800, 0x7e0, 31] }, noise),
  ];
  const flip = fc.tuple(fc.nat(200), fc.nat(255));
  await fc.assert(
    fc.property(
      fc.constantFrom(...originals),
      fc.array(flip, { maxLength: 6 }),
      fc.nat(300),
      (original, flips, cut) => {
        const damaged = original.slice(0, Math.max(1, original.length - Math.max(0, cut - 150)));
        for (const [at, byte] of flips) if (at < damaged.length) damaged[at] = byte;
        // The sides stay small: their limit is decodeImage's to check.
        damaged.set([0, 0, 0], 19);
        damaged.set([0, 0, 0], 23);
        try {
          const { width, height, data } = decodeBmp(damaged);
          return data.length === width * height * 3;
        } catch (error) {
          return error instanceof BmpError;
        }
      },
    ),
    { numRuns: 2000 },
  );
});
