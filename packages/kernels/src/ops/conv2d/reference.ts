// The specification of conv2d: float64, plain loops over every product.

import type { Conv2dGeometry } from "./geometry.ts";

/** A float64 result with Σ|terms| of each element, which its f32 rounding errors grow with. */
export interface ConvReference {
  readonly data: Float64Array;
  readonly magnitude: Float64Array;
  readonly shape: number[];
}

/** Calls `visit` with the flat indices of input, weight and output of every product. */
export function forEachProduct(
  g: Conv2dGeometry,
  visit: (input: number, weight: number, output: number) => void,
): void {
  const groupIn = g.c / g.groups;
  const groupOut = g.o / g.groups;
  for (let n = 0; n < g.n; n++) {
    for (let y = 0; y < g.oh; y++) {
      for (let x = 0; x < g.ow; x++) {
        for (let kh = 0; kh < g.kh; kh++) {
          const iy = y * g.strideH + kh * g.dilationH - g.padTop;
          if (iy < 0 || iy >= g.h) continue;
          for (let kw = 0; kw < g.kw; kw++) {
            const ix = x * g.strideW + kw * g.dilationW - g.padLeft;
            if (ix < 0 || ix >= g.w) continue;
            for (let o = 0; o < g.o; o++) {
              const first = Math.floor(o / groupOut) * groupIn;
              for (let i = 0; i < groupIn; i++) {
                visit(
                  ((n * g.h + iy) * g.w + ix) * g.c + first + i,
                  ((kh * g.kw + kw) * groupIn + i) * g.o + o,
                  ((n * g.oh + y) * g.ow + x) * g.o + o,
                );
              }
            }
          }
        }
      }
    }
  }
}

function accumulate(
  shape: number[],
  g: Conv2dGeometry,
  term: (visit: (at: number, product: number) => void) => Parameters<typeof forEachProduct>[1],
): ConvReference {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = new Float64Array(size);
  const magnitude = new Float64Array(size);
  forEachProduct(
    g,
    term((at, product) => {
      data[at]! += product;
      magnitude[at]! += Math.abs(product);
    }),
  );
  return { data, magnitude, shape };
}

/** `output[n, y, x, o] = Σ input · weight (+ bias[o])`. */
export function conv2dReference(
  input: ArrayLike<number>,
  weight: ArrayLike<number>,
  g: Conv2dGeometry,
  bias: ArrayLike<number> | null = null,
): ConvReference {
  const result = accumulate([g.n, g.oh, g.ow, g.o], g, (add) => (i, w, o) => {
    add(o, input[i]! * weight[w]!);
  });
  if (bias !== null) {
    for (let at = 0; at < result.data.length; at++) {
      result.data[at]! += bias[at % g.o]!;
      result.magnitude[at]! += Math.abs(bias[at % g.o]!);
    }
  }
  return result;
}

/** `∂⟨gradOutput, output⟩ / ∂input`. */
export function conv2dGradInputReference(
  gradOutput: ArrayLike<number>,
  weight: ArrayLike<number>,
  g: Conv2dGeometry,
): ConvReference {
  return accumulate([g.n, g.h, g.w, g.c], g, (add) => (i, w, o) => {
    add(i, gradOutput[o]! * weight[w]!);
  });
}

/** `∂⟨gradOutput, output⟩ / ∂weight`. */
export function conv2dGradWeightReference(
  input: ArrayLike<number>,
  gradOutput: ArrayLike<number>,
  g: Conv2dGeometry,
): ConvReference {
  return accumulate([g.kh, g.kw, g.c / g.groups, g.o], g, (add) => (i, w, o) => {
    add(w, input[i]! * gradOutput[o]!);
  });
}
