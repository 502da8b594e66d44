import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { ByteBudget } from "./byte-budget.ts";
import { CheckpointError } from "./errors.ts";
import { ZipArchive } from "./zip.ts";

const DAMAGED = "\nThe file is damaged or incomplete: copy or download it again.";

function open(file: Uint8Array<ArrayBuffer>): ZipArchive {
  return new ZipArchive(file, new ByteBudget(file.length));
}

/** A ZIP file of stored entries a and b. */
function sample(): Uint8Array<ArrayBuffer> {
  const entries = { a: Uint8Array.of(1, 2, 3), b: Uint8Array.of(4) };
  return Uint8Array.from(zipSync(entries, { level: 0 }));
}

/** The bytes of fields, each a number and its width in bytes. */
function fields(...pairs: readonly (readonly [number, number])[]): number[] {
  return pairs.flatMap(([value, width]) =>
    Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256),
  );
}

/** The archive of one entry "a" with every size and offset in the 64-bit fields. */
function sample64(data: readonly number[]): Uint8Array<ArrayBuffer> {
  const all = 0xffffffff;
  const local = fields([0x04034b50, 4], [45, 2], [0, 12], [all, 4], [all, 4], [1, 2], [0, 2]);
  // The reader takes sizes from the directory, so that the local header's may say anything.
  const body = [...local, 0x61, ...data];
  const extra = fields(
    [9, 2],
    [2, 2],
    [0, 2],
    [1, 2],
    [24, 2],
    [data.length, 8],
    [data.length, 8],
    [0, 8],
  );
  const entry = [
    ...fields([0x02014b50, 4], [45, 2], [45, 2], [0, 2], [0, 2], [0, 8], [all, 4], [all, 4]),
    ...fields([1, 2], [extra.length, 2], [0, 10], [all, 4]),
    0x61,
    ...extra,
  ];
  const end64 = fields([0x06064b50, 4], [44, 8], [0, 12], [1, 8], [1, 8], [entry.length, 8]);
  const end64Start = body.length + entry.length;
  return Uint8Array.from([
    ...body,
    ...entry,
    ...end64,
    ...fields([body.length, 8]),
    ...fields([0x07064b50, 4], [0, 4], [end64Start, 8], [1, 4]),
    ...fields([0x06054b50, 4], [0, 4], [0xffff, 2], [0xffff, 2], [all, 4], [all, 4], [0, 2]),
  ]);
}

test("stored entries are views of the file", () => {
  const file = sample();
  const archive = open(file);
  expect(archive.names).toEqual(["a", "b"]);
  expect([...archive.read("a")]).toEqual([1, 2, 3]);
  expect(archive.read("b").buffer).toBe(file.buffer);
});

test("deflated entries are inflated, across pieces of input", () => {
  const data = Uint8Array.from({ length: 200_000 }, (_, i) => (i * i * 7919) >> 5);
  const file = Uint8Array.from(zipSync({ data }));
  expect(Buffer.compare(open(file).read("data"), data)).toBe(0);
});

test("64-bit sizes and offsets are read", () => {
  expect([...open(sample64([5, 6, 7])).read("a")]).toEqual([5, 6, 7]);
});

test("a comment at the end is skipped", () => {
  const file = new Uint8Array([...sample(), 0x21, 0x21]);
  expect(() => open(file)).toThrow(
    new CheckpointError(`zip: the archive has no central directory at its end${DAMAGED}`),
  );
  file[file.length - 4] = 2;
  expect(open(file).names).toEqual(["a", "b"]);
});

test("a truncated archive says so", () => {
  const file = sample();
  expect(() => open(file.slice(0, -1))).toThrow(
    new CheckpointError(`zip: the archive has no central directory at its end${DAMAGED}`),
  );
  expect(() => open(new Uint8Array(10))).toThrow(CheckpointError);
});

test("an entry must end before the next begins", () => {
  const file = sample();
  const view = new DataView(file.buffer);
  const directory = view.getUint32(file.length - 6, true);
  view.setUint32(directory + 20, 4, true);
  view.setUint32(directory + 24, 4, true);
  const next = view.getUint32(directory + 46 + 1 + 42, true);
  expect(() => open(file).read("a")).toThrow(
    new CheckpointError(
      `zip: entry "a" reaches past byte ${next}, where the next one begins${DAMAGED}`,
    ),
  );
  view.setUint32(directory + 42, 0xfffffffe, true);
  expect(() => open(file).read("a")).toThrow(
    new CheckpointError(`zip: entry "a" has no local header at byte 4294967294${DAMAGED}`),
  );
  view.setUint32(directory + 46 + 1 + 42, 0xffffffff, true);
  expect(() => open(file).read("a")).toThrow(CheckpointError);
});

test("two entries of one name, unknown methods, encryption and missing entries are refused", () => {
  const file = sample();
  const view = new DataView(file.buffer);
  const directory = view.getUint32(file.length - 6, true);
  view.setUint16(directory + 10, 12, true);
  expect(() => open(file).read("a")).toThrow(
    new CheckpointError(
      `zip: entry "a" uses compression method 12, not stored or deflate${DAMAGED}`,
    ),
  );
  view.setUint16(directory + 8, 1, true);
  expect(() => open(file).read("a")).toThrow('zip: entry "a" is encrypted');
  expect(() => open(file).read("c")).toThrow('zip: the archive has no entry "c"');
  file[directory + 46] = 0x62;
  expect(() => open(file)).toThrow('zip: the archive has the entry "b" twice');
});

test("a deflate bomb is stopped by the budget, or by the size it claims", () => {
  const zeros = new Uint8Array(3_000_000);
  const file = Uint8Array.from(zipSync({ zeros }));
  expect(Buffer.compare(open(file).read("zeros"), zeros)).toBe(0);
  const view = new DataView(file.buffer);
  const directory = view.getUint32(file.length - 6, true);
  view.setUint32(directory + 24, 1000, true);
  expect(() => open(file).read("zeros")).toThrow(
    new CheckpointError(`zip: entry "zeros" inflates to more than 1000 bytes${DAMAGED}`),
  );
  view.setUint32(directory + 24, 4_000_000, true);
  expect(() => open(file).read("zeros")).toThrow(
    'zip: entry "zeros" inflates to 3000000 bytes, not 4000000',
  );
  view.setUint32(directory + 24, 0xf0000000, true);
  const budget = 64 * file.length + 2 ** 26;
  expect(() => open(file).read("zeros")).toThrow(
    new CheckpointError(
      'checkpoint: the deflated entry "zeros" needs 4026531840 bytes, ' +
        "more than a file of this size may ask for\n" +
        `  budget  ${budget} bytes in all, ${budget} left${DAMAGED}`,
    ),
  );
});
