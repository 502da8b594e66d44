// A convolution's forward pass and its data gradient are the same sum over another grid.
//
// Forward: output pixel q takes source pixel q·stride − pad + t·dilation under tap t.
//
// Data gradient: input pixel i receives from output pixel y under tap t iff
// i = y·stride − pad + t·dilation. Split i by its remainder r modulo the stride, i = q·stride + r:
// a tap contributes iff stride divides r + pad − t·dilation, and then y = q + (r + pad − t·dilation) / stride.
// Within a class the contributing taps are an arithmetic progression, so each class is a stride-1
// correlation with some of the taps, and no tap is tried in vain (a stride of 2 has four classes).

import type { Conv2dGeometry } from "./geometry.ts";

/** One axis of a correlation; see `correlation.wgsl`. */
export interface CorrelationAxis {
  /** Grid size. */
  readonly q: number;
  readonly source: number;
  readonly out: number;
  readonly stride: number;
  /** Source position of tap 0 at q = 0. */
  readonly first: number;
  /** Source positions between taps. */
  readonly step: number;
  readonly taps: number;
  /** Row of the weight of tap 0, and the rows between taps. */
  readonly kernelFirst: number;
  readonly kernelStep: number;
  readonly outFirst: number;
  readonly outStep: number;
}

/** A correlation with its two axes. */
export interface Correlation {
  readonly n: number;
  readonly h: CorrelationAxis;
  readonly w: CorrelationAxis;
  readonly kernelW: number;
  readonly sourceC: number;
  readonly outC: number;
  readonly groups: number;
}

function forwardAxis(
  source: number,
  out: number,
  kernel: number,
  stride: number,
  pad: number,
  dilation: number,
): CorrelationAxis {
  return {
    q: out,
    source,
    out,
    stride,
    first: -pad,
    step: dilation,
    taps: kernel,
    kernelFirst: 0,
    kernelStep: 1,
    outFirst: 0,
    outStep: 1,
  };
}

/** The forward pass as one correlation. */
export function forwardCorrelation(g: Conv2dGeometry): Correlation {
  return {
    n: g.n,
    h: forwardAxis(g.h, g.oh, g.kh, g.strideH, g.padTop, g.dilationH),
    w: forwardAxis(g.w, g.ow, g.kw, g.strideW, g.padLeft, g.dilationW),
    kernelW: g.kw,
    sourceC: g.c,
    outC: g.o,
    groups: g.groups,
  };
}

/** The classes of one axis of the data gradient, by remainder. */
function gradInputAxes(
  size: number,
  gradSize: number,
  kernel: number,
  stride: number,
  pad: number,
  dilation: number,
): CorrelationAxis[] {
  const axes: CorrelationAxis[] = [];
  for (let r = 0; r < Math.min(stride, size); r++) {
    const contributing: number[] = [];
    for (let t = 0; t < kernel; t++) {
      if ((r + pad - t * dilation) % stride === 0) contributing.push(t);
    }
    const [kernelFirst = 0, second] = contributing;
    const kernelStep = second === undefined ? 1 : second - kernelFirst;
    axes.push({
      q: Math.ceil((size - r) / stride),
      source: gradSize,
      out: size,
      stride: 1,
      first: contributing.length === 0 ? 0 : (r + pad - kernelFirst * dilation) / stride,
      step: contributing.length < 2 ? 0 : (-kernelStep * dilation) / stride,
      taps: contributing.length,
      kernelFirst,
      kernelStep,
      outFirst: r,
      outStep: stride,
    });
  }
  return axes;
}

/** The data gradient as one correlation per class of input pixels; together they cover all. */
export function gradInputCorrelations(g: Conv2dGeometry): Correlation[] {
  const rows = gradInputAxes(g.h, g.oh, g.kh, g.strideH, g.padTop, g.dilationH);
  const columns = gradInputAxes(g.w, g.ow, g.kw, g.strideW, g.padLeft, g.dilationW);
  return rows.flatMap((h) =>
    columns.map((w) => ({
      n: g.n,
      h,
      w,
      kernelW: g.kw,
      sourceC: g.o,
      outC: g.c,
      groups: g.groups,
    })),
  );
}
