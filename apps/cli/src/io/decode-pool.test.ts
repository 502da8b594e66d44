import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { resize } from "@fauxgrad/models/transforms";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleForTest } from "./bundle-for-test.ts";
import { decodeImage } from "./decode-image.ts";
import { type Decoded, DecodePool, isDecoded } from "./decode-pool.ts";
import { ImageError } from "./image-error.ts";

const PHOTOS = ["cat.jpg", "hawa-mahal.webp", "kingfisher.jpg", "red-panda.jpg"].map((name) =>
  fileURLToPath(new URL(`../../assets/photos/${name}`, import.meta.url)),
);
const SIZE = { width: 64, height: 48 };

let workerUrl: URL;
let folder = "";
beforeAll(async () => {
  workerUrl = await bundleForTest("decode-worker.ts");
  folder = await mkdtemp(path.join(tmpdir(), "fauxgrad-pool-"));
});
afterAll(async () => {
  await rm(workerUrl);
  await rm(folder, { recursive: true });
});

async function collect(results: AsyncIterable<Decoded>): Promise<Decoded[]> {
  const all: Decoded[] = [];
  for await (const result of results) all.push(result);
  return all;
}

const hash = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

test("decodes and resamples as the main thread does, in order", async () => {
  await using pool = new DecodePool({ workerUrl, threads: 2 });
  const results = await collect(pool.decode(PHOTOS, { size: SIZE, filter: "bicubic" }));
  expect(results.map(({ index, file }) => [index, file])).toEqual([...PHOTOS.entries()]);
  for (const result of results) {
    if (!isDecoded(result)) throw result.error;
    const expected = await decodeImage(result.file);
    expect(result.source).toEqual({ width: expected.width, height: expected.height });
    const resized = resize(expected, SIZE, "bicubic");
    expect(hash(result.image.data)).toBe(hash(resized.data));
  }
});

test("leaves images at their own size unless it is told one", async () => {
  await using pool = new DecodePool({ workerUrl, threads: 1 });
  const [result] = await collect(pool.decode(PHOTOS.slice(0, 1)));
  expect(result).toMatchObject({ image: { width: 640, height: 480 } });
});

test("keeps the order whatever a file takes, with errors in their places", async () => {
  const broken = path.join(folder, "broken.png");
  await writeFile(broken, "nonsense");
  const [large, , , small] = PHOTOS as [string, string, string, string];
  const files = [large, broken, small, path.join(folder, "missing.png"), large, broken, small];
  await using pool = new DecodePool({ workerUrl, threads: 3 });
  const results = await collect(pool.decode(files, { size: SIZE, prefetch: 4 }));
  expect(results.map(({ file }) => file)).toEqual(files);
  expect(results.map(isDecoded)).toEqual([true, false, true, false, true, false, true]);
  const errors = results.flatMap((result) => (isDecoded(result) ? [] : [result.error]));
  expect(errors.every((error) => error instanceof ImageError)).toBe(true);
  expect(errors[0]?.message).toBe(
    `${broken}: the content is no image that can be decoded
  bytes   8, beginning 6e 6f 6e 73 65 6e 73 65
  known   PNG, JPEG, WebP, BMP
Convert it to PNG, or leave it out.`,
  );
  expect(errors[1]?.problem).toBe("there is no such file or folder");
});

test("passes the pixel limit on", async () => {
  await using pool = new DecodePool({ workerUrl, threads: 1 });
  const [result] = await collect(pool.decode(PHOTOS.slice(0, 1), { maxPixels: 1000 }));
  expect(result).toMatchObject({
    error: { problem: "the image has 307200 pixels, more than the limit of 1000" },
  });
});

test("reads at most `prefetch` files ahead", async () => {
  let taken = 0;
  const files = function* () {
    for (let i = 0; i < 12; i += 1) {
      taken += 1;
      yield PHOTOS[0]!;
    }
  };
  await using pool = new DecodePool({ workerUrl, threads: 1 });
  let read = 0;
  for await (const _ of pool.decode(files(), { size: SIZE, prefetch: 3 })) {
    read += 1;
    expect(taken - read).toBeLessThanOrEqual(2);
  }
  expect([read, taken]).toEqual([12, 12]);
});

