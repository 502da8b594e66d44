// WGSL is joined by concatenation: the order of module-scope declarations is free, so no linker is
// needed. Specialisation replaces the *value* of a named module-scope `const` or `alias`, on its
// own line, and nothing else: line numbers survive, and compile errors name the file.

import { KernelError } from "../errors.ts";

/** Values for the constants and aliases of a kernel. */
export type Constants = Readonly<Record<string, number | boolean | string>>;

/** WGSL by file name, joined in this order. */
export type Modules = Readonly<Record<string, string>>;

/** A program with the ranges of lines that came from each file. */
export interface Linked {
  readonly source: string;
  readonly files: readonly { readonly name: string; readonly firstLine: number }[];
}

function literal(type: string, value: number | boolean): string {
  if (type === "bool") return String(Boolean(value));
  if (type === "f32") return `f32(${Number(value)})`;
  return `${Number(value)}${type === "u32" ? "u" : "i"}`;
}

function specialise(source: string, name: string, value: number | boolean | string) {
  if (typeof value === "string") {
    const alias = new RegExp(`^alias ${name} = [^;]+;`, "m");
    if (!alias.test(source)) return undefined;
    return source.replace(alias, `alias ${name} = ${value};`);
  }
  const constant = new RegExp(`^const ${name}: (\\w+) = [^;]+;`, "m");
  const type = constant.exec(source)?.[1];
  if (type === undefined) return undefined;
  return source.replace(constant, `const ${name}: ${type} = ${literal(type, value)};`);
}

/**
 * Joins modules and sets constants.
 *
 * @param immediates whether `params` are immediates: their declaration's line is replaced
 * @throws {KernelError} if no module declares one of the constants
 */
export function link(
  kernel: string,
  modules: Modules,
  constants: Constants,
  immediates: boolean,
): Linked {
  const texts = new Map(Object.entries(modules));
  for (const [name, value] of Object.entries(constants)) {
    let found = false;
    for (const [file, text] of texts) {
      const specialised = specialise(text, name, value);
      if (specialised === undefined) continue;
      texts.set(file, specialised);
      found = true;
    }
    if (!found) {
      throw new KernelError(`${kernel}: no const or alias named ${name} in ${[...texts.keys()]}`);
    }
  }
  const lines: string[] = immediates ? ["requires immediate_address_space;"] : [];
  const files: { name: string; firstLine: number }[] = [];
  for (const [name, text] of texts) {
    files.push({ name, firstLine: lines.length + 1 });
    lines.push(...text.split("\n"));
  }
  let source = lines.join("\n");
  if (immediates) {
    source = source.replace(PARAMS_LINE, "var<immediate> params: Params;");
  }
  return { source, files };
}

/** The one line a kernel file declares its parameters with. */
export const PARAMS_LINE = /^@group\(0\) @binding\(\d+\) var<uniform> params: Params;/m;

/** `file:line:column` of a position in the linked source. */
export function locate(linked: Linked, line: number, column: number): string {
  const file = linked.files.findLast((entry) => entry.firstLine <= line);
  return file === undefined
    ? `${line}:${column}`
    : `${file.name}:${line - file.firstLine + 1}:${column}`;
}

/** The text of a {@link KernelError}: place, message, three lines of source, constants in force. */
export function formatCompileError(
  kernel: string,
  linked: Linked,
  constants: Constants,
  messages: readonly GPUCompilationMessage[],
): string {
  const lines = linked.source.split("\n");
  const parts = messages
    .filter((message) => message.type === "error")
    .map((message) => {
      const at = message.lineNum;
      const excerpt = lines
        .slice(Math.max(0, at - 2), at + 1)
        .map((text, i) => `    ${Math.max(1, at - 1) + i === at ? ">" : " "} ${text}`)
        .join("\n");
      return `  ${locate(linked, at, message.linePos)}: ${message.message}\n${excerpt}`;
    });
  return (
    `${kernel}: the kernel does not compile\n${parts.join("\n")}\n` +
    `  constants  ${JSON.stringify(constants)}`
  );
}
