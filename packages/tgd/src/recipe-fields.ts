// Checks of plain data, one per kind of field. Each names the field, its value and what to pass.

/** Throws if the value at `path` is not what it should be. */
export type FieldCheck = (value: unknown, path: string) => void;

/** What a number must be. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  /** `min` itself is refused. */
  readonly above?: boolean;
  /** `max` itself is refused. */
  readonly below?: boolean;
}

function refuse(path: string, value: unknown, remedy: string): never {
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  const state = value === undefined ? "missing" : text;
  throw new RangeError(`recipe: ${path} is ${state}\n${remedy}`);
}

function rangeText({ min, max, above = false, below = false }: NumberRange): string {
  const low = min === undefined ? "" : `${above ? "above" : "of at least"} ${min}`;
  const high = max === undefined ? "" : `${below ? "below" : "of at most"} ${max}`;
  return [low, high].filter((text) => text !== "").join(" and ");
}

function isNumberIn({ min, max, above = false, below = false }: NumberRange, value: unknown) {
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  if (min !== undefined && (above ? value <= min : value < min)) return false;
  return max === undefined || (below ? value < max : value <= max);
}

/** A finite number in a range. */
export function numberField(range: NumberRange): FieldCheck {
  const remedy = `Pass a number ${rangeText(range)}.`;
  return (value, path) => {
    if (!isNumberIn(range, value)) refuse(path, value, remedy);
  };
}

/** A whole number in a range. */
export function integerField(range: NumberRange): FieldCheck {
  const remedy = `Pass a whole number ${rangeText(range)}.`;
  return (value, path) => {
    if (!Number.isSafeInteger(value) || !isNumberIn(range, value)) refuse(path, value, remedy);
  };
}

/** True or false. */
export const booleanField: FieldCheck = (value, path) => {
  if (typeof value !== "boolean") refuse(path, value, "Pass true or false.");
};

/** One of some values. */
export function choiceField(choices: readonly (string | number)[]): FieldCheck {
  const remedy = `Pass one of: ${choices.map((choice) => JSON.stringify(choice)).join(", ")}.`;
  return (value, path) => {
    if (!choices.includes(value as string | number)) refuse(path, value, remedy);
  };
}

/** A value that passes one check, or else must pass the other. */
export function wordOr(word: string, check: FieldCheck): FieldCheck {
  return (value, path) => {
    if (value === word) return;
    if (typeof value === "number") check(value, path);
    else refuse(path, value, `Pass ${JSON.stringify(word)} or a number.`);
  };
}

/** Null, or a value that passes. */
export function nullable(check: FieldCheck): FieldCheck {
  return (value, path) => {
    if (value !== null) check(value, path);
  };
}

/** `[from, to]`, both in a range, in this order; `isOpen` refuses the range's `max` as `from`. */
export function intervalField(range: NumberRange, isOpen = false): FieldCheck {
  const first = isOpen ? { ...range, below: true } : range;
  const start = isOpen ? `, the first below ${range.max}` : "";
  const remedy = `Pass [from, to]: numbers ${rangeText(range)}, in this order${start}.`;
  return (value, path) => {
    const [from, to, ...rest] = Array.isArray(value) ? value : [];
    const areNumbers = isNumberIn(first, from) && isNumberIn(range, to) && rest.length === 0;
    if (!areNumbers || from > to) refuse(path, value, remedy);
  };
}

/** Whole numbers of at least 1 that grow. */
export const growingList: FieldCheck = (value, path) => {
  const grows =
    Array.isArray(value) &&
    value.every((each, i) => Number.isSafeInteger(each) && each > (i === 0 ? 0 : value[i - 1]));
  if (!grows) refuse(path, value, "Pass whole numbers of at least 1, each above the one before.");
};

/** An object of exactly these fields. */
export function objectField(fields: Readonly<Record<string, FieldCheck>>): FieldCheck {
  const names = Object.keys(fields);
  return (value, path) => {
    if (!isRecord(value)) {
      refuse(path || "it", value, `Pass an object with the fields ${names.join(", ")}.`);
    }
    const at = (name: string) => (path === "" ? name : `${path}.${name}`);
    for (const [name, check] of Object.entries(fields)) check(value[name], at(name));
    const unknown = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
    if (unknown === undefined) return;
    throw new RangeError(
      `recipe: ${at(unknown)} is no field\nRemove it. The fields here are ${names.join(", ")}.`,
    );
  };
}

/** An object whose `kind` says which fields it has beside. */
export function kindField(
  kinds: Readonly<Record<string, Readonly<Record<string, FieldCheck>>>>,
): FieldCheck {
  const kind = choiceField(Object.keys(kinds));
  return (value, path) => {
    const found = isRecord(value) ? value["kind"] : undefined;
    kind(found, `${path}.kind`);
    objectField({ kind, ...kinds[found as string] })(value, path);
  };
}

/** An object of any fields, each a number, a truth value or a word. */
export const optionsField: FieldCheck = (value, path) => {
  if (!isRecord(value)) refuse(path, value, "Pass an object of the network's options.");
  for (const [name, option] of Object.entries(value)) {
    if (["number", "boolean", "string"].includes(typeof option)) continue;
    refuse(`${path}.${name}`, option, "Pass a number, true, false or a word.");
  }
};

/** Neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
