import { centerCrop, resize, rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import { fitImage, joinTiles } from "./fit-images.ts";

const photo = rgbImage(50, 40, img8(40, 50));
const square = { width: 16, height: 16 };

test("resize gives up the aspect ratio, center-crop takes the middle", () => {
  expect(fitImage(photo, 16, "resize").tiles).toEqual([
    { image: resize(photo, square), left: 0, top: 0 },
  ]);
  expect(fitImage(photo, 16, "resize", "bicubic").tiles[0]?.image).toEqual(
    resize(photo, square, "bicubic"),
  );
  expect(fitImage(photo, 16, "center-crop").tiles[0]?.image).toEqual(centerCrop(photo, square));
});

test("tiles cover the image from end to end, and joined they are the image", () => {
  const fitted = fitImage(photo, 16, "tile");
  const places = fitted.tiles.map(({ left, top }) => [left, top]);
  const columns = [0, 11, 23, 34];
  expect(places).toEqual([0, 12, 24].flatMap((top) => columns.map((left) => [left, top])));
  const joined = joinTiles(
    fitted,
    fitted.tiles.map(({ image }) => image),
  );
  expect(joined).toEqual(photo);
});

test("a side of exactly one tile has one; a small image is enlarged, its aspect ratio kept", () => {
  expect(fitImage(photo, 40, "tile").tiles.map(({ left, top }) => [left, top])).toEqual([
    [0, 0],
    [10, 0],
  ]);
  const large = fitImage(photo, 80, "tile");
  expect([large.width, large.height]).toEqual([100, 80]);
  const [cropped] = fitImage(photo, 80, "center-crop").tiles;
  expect(cropped?.image).toEqual(
    centerCrop(resize(photo, { width: 100, height: 80 }), { width: 80, height: 80 }),
  );
});
