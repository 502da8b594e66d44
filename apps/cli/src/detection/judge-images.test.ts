import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import { DeviceError, ShapeError } from "@fauxgrad/tensor";
import { expect, test } from "vitest";
import type { Decoded } from "../io/decode-pool.ts";
import { ImageError } from "../io/image-error.ts";
import { type JudgeOptions, judgeImages } from "./judge-images.ts";

/** A picture whose width is its file's number; a file that begins with x cannot be decoded. */
async function* decode(files: Iterable<string>): AsyncGenerator<Decoded> {
  let index = 0;
  for (const file of files) {
    const source = { width: 1, height: 1 };
    yield file.startsWith("x")
      ? { index, file, error: new ImageError({ file, problem: "broken", remedy: "" }) }
      : { index, file, image: rgbImage(Number(file), 1), source };
    index += 1;
  }
}

async function run(files: readonly string[], options: Partial<JudgeOptions<number>> = {}) {
  const results: [number, number][] = [];
  const failures: [number, string][] = [];
  const batches: number[] = [];
  const judge: JudgeOptions<number>["judge"] = options.judge ?? (async (images) => widths(images));
  await judgeImages<number>(files, {
    pool: { decode },
    batchSize: 2,
    onResult: (index, result) => void results.push([index, result]),
    onFailure: (index, error) => void failures.push([index, error.message.split("\n")[0] ?? ""]),
    ...options,
    judge: (images) => {
      batches.push(images.length);
      return judge(images);
    },
  });
  return { results, failures, batches };
}

function widths(images: readonly RgbImage[]): number[] {
  return images.map(({ width }) => width);
}

test("results come in order, in batches; a file that fails is left out", async () => {
  const { results, failures, batches } = await run(["3", "x", "5", "7"]);
  expect(results).toEqual([
    [0, 3],
    [2, 5],
    [3, 7],
  ]);
  expect(failures).toEqual([[1, "x: broken"]]);
  expect(batches).toEqual([2, 1]);
});

test("an image that cannot be prepared, or that the network does not take, fails alone", async () => {
  const { results, failures, batches } = await run(["3", "9", "4", "1"], {
    prepare: async (image) => {
      if (image.width === 4) throw new RangeError("too plain");
      return image;
    },
    judge: async (images) => {
      if (images.some(({ width }) => width === 9)) throw new ShapeError("too large");
      return widths(images);
    },
  });
  expect(results).toEqual([
    [0, 3],
    [3, 1],
  ]);
  expect(failures).toEqual([
    [1, "too large"],
    [2, "too plain"],
  ]);
  expect(batches).toEqual([2, 1, 1, 1]);
});

test("a batch that the device does not hold is halved, and so are those after it", async () => {
  const sizes: number[] = [];
  const full = new DeviceError("out-of-memory", "full");
  const { results, batches } = await run(["1", "2", "3", "4", "5", "6", "7"], {
    batchSize: 4,
    judge: async (images) => {
      if (images.length > 2) throw full;
      return widths(images);
    },
    onSmallerBatch: (size) => void sizes.push(size),
  });
  expect(results.map(([, width]) => width)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(sizes).toEqual([2]);
  expect(batches).toEqual([4, 2, 2, 2, 1]);
  const judge = async (): Promise<number[]> => Promise.reject(full);
  await expect(run(["1"], { judge })).rejects.toBe(full);
});
