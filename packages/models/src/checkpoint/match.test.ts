import { expect, test } from "vitest";
import { CheckpointError } from "./errors.ts";
import { matchStateDict } from "./match.ts";

type Shapes = Readonly<Record<string, readonly number[]>>;

const MODEL: Shapes = {
  "conv.weight": [4, 3, 1, 1],
  "bn.weight": [4],
  "bn.num_batches_tracked": [],
  "fc.weight": [1, 4],
};

function match(file: Shapes, options?: Parameters<typeof matchStateDict>[2]) {
  const found = new Map(Object.entries(file).map(([name, shape]) => [name, { name, shape }]));
  return matchStateDict(new Map(Object.entries(MODEL)), found, options);
}

function prefixed(prefix: string): Shapes {
  return Object.fromEntries(Object.entries(MODEL).map(([name, shape]) => [prefix + name, shape]));
}

const ADVICE = "Choose the architecture and the resolution that the file was saved from.";

test("returns the file's tensors in the model's order", () => {
  const reversed = Object.fromEntries(Object.entries(MODEL).reverse());
  expect([...match(reversed).values()].map(({ name }) => name)).toEqual(Object.keys(MODEL));
});

test("lists everything that does not fit in one error", () => {
  expect(() =>
    match({ "bn.weight": [8], "fc.weight": [1, 4], "fc.bias": [1], "conv\n": [2, 2] }),
  ).toThrow(
    new CheckpointError(
      "checkpoint: the file's weights do not fit the model\n" +
        "  missing (1 of 4)\n    conv.weight  [4, 3, 1, 1]\n" +
        "  unexpected (2 of 4)\n    fc.bias  [1]\n    conv\\n  [2, 2]\n" +
        `  mis-shaped (1 of 4)\n    bn.weight  file [8], model [4]\n${ADVICE}`,
    ),
  );
});

test("num_batches_tracked may be missing, left over or of another shape", () => {
  const { "bn.num_batches_tracked": _, ...without } = MODEL;
  expect([...match(without).keys()]).toEqual(Object.keys(without));
  expect(match({ ...MODEL, "bn2.num_batches_tracked": [] }).size).toBe(4);
  expect([...match({ ...MODEL, "bn.num_batches_tracked": [1] }).keys()]).toEqual(
    Object.keys(without),
  );
});

test("names are optional or ignored only as far as the caller says", () => {
  const { "fc.weight": _, ...without } = MODEL;
  const isFc = (name: string) => name.startsWith("fc.");
  expect(match(without, { optional: isFc }).size).toBe(3);
  expect(() => match(without, { optional: (name) => name.startsWith("bn.") })).toThrow(
    "missing (1 of 4)",
  );
  const more = { ...MODEL, "fc.bias": [1], "head.bias": [1] };
  expect(match(more, { ignoreUnexpected: true }).size).toBe(4);
  expect(() => match(more, { ignoreUnexpected: isFc })).toThrow(
    "unexpected (1 of 6)\n    head.bias  [1]\n",
  );
});

test("long listings are cut", () => {
  const many = Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`extra${i}`, [i]]));
  expect(() => match({ ...MODEL, ...many })).toThrow("    extra9  [9]\n    … 3 more\n");
});

test("suggests the prefix that the file's names have", () => {
  expect(() => match({ ...prefixed("net.d."), "net.g.weight": [1] })).toThrow(
    'The file has every name with "net.d." in front: read it with { section: "net.d" }.',
  );
  const { "net.d.bn.num_batches_tracked": _counter, ...uncounted } = prefixed("net.d.");
  expect(() => match(uncounted)).toThrow('"net.d." in front');
  const { "net.d.bn.weight": _, ...incomplete } = prefixed("net.d.");
  expect(() => match(incomplete)).toThrow(ADVICE);
  expect(() => match({ ...prefixed("net.d."), "net.d.bn.weight": [5] })).toThrow(ADVICE);
});

test("suggests the prefix that the model's names have", () => {
  const found = new Map(Object.entries(MODEL).map(([name, shape]) => [name, { shape }]));
  expect(() => matchStateDict(new Map(Object.entries(prefixed("visual."))), found)).toThrow(
    "The model's names are the file's with \"visual.\" in front: rename them.",
  );
});
