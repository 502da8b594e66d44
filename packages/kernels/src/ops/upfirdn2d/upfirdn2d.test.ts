import { dot, randomFloats } from "@fauxgrad/testing";
import { describe, test as plainTest } from "vitest";
import { Gpu, type KernelFamily } from "../../gpu/gpu.ts";
import { numel } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import { upfirdn2dAdjoint, upfirdn2dGeometry } from "./geometry.ts";
import * as reference from "./reference.ts";
import { upfirdn2d } from "./upfirdn2d.ts";

interface Case {
  readonly shape: readonly [number, number, number, number];
  readonly kernel: readonly [number, number];
  readonly up?: readonly [number, number];
  readonly down?: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
  readonly flipKernel?: boolean;
}

const ONES = [1, 1] as const;
const resolve = ({ up = ONES, down = ONES, padding, flipKernel = false }: Case) => ({
  up,
  down,
  padding,
  flipKernel,
});

async function run(gpu: Gpu, test: Case, seed: number) {
  const options = resolve(test);
  const geometry = upfirdn2dGeometry(test.shape, test.kernel, options);
  const adjoint = upfirdn2dAdjoint(geometry);
  const x = randomFloats(numel(test.shape), seed);
  const f = randomFloats(numel(test.kernel), seed + 1);
  const g = randomFloats(numel(geometry.output), seed + 2);
  const input = gpu.upload(x, test.shape);
  const kernel = gpu.upload(f, test.kernel);
  const gradOutput = gpu.upload(g, geometry.output);
  const output = upfirdn2d(gpu, input, kernel, geometry);
  const gradInput = upfirdn2d(gpu, gradOutput, kernel, adjoint);
  const [y, dx] = await Promise.all([output.read(), gradInput.read()]);
  for (const array of [input, kernel, gradOutput, output, gradInput]) array.dispose();
  const expected = reference.upfirdn2d(x, test.shape, f, test.kernel, options);
  return { geometry, adjoint, x, f, g, y, dx, expected };
}

// The authors' upfirdn2d (StyleGAN2-ADA, torch_utils/ops/upfirdn2d.py, _upfirdn2d_ref), restated:
// def ref(x, f, up, down, pad, flip):           # pad = left, right, top, bottom
//   N, C, H, W = x.shape; l, r, t, b = pad
//   x = F.pad(x.reshape(N, C, H, 1, W, 1), [0, up[1] - 1, 0, 0, 0, up[0] - 1])
//   x = F.pad(x.reshape(N, C, H * up[0], W * up[1]), [max(p, 0) for p in pad])
//   x = x[:, :, max(-t, 0):x.shape[2] - max(-b, 0), max(-l, 0):x.shape[3] - max(-r, 0)]
//   f = f if flip else f.flip([0, 1])
//   return F.conv2d(x, f[None, None].repeat(C, 1, 1, 1), groups=C)[:, :, ::down[0], ::down[1]]
// x = ((torch.arange(24.) * 7) % 11 - 5).reshape(1, 4, 3, 2).permute(0, 3, 1, 2)
// f = torch.arange(1., 13).reshape(3, 4)
// ref(x, f, (2, 3), (3, 2), (2, 1, -1, 3), False).permute(0, 2, 3, 1).flatten().tolist()
const RESAMPLED = [
  [24, 0, 12, 15, -28, 21, -6, -30, -8, -40, 20, -28, 72, -32, 64, 8, -40, 44, -56, 56],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
].flat();
// ref(x, f, (1, 1), (1, 1), (1, 2, 1, 1), True).permute(0, 2, 3, 1).flatten().tolist()
const BLURRED = [
  [-52, -4, -45, -6, -50, -16, 15, 27, 18, 22, -11, 33],
  [-12, -11, -13, -9, -22, 33, -12, 0, -14, 0, -16, 16],
].flat();

test("the reference and the kernels agree with the authors' implementation", async ({ gpu }) => {
  const x = Float32Array.from({ length: 24 }, (_, i) => ((i * 7) % 11) - 5);
  const f = Float32Array.from({ length: 12 }, (_, i) => i + 1);
  const shape = [1, 4, 3, 2] as const;
  const resample = { up: [2, 3], down: [3, 2], padding: [-1, 3, 2, 1] } as const;
  const blur = { up: ONES, down: ONES, padding: [1, 1, 1, 2], flipKernel: true } as const;
  const [input, kernel] = [gpu.upload(x, shape), gpu.upload(f, [3, 4])];
  for (const [options, expected] of [
    [resample, RESAMPLED],
    [blur, BLURRED],
  ] as const) {
    expect([...reference.upfirdn2d(x, shape, f, [3, 4], options).data]).toEqual(expected);
    const output = upfirdn2d(gpu, input, kernel, upfirdn2dGeometry(shape, [3, 4], options));
    expect([...(await output.read())]).toEqual(expected);
    output.dispose();
  }
  for (const array of [input, kernel]) array.dispose();
});

