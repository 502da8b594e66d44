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

/** `|G| |g| |G|ᵀ`, `|B|ᵀ |d| |B|` and `|A|ᵀ |m| |A|` share this form: `M x Mᵀ` of a square `x`. */
function sandwich(m: readonly (readonly number[])[], x: readonly number[]): number[] {
  const size = Math.sqrt(x.length);
  const half = m.map((row) =>
    Array.from({ length: size }, (_, j) =>
      row.reduce((sum, v, i) => sum + v * x[i * size + j]!, 0),
    ),
  );
  return half.flatMap((columns) =>
    m.map((row) => row.reduce((sum, v, i) => sum + v * columns[i]!, 0)),
  );
}

const G = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, 0.5, 0.5],
  [0, 0, 1],
];
const B = [
  [1, 0, 1, 0],
  [0, 1, 1, 0],
  [0, 1, 1, 0],
  [0, 1, 0, 1],
];
const A = [
  [1, 1, 1, 0],
  [0, 1, 1, 1],
];

/**
 * What the rounding errors of Winograd's F(2×2, 3×3) are proportional to: the sums of its products
 * with every coefficient and operand replaced by its absolute value. It is larger than Σ|terms| of
 * the convolution, because the transforms add values that cancel afterwards.
 *
 * @param weightAt value of the kernel that slides over `source`, by row, column, input and output
 * @param g        the forward geometry of the pass: stride 1, 3×3
 */
export function winogradMagnitude(
  source: ArrayLike<number>,
  weightAt: (kh: number, kw: number, i: number, o: number) => number,
  g: Conv2dGeometry,
): Float64Array {
  const magnitude = new Float64Array(g.n * g.oh * g.ow * g.o);
  const kernels = Array.from({ length: g.c * g.o }, (_, at) => {
    const [i, o] = [Math.floor(at / g.o), at % g.o];
    const taps = Array.from({ length: 9 }, (_tap, k) =>
      Math.abs(weightAt(Math.floor(k / 3), k % 3, i, o)),
    );
    return sandwich(G, taps);
  });
  const sourceAt = (n: number, y: number, x: number, i: number): number => {
    const inside = y >= 0 && x >= 0 && y < g.h && x < g.w;
    return inside ? Math.abs(source[((n * g.h + y) * g.w + x) * g.c + i]!) : 0;
  };
  for (let n = 0; n < g.n; n++) {
    for (let y = 0; y < g.oh; y += 2) {
      for (let x = 0; x < g.ow; x += 2) {
        const products = Array.from({ length: g.o }, () => new Array<number>(16).fill(0));
        for (let i = 0; i < g.c; i++) {
          const patch = Array.from({ length: 16 }, (_, k) =>
            sourceAt(n, y - g.padTop + Math.floor(k / 4), x - g.padLeft + (k % 4), i),
          );
          const transformed = sandwich(B, patch);
          for (let o = 0; o < g.o; o++) {
            const kernel = kernels[i * g.o + o]!;
            for (let t = 0; t < 16; t++) products[o]![t]! += transformed[t]! * kernel[t]!;
          }
        }
        products.forEach((product, o) => {
          sandwich(A, product).forEach((value, k) => {
            const [py, px] = [y + Math.floor(k / 2), x + (k % 2)];
            if (py < g.oh && px < g.ow) magnitude[((n * g.oh + py) * g.ow + px) * g.o + o] = value;
          });
        });
      }
    }
  }
  return magnitude;
}
