/** A convex loss of a point, and what Newton's method needs of it. */
export interface NewtonProblem<P> {
  readonly start: P;
  readonly lossAt: (point: P) => number;
  /** Newton's step there; null where there is none, as the curvature is 0. */
  readonly stepAt: (point: P) => P | null;
  /** `point + length · step` */
  readonly moved: (point: P, step: P, length: number) => P;
  /** Most steps. */
  readonly iterations: number;
}

/**
 * Newton's method with steps halved until the loss falls. It ends where rounding alone is left, or
 * no step exists.
 *
 * @see Boyd and Vandenberghe, "Convex Optimization", 2004, algorithm 9.5
 */
export function minimiseByNewton<P>(problem: NewtonProblem<P>): P {
  const { start, lossAt, stepAt, moved, iterations } = problem;
  let point = start;
  let loss = lossAt(point);
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    const step = stepAt(point);
    if (step === null) break;
    let length = 1;
    let next = moved(point, step, length);
    let nextLoss = lossAt(next);
    while (nextLoss > loss && length > 2 ** -30) {
      length /= 2;
      next = moved(point, step, length);
      nextLoss = lossAt(next);
    }
    // Rounding alone is left.
    if (nextLoss > loss) break;
    point = next;
    loss = nextLoss;
  }
  return point;
}
