/*
 * The values of options. Commander calls these while it parses; what they throw is printed with the
 * option's name before it.
 */
import { InvalidArgumentError } from "commander";
import { nearest } from "./nearest.ts";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
};

/** `512MiB`, `2GiB`, `1.5GB`, or a number of bytes. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = UNITS[match?.[2]?.toLowerCase() ?? "?"];
  const bytes = Math.floor(Number(match?.[1]) * (unit ?? Number.NaN));
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new InvalidArgumentError("Write a size such as 512MiB or 2GiB.");
  }
  return bytes;
}

/** A whole number from 1. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text.trim()) || !Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError("Write a whole number from 1.");
  }
  return count;
}

/** A seed: a whole number from 0 to 2^32 - 1. */
export function parseSeed(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text.trim()) || seed >= 2 ** 32) {
    throw new InvalidArgumentError("Write a whole number from 0 to 4294967295.");
  }
  return seed;
}

/** One `key=value`, added to those before it. */
export function parseSetting(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf("=");
  const key = text.slice(0, Math.max(0, at)).trim();
  if (key === "") throw new InvalidArgumentError("Write key=value.");
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError(`"${key}" is set twice.`);
  return { ...before, [key]: text.slice(at + 1).trim() };
}

/** A number of 0 or more. */
export function parseNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number) || number < 0) {
    throw new InvalidArgumentError("Write a number from 0.");
  }
  return number;
}

/** A number above 0, such as a learning rate. */
export function parsePositive(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number) || number <= 0) {
    throw new InvalidArgumentError("Write a number above 0, such as 0.0005.");
  }
  return number;
}

/** A share or a probability from 0 to 1. */
export function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() === "" || !(share >= 0 && share <= 1)) {
    throw new InvalidArgumentError("Write a share from 0 to 1, such as 0.2.");
  }
  return share;
}

/** The confidence of an interval: between 0 and 1, neither of them. */
export function parseConfidence(text: string): number {
  const share = Number(text);
  if (text.trim() === "" || !(share > 0 && share < 1)) {
    throw new InvalidArgumentError("Write a share between 0 and 1, such as 0.95.");
  }
  return share;
}

/** `cars,horses` */
export function parseNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) throw new InvalidArgumentError("Write names with commas between.");
  return names;
}

/** One of many names; a wrong one is told the nearest, or `form` where none is near. */
export function parseOneOf(text: string, known: readonly string[], form: string): string {
  if (known.includes(text)) return text;
  const guess = nearest(text, known);
  throw new InvalidArgumentError(guess === null ? form : `Did you mean ${guess}?`);
}
