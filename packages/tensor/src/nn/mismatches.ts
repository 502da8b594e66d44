import { formatShape, sameShape, UsageError } from "@fauxgrad/kernels";
import { type Buffer, Counter, type HostTensorLike, type Parameter } from "./parameter.ts";

/** How many names of a kind an error lists. */
const LISTED = 12;

type States = ReadonlyMap<string, Parameter | Buffer | Counter>;

/** @throws {UsageError} at the first name or shape that two modules do not share */
export function assertSameState(mine: States, theirs: States): void {
  const describe = (states: States, name: string) => {
    const shape = states.get(name)?.shape;
    return shape === undefined ? "nothing" : formatShape(shape);
  };
  for (const name of [...mine.keys(), ...theirs.keys()]) {
    const [here, source] = [describe(mine, name), describe(theirs, name)];
    if (here === source) continue;
    throw new UsageError(
      `copyFrom: the modules differ at ${name}\n  here    ${here}\n  source  ${source}\n` +
        "Copy between modules that were made with the same arguments.",
    );
  }
}

/**
 * Compares the tensors at hand with a module's state.
 *
 * @throws {UsageError} with all that does not fit: shapes and element types, and, if `strict`,
 *   names
 */
export function mismatches(
  states: States,
  tensors: ReadonlyMap<string, HostTensorLike>,
  strict: boolean,
): { missing: string[]; unexpected: string[] } {
  const missing = [...states]
    .filter(([name, state]) => !tensors.has(name) && !(state instanceof Counter))
    .map(([name]) => name);
  const unexpected = [...tensors.keys()].filter((name) => !states.has(name));
  const unfit = [...tensors].flatMap(([name, tensor]) => {
    const state = states.get(name);
    return state === undefined ? [] : unfitness(name, tensor, state);
  });
  const refused = strict ? missing.length + unexpected.length : 0;
  if (refused + unfit.length > 0) {
    throw new UsageError(
      `load: the tensors do not fit the module${sizes(missing, unexpected, unfit)}\n` +
        [
          ...(strict ? list("missing", missing) : []),
          ...(strict ? list("unexpected", unexpected) : []),
          ...list("mis-shaped", unfit),
        ].join("\n") +
        "\nCheck that the file belongs to this network" +
        (strict ? ", or pass { strict: false }." : "."),
    );
  }
  return { missing, unexpected };
}

function sizes(missing: string[], unexpected: string[], unfit: string[]): string {
  return `: ${missing.length} missing, ${unexpected.length} unexpected, ${unfit.length} mis-shaped`;
}

function unfitness(
  name: string,
  { dtype, shape, data }: HostTensorLike,
  state: Parameter | Buffer | Counter,
): string[] {
  if (!sameShape(shape, state.shape)) {
    return [`${name}: ${formatShape(shape)}, expected ${formatShape(state.shape)}`];
  }
  if (dtype === "float16" || dtype === "bfloat16") {
    return [`${name}: ${dtype}, convert it to float32`];
  }
  const size = state instanceof Counter ? 1 : state.size;
  return data.length === size ? [] : [`${name}: ${data.length} values for ${formatShape(shape)}`];
}

function list(kind: string, names: readonly string[]): string[] {
  const more = names.length > LISTED ? [`  … ${names.length - LISTED} more`] : [];
  return [...names.slice(0, LISTED).map((name) => `  ${kind}  ${name}`), ...more];
}
