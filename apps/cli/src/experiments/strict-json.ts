/*
 * Reads JSON that people write: everything is checked, nothing unknown is let through, and an error
 * names the file and the place in it, `$.rows[2].model`.
 */
import { FileError } from "../terminal/errors.ts";
import { nearest } from "../terminal/nearest.ts";

/** A value and its place in a file. */
export class JsonPlace {
  readonly #file: string;
  readonly #path: string;
  readonly value: unknown;

  constructor(file: string, path: string, value: unknown) {
    this.#file = file;
    this.#path = path;
    this.value = value;
  }

  /** An error about this place. */
  error(problem: string, remedy: string): FileError {
    return new FileError(`${this.#file}: ${this.#path} ${problem}\n${remedy}`);
  }

  /**
   * The fields of an object that has all of `required`, and nothing but those and `optional`.
   *
   * @throws {FileError} if it has not
   */
  object<Required extends string, Optional extends string = never>(
    required: readonly Required[],
    optional: readonly Optional[] = [],
  ): Readonly<Record<Required, JsonPlace> & Partial<Record<Optional, JsonPlace>>> {
    const fields = new Map(this.entries());
    const known: readonly string[] = [...required, ...optional];
    for (const [name, place] of fields) {
      if (known.includes(name)) continue;
      const guess = nearest(name, known);
      throw place.error(
        "is no field that is known here",
        guess === null ? `Known are ${known.join(", ")}.` : `Did you mean ${guess}?`,
      );
    }
    const missing = required.filter((name) => !fields.has(name));
    if (missing.length > 0) throw this.error(`lacks ${missing.join(", ")}`, "Add it.");
    return Object.fromEntries(fields) as Record<Required, JsonPlace> &
      Partial<Record<Optional, JsonPlace>>;
  }

  /** Names and values of an object. @throws {FileError} if it is none */
  entries(): [string, JsonPlace][] {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.#wrong("an object");
    }
    return Object.entries(value).map(([name, each]) => [
      name,
      new JsonPlace(this.#file, `${this.#path}${step(name)}`, each),
    ]);
  }

  /** @throws {FileError} if it is no array */
  array(): JsonPlace[] {
    if (!Array.isArray(this.value)) throw this.#wrong("an array");
    return this.value.map((each, i) => new JsonPlace(this.#file, `${this.#path}[${i}]`, each));
  }

  /** @throws {FileError} if it is no text, or an empty one */
  string(): string {
    const { value } = this;
    if (typeof value !== "string" || value === "") throw this.#wrong("a text");
    return value;
  }

  /** @throws {FileError} if it is none of these words */
  oneOf<Word extends string>(words: readonly Word[]): Word {
    const found = words.find((word) => word === this.value);
    if (found !== undefined) return found;
    const guess = typeof this.value === "string" ? nearest(this.value, words) : null;
    throw this.error(
      `is ${JSON.stringify(this.value)}`,
      guess === null ? `Write one of ${words.join(", ")}.` : `Did you mean ${guess}?`,
    );
  }

  /** A whole number. @throws {FileError} if it is none, or below `least` */
  integer(least: number): number {
    const { value } = this;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least) {
      throw this.#wrong(`a whole number from ${least}`);
    }
    return value;
  }

  /** A number above 0. @throws {FileError} if it is none */
  positive(): number {
    const { value } = this;
    if (typeof value !== "number" || !(value > 0)) throw this.#wrong("a number above 0");
    return value;
  }

  #wrong(wanted: string): FileError {
    return this.error(`is ${brief(this.value)}`, `Write ${wanted}.`);
  }
}

/**
 * Parses a file's text.
 *
 * @param file its name, for messages
 * @throws {FileError} if it is no JSON
 */
export function parseJson(file: string, text: string): JsonPlace {
  try {
    return new JsonPlace(file, "$", JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileError(`${file} is no JSON: ${reason}\nCorrect it.`, { cause });
  }
}

function step(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function brief(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" && value !== null ? "an object" : JSON.stringify(value);
}
