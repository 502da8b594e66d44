// Plan: every candidate that a search may try computes the same as the reference does; which of them
// there are at a geometry; and that the shipped table names only what can be used.
import { randomFloats } from "@fauxgrad/testing";
import { Gpu } from "../../gpu/gpu.ts";
import { systemTuning } from "../../gpu/system-table.ts";
import { formatVariant, parseTuning, parseVariant } from "../../gpu/tuning.ts";
import { expect, test } from "../../test-gpu.ts";
import { eightsOfRows, fitsBroadcast, productVariant } from "./broadcast.ts";
import { type Conv2dPass, explainConv2d } from "./choice.ts";
import { conv2d, conv2dGradInput, conv2dGradWeight } from "./conv2d.ts";
import { conv2dGeometry } from "./geometry.ts";
import {
  conv2dGradInputReference,
  conv2dGradWeightReference,
  conv2dReference,
} from "./reference.ts";

const DENSE = conv2dGeometry([1, 9, 5, 36], [3, 3, 36, 40], { padding: 1 });
const DEPTHWISE = conv2dGeometry([2, 9, 11, 8], [3, 3, 1, 8], { padding: 1, groups: 8 });
const PASSES: readonly Conv2dPass[] = ["conv2d", "conv2dGradInput", "conv2dGradWeight"];

const timeout = 120_000;

test.for([
  ["3×3", DENSE],
  ["depthwise", DEPTHWISE],
] as const)(
  "every candidate computes the convolution: %s",
  { timeout },
  async ([, g], { device }) => {
    const input = randomFloats(g.n * g.h * g.w * g.c, 1);
    const weight = randomFloats((g.kh * g.kw * g.c * g.o) / g.groups, 2);
    const grad = randomFloats(g.n * g.oh * g.ow * g.o, 3);
    const references = {
      conv2d: conv2dReference(input, weight, g),
      conv2dGradInput: conv2dGradInputReference(grad, weight, g),
      conv2dGradWeight: conv2dGradWeightReference(input, grad, g),
    };
    const terms = {
      conv2d: (9 * g.c) / g.groups,
      conv2dGradInput: (9 * g.o) / g.groups,
      conv2dGradWeight: g.n * g.oh * g.ow,
    };
    const plain = new Gpu(device);
    for (const pass of PASSES) {
      const { op, candidates } = explainConv2d(plain, pass, g);
      const possible = candidates.filter(({ impossible }) => impossible === null);
      expect(possible.length).toBeGreaterThan(1);
      for (const { variant } of possible) {
        const text = formatVariant(variant);
        const gpu = new Gpu(device, { overrides: { [op]: text } });
        expect(explainConv2d(gpu, pass, g)).toMatchObject({ by: "override", variant });
        const x = gpu.upload(input, [g.n, g.h, g.w, g.c]);
        const w = gpu.upload(weight, [g.kh, g.kw, g.c / g.groups, g.o]);
        const dy = gpu.upload(grad, [g.n, g.oh, g.ow, g.o]);
        const output = {
          conv2d: () => conv2d(gpu, x, w, g),
          conv2dGradInput: () => conv2dGradInput(gpu, dy, w, g),
          conv2dGradWeight: () => conv2dGradWeight(gpu, x, dy, g),
        }[pass]();
        // Winograd's transforms add and halve: about three times the error.
        const factor = variant.name === "winograd" ? 3 : 1;
        expect(await output.read(), text).toMatchReference(references[pass], {
          terms: factor * (terms[pass] + 1),
        });
        gpu.destroy();
      }
    }
    plain.destroy();
  },
);

test("candidates say why they cannot be used", ({ device }) => {
  const gpu = new Gpu(device);
  const strided = conv2dGeometry([1, 8, 8, 8], [3, 3, 8, 8], { stride: 2, padding: 1 });
  const reasons = new Map(
    explainConv2d(gpu, "conv2d", strided).candidates.map(({ variant, impossible }) => {
      return [formatVariant(variant), impossible] as const;
    }),
  );
  expect(reasons.get("winograd")).toBe("it is for 3×3, stride 1, whole vec4s");
  expect(reasons.get("registers:TM8:TN2")).toBeNull();
  expect(reasons.get("grouped")).toBe("there is no grouped here");
  const forced = new Gpu(device, { overrides: { conv2d: "registers:TM5" } });
  expect(explainConv2d(forced, "conv2d", strided).why).toContain(
    "the override registers:TM5 does not apply: registers takes TM 1, 4, 8, 12, 16",
  );
  gpu.destroy();
  forced.destroy();
});

test("a family that was asked for comes without the shipped table", ({ device }) => {
  for (const kernels of ["registers", "tiled"] as const) {
    const gpu = new Gpu(device, { kernels });
    expect(gpu.tuning.isEmpty).toBe(true);
    gpu.destroy();
  }
});

test("lanes hand each other samples only where eight of them share a subgroup", () => {
  const variant = (family: string, subgroupLanes: number, rows: number) =>
    productVariant({ family, subgroupLanes } as Gpu, rows);
  expect(variant("registers", 8, 4)).toBe("broadcast");
  expect(variant("registers", 32, 100)).toBe("broadcast");
  expect(variant("registers", 4, 100)).toBe("registers");
  expect(variant("registers", 0, 100)).toBe("registers");
  expect(variant("registers", 8, 3)).toBe("registers"); // most of its rows would be idle
  expect(variant("tiled", 32, 100)).toBe("tiled");
  expect(fitsBroadcast({ subgroupLanes: 4 } as Gpu)).toBe(false);
});

test("a workgroup takes as many rows as leave few of them idle", () => {
  const rows = [4, 8, 9, 16, 17, 24, 25, 49, 196, 3136];
  expect(rows.map(eightsOfRows)).toEqual([1, 1, 2, 2, 3, 3, 2, 2, 3, 3]);
});

test("the shipped table is one, and names variants that there are", () => {
  expect(parseTuning(JSON.parse(JSON.stringify(systemTuning)), "the shipped table")).toEqual(
    systemTuning,
  );
  for (const { rows } of systemTuning.adapters) {
    for (const { variant, gain } of Object.values(rows)) {
      expect(parseVariant(variant), variant).not.toBeNull();
      expect(gain).toBeGreaterThanOrEqual(1.05);
    }
  }
});
