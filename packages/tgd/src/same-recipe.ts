import type { TgdRecipe } from "./recipe.ts";
import { isRecord } from "./recipe-fields.ts";

/** How many fields a message lists. */
const LISTED = 5;

/**
 * A run goes on with the recipe that it began with; only its length may be another.
 *
 * @throws {RangeError} naming the fields that differ, with their values
 */
export function requireSameRecipe(saved: TgdRecipe, own: TgdRecipe): void {
  const before = fieldsOf({ ...saved, duration: null });
  const now = fieldsOf({ ...own, duration: null });
  const different = [...new Set([...before.keys(), ...now.keys()])].filter(
    (name) => before.get(name) !== now.get(name),
  );
  if (different.length === 0) return;
  const lines = different
    .slice(0, LISTED)
    .map((name) => `  ${name}  ${before.get(name) ?? "none"}, now ${now.get(name) ?? "none"}`);
  const more = different.length > LISTED ? `\n  … ${different.length - LISTED} more` : "";
  throw new RangeError(
    `TgdTrainer: the checkpoint was made with another recipe\n${lines.join("\n")}${more}\n` +
      "Resume with the recipe of the checkpoint, or begin another run with its weights.",
  );
}

/** Values by dotted names, as JSON. */
function fieldsOf(value: unknown, path = ""): Map<string, string> {
  if (!isRecord(value)) return new Map([[path, JSON.stringify(value)]]);
  return new Map(
    Object.entries(value).flatMap(([name, inner]) => [
      ...fieldsOf(inner, path === "" ? name : `${path}.${name}`),
    ]),
  );
}