test("a reader that leaves early withdraws what waits, and the pool goes on", async () => {
  await using pool = new DecodePool({ workerUrl, threads: 1 });
  for await (const { index } of pool.decode(PHOTOS, { size: SIZE, prefetch: 4 })) {
    if (index === 0) break;
  }
  const results = await collect(pool.decode(PHOTOS.slice(1), { size: SIZE }));
  expect(results.map(isDecoded)).toEqual([true, true, true]);
});

test("what an early leaver withdrew is never decoded", async () => {
  const counting = path.join(folder, "counting-worker.mjs");
  await writeFile(
    counting,
    `import { parentPort } from "node:worker_threads";
     let count = 0;
     parentPort.on("message", ({ type }) => {
       if (type === "close") parentPort.close();
       else parentPort.postMessage({ type: "image", image: (count += 1), source: null });
     });`,
  );
  await using pool = new DecodePool({ workerUrl: new URL(`file://${counting}`), threads: 1 });
  const many = Array.from({ length: 50 }, (_, i) => `${i}`);
  for await (const { index } of pool.decode(many, { prefetch: 50 })) if (index === 0) break;
  const [result] = await collect(pool.decode(["last"]));
  // The first, the ones that the thread took before the loop ended, and this one.
  expect(Number(result !== undefined && isDecoded(result) && result.image)).toBeLessThan(10);
});

test("ends with the signal's reason, even in the middle of a file", async () => {
  await using pool = new DecodePool({ workerUrl, threads: 1 });
  const abort = new AbortController();
  const reason = new Error("Ctrl-C");
  const many = Array.from({ length: 100 }, () => PHOTOS[0]!);
  let read = 0;
  const reading = (async () => {
    for await (const _ of pool.decode(many, { size: SIZE, signal: abort.signal })) {
      read += 1;
      if (read === 2) setImmediate(() => abort.abort(reason));
    }
  })();
  await expect(reading).rejects.toBe(reason);
  expect(read).toBeLessThan(100);
});

test("answers what still waits when it is closed, and takes nothing more", async () => {
  const pool = new DecodePool({ workerUrl, threads: 1 });
  const results = pool.decode(PHOTOS, { size: SIZE, prefetch: 4 });
  expect(isDecoded((await results.next()).value as Decoded)).toBe(true);
  await pool.close();
  const rest = await collect(results);
  expect(rest).toHaveLength(3);
  expect(rest.at(-1)).toMatchObject({ error: { problem: "decoding was cut off" } });
  await expect(pool.decode(PHOTOS).next()).rejects.toThrow(
    "DecodePool: it is closed\nMake a new one.",
  );
});

test("a thread that dies costs its image, and another one takes over", async () => {
  const dying = path.join(folder, "dying-worker.mjs");
  await writeFile(
    dying,
    `import { parentPort } from "node:worker_threads";
     parentPort.on("message", ({ type, file }) => {
       if (type === "close") parentPort.close();
       else if (file === "bad") throw new Error("out of memory");
       else parentPort.postMessage({ type: "image", image: file, source: null });
     });`,
  );
  await using pool = new DecodePool({ workerUrl: new URL(`file://${dying}`), threads: 1 });
  const results = await collect(pool.decode(["a", "bad", "b"]));
  expect(results.map(isDecoded)).toEqual([true, false, true]);
  expect(results[1]).toMatchObject({
    error: {
      message: `bad: decoding was cut off
  cause   out of memory
Try it again alone; if it fails again, shrink the image or leave it out.`,
    },
  });
});

test("refuses to begin without its worker, or without threads", () => {
  const missing = new URL("file:///nowhere/decode-worker.js");
  expect(() => new DecodePool({ workerUrl: missing })).toThrow(
    `DecodePool: the bundle of its worker is missing
  worker  file:///nowhere/decode-worker.js
Build the program (npm run build), or pass workerUrl.`,
  );
  expect(() => new DecodePool({ workerUrl, threads: 0 })).toThrow(
    "DecodePool: threads is 0\nPass a whole number from 1.",
  );
});
