import { expect, test } from "vitest";
import { fileProblem, ImageError } from "./image-error.ts";

test("says file, problem, details and remedy, a line each", () => {
  const error = new ImageError({
    file: "a.png",
    problem: "it is blue",
    details: ["colour  blue", "size    1 x 1"],
    remedy: "Paint it.",
  });
  expect(error.message).toBe("a.png: it is blue\n  colour  blue\n  size    1 x 1\nPaint it.");
  expect(error).toMatchObject({ name: "ImageError", file: "a.png", problem: "it is blue" });
  expect(new ImageError({ file: "a.png", problem: "p", remedy: "R." }).message).toBe(
    "a.png: p\nR.",
  );
});

test.each([
  ["EACCES", "reading it is not permitted\nChange its permissions, or leave it out."],
  ["ENOTDIR", "a part of the path is not a folder\nCheck the path."],
  ["EMFILE", "too many files are open\nRaise the limit of open files (ulimit -n)."],
  ["EIO", "the file cannot be read\n  system  Error: EIO, open\nCheck the disk and the path."],
])("explains the system's %s", (code, expected) => {
  const cause = Object.assign(new Error(`${code}, open`), { code });
  const error = fileProblem("a.png", cause);
  expect(error.message).toBe(`a.png: ${expected}`);
  expect(error.cause).toBe(cause);
});
