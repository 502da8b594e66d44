/// <reference types="vite/client" />

// The contract between every WGSL file and its `defineKernel`: binding names, order and access,
// the fields of Params with their types, and every constant declared exactly once. Held here for
// all kernels, so that no comment has to say "keep in sync".

import { expect, test } from "vitest";
import type { KernelDefinition } from "./kernel.ts";
import type { Constants } from "./link.ts";
import type { Access } from "./pipelines.ts";

type Definition = KernelDefinition<Record<string, Access>, Record<string, "u32">, Constants>;

const modules = import.meta.glob<Record<string, unknown>>(["../ops/*/*.ts", "!**/*.test.ts"], {
  eager: true,
});

function* kernelsIn(value: unknown, depth = 0): Generator<Definition> {
  if (typeof value !== "object" || value === null || depth > 1) return;
  if ("definition" in value && "dispatch" in value) yield value.definition as Definition;
  else for (const inner of Object.values(value)) yield* kernelsIn(inner, depth + 1);
}

const kernels = new Map<string, Definition>();
for (const exports of Object.values(modules)) {
  for (const value of Object.values(exports)) {
    for (const definition of kernelsIn(value)) kernels.set(definition.name, definition);
  }
}

const BINDING = /@binding\((\d+)\) var<(storage, read|storage, read_write|uniform)> (\w+)/g;

test.each([...kernels])("%s agrees with its WGSL", (_, definition) => {
  const source = Object.values(definition.modules).join("\n");
  const found = [...source.matchAll(BINDING)]
    .sort((a, b) => Number(a[1]) - Number(b[1]))
    .map(([, , space, name]) => [name, space]);
  const expected = Object.entries(definition.bindings).map(([name, access]) => [
    name,
    `storage, ${access}`,
  ]);
  const params = Object.entries(definition.params);
  if (params.length > 0) expected.push(["params", "uniform"]);
  expect(found).toEqual(expected);

  const fields = /struct Params \{([^}]*)\}/.exec(source)?.[1] ?? "";
  const declared = [...fields.replace(/\/\/.*$/gm, "").matchAll(/(\w+): (\w+)/g)];
  expect(declared.map(([, name, type]) => [name, type])).toEqual(params);

  for (const [name, value] of Object.entries(definition.constants)) {
    const keyword = typeof value === "string" ? "alias" : "const";
    expect(source.match(new RegExp(`^${keyword} ${name}\\b`, "gm")), name).toHaveLength(1);
  }
});

test("the kernels of every room are found", () => {
  expect(kernels.size).toBeGreaterThan(10);
});
