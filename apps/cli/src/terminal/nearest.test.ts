import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

const NAMES = ["pggan", "stylegan", "stylegan2", "resnet50"];

test("the nearest name is found, and nothing where none is near", () => {
  expect(nearest("ppgan", NAMES)).toBe("pggan");
  expect(nearest("StyleGAN", NAMES)).toBe("stylegan");
  expect(nearest("stylegan3", NAMES)).toBe("stylegan");
  expect(nearest("resnet", NAMES)).toBe("resnet50");
  expect(nearest("vgg", NAMES)).toBeNull();
  expect(nearest("", NAMES)).toBeNull();
});