/** StyleGAN's blur; StyleGAN2's before a convolution and before the skip; sizes around the tiles. */
const BLURS: readonly Case[] = [
  { shape: [2, 8, 8, 8], kernel: [3, 3], padding: [1, 1, 1, 1] },
  { shape: [1, 31, 5, 4], kernel: [3, 3], padding: [1, 1, 1, 1] },
  { shape: [1, 32, 4, 4], kernel: [3, 3], padding: [1, 1, 1, 1] },
  { shape: [1, 33, 3, 3], kernel: [3, 3], padding: [1, 1, 1, 1] },
  { shape: [1, 8, 8, 8], kernel: [4, 4], padding: [2, 2, 2, 2] },
  { shape: [1, 9, 7, 5], kernel: [4, 4], padding: [1, 1, 1, 1] },
  { shape: [2, 1, 1, 4], kernel: [3, 3], padding: [1, 1, 1, 1] },
  { shape: [1, 6, 9, 4], kernel: [2, 5], padding: [2, -1, -2, 3], flipKernel: true },
  { shape: [1, 5, 5, 1], kernel: [1, 1], padding: [0, 0, 0, 0] },
];

const RESAMPLINGS: readonly Case[] = [
  { shape: [2, 8, 8, 4], kernel: [4, 4], down: [2, 2], padding: [1, 1, 1, 1] },
  { shape: [1, 5, 7, 4], kernel: [4, 4], up: [2, 2], padding: [2, 1, 2, 1] },
  { shape: [1, 6, 5, 3], kernel: [3, 4], up: [2, 3], down: [3, 2], padding: [-1, 3, 2, 1] },
  { shape: [1, 9, 4, 4], kernel: [7, 8], padding: [3, 3, 4, 3], flipKernel: true },
  { shape: [1, 3, 3, 2], kernel: [5, 6], up: [4, 5], padding: [2, 2, -3, 6] },
  { shape: [1, 13, 12, 4], kernel: [2, 2], up: ONES, down: [4, 3], padding: [0, -2, 1, 0] },
];

describe.each(["registers", "tiled"] as const)("on kernels: %s", (kernels: KernelFamily) => {
  test.for([...BLURS, ...RESAMPLINGS])(
    "%j matches, and so does its adjoint",
    async (shapes, { device }) => {
      const gpu = new Gpu(device, { kernels });
      const { adjoint, f, g, y, dx, expected, x } = await run(gpu, shapes, 11);
      gpu.destroy();
      const terms = numel(shapes.kernel);
      expect(y).toMatchReference(expected, { terms });
      const { output, ...options } = adjoint;
      const back = reference.upfirdn2d(g, adjoint.input, f, adjoint.kernel, options);
      expect(back.shape).toEqual(shapes.shape);
      expect(dx).toMatchReference(back, { terms });
      // ⟨A x, g⟩ = ⟨x, Aᵀ g⟩, in float64: the adjoint is one, whoever computes it.
      const magnitude = dot(expected.magnitude, g.map(Math.abs));
      const gap = Math.abs(dot(expected.data, g) - dot(x, back.data));
      expect(gap).toBeLessThanOrEqual(2 * terms * g.length * 2 ** -53 * magnitude);
    },
  );
});

test("the comparison sees one perturbed tap", async ({ gpu }) => {
  const shapes: Case = { shape: [1, 8, 8, 4], kernel: [3, 3], padding: [1, 1, 1, 1] };
  const { x, f, y } = await run(gpu, shapes, 5);
  const perturbed = f.with(4, f[4]! + 1e-5);
  const other = reference.upfirdn2d(x, shapes.shape, perturbed, [3, 3], resolve(shapes));
  expect(y).not.toMatchReference(other, { terms: 9 });
});

plainTest("refused sizes say what is wrong and what to do", () => {
  expect(() => upfirdn2dGeometry([1, 2, 8, 3], [4, 4])).toThrow(
    "upfirdn2d: the kernel exceeds the padded input [2, 8]\n" +
      "  input   [1, 2, 8, 3]\n  kernel  [4, 4]\nPad more, or use a smaller kernel.",
  );
  expect(() => upfirdn2dGeometry([1, 8, 8, 3], [9])).toThrow(
    "upfirdn2d: kernel has 1 axes, expected 2\n  kernel  [9]\n" +
      "Pass [KH, KW], shared by all channels.",
  );
  expect(() => upfirdn2dGeometry([1, 8, 8, 3], [3, 3], { up: 0 })).toThrow(
    "upfirdn2d: up = [0, 0] is out of range\nPass integers of at least 1.",
  );
  expect(() => upfirdn2dGeometry([1, 8, 8, 3], [3, 3], { padding: 0.5 })).toThrow(
    "upfirdn2d: padding [0.5, 0.5, 0.5, 0.5] is out of range\nPass integers.",
  );
});
