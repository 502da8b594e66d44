import { expect, test } from "vitest";
import { sniffFormat } from "./image-format.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test.each([
  ["\x89PNG\r\n\x1a\nIHDR", "png"],
  ["\xff\xd8\xff\xe0\0\x10JFIF", "jpeg"],
  ["RIFF\0\0\0\0WEBPVP8 ", "webp"],
  ["BM\x8a\0\0\0\0\0\0\0\x36\0\0\0", "bmp"],
  ["BM", "bmp"],
])("knows its formats by their first bytes: %j", (head, format) => {
  expect(sniffFormat(bytes(head))).toEqual({ format });
});

test.each([
  ["GIF89a\x01\0\x01\0", "GIF"],
  ["II*\0\x08\0\0\0", "TIFF"],
  ["\0\0\0\x20ftypavif\0\0\0\0", "AVIF"],
  ["\0\0\0\x20ftypheic\0\0\0\0", "HEIC"],
  ["\0\0\0\x0cJXL \r\n", "JPEG XL"],
  ["\0\0\0\x0cjP  \r\n", "JPEG 2000"],
  ["8BPS\0\x01", "Photoshop"],
  ["%PDF-1.7", "PDF"],
  ["  \n<svg xmlns=", "HTML, XML or SVG"],
  ["<!DOCTYPE html>", "HTML, XML or SVG"],
])("names formats that it does not decode: %j", (head, other) => {
  expect(sniffFormat(bytes(head))).toEqual({ other });
});

test.each([
  "",
  "BMW is a car",
  "RIFF\0\0\0\0WAVEfmt ",
  "\x89PNG\n\x1a\n",
  "\0\0\0\x20ftypisom",
  "hello",
])("does not guess: %j", (head) => {
  expect(sniffFormat(bytes(head))).toEqual({ other: null });
});
