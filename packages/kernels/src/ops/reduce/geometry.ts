import { ShapeError } from "../../errors.ts";
import { formatShape, normalizeAxis, numel, type Shape } from "../../shape.ts";

/** Neighbouring axes that are reduced together: `[outer, rows, columns] → [outer, columns]`. */
export interface Reduction {
  readonly outer: number;
  readonly rows: number;
  readonly columns: number;
}

/** A reduction over any axes as a sequence of reductions over one each. */
export interface ReduceGeometry {
  /** The result's shape. */
  readonly shape: Shape;
  /** In the order in which they are to be done. */
  readonly steps: readonly Reduction[];
  /** Elements that make up one of the result. */
  readonly terms: number;
}

/**
 * Resolves a reduction. Groups of neighbouring axes are reduced one after the other, the largest
 * first, so that what is left to read shrinks fastest.
 *
 * @param axes negative counts from the end; null for all
 * @param keepDims whether reduced axes stay, with size 1
 * @throws {ShapeError} if an axis is outside the shape, or named twice
 */
export function reduceGeometry(
  op: string,
  input: Shape,
  axes: readonly number[] | null,
  keepDims: boolean,
): ReduceGeometry {
  const reduced = reducedAxes(op, input, axes);
  const groups: { size: number; reduced: boolean }[] = [];
  for (const [axis, size] of input.entries()) {
    if (size === 1) continue;
    const last = groups.at(-1);
    const isReduced = reduced.has(axis);
    if (last?.reduced === isReduced) last.size *= size;
    else groups.push({ size, reduced: isReduced });
  }
  const steps: Reduction[] = [];
  const sizes = groups.map(({ size }) => size);
  const order = [...groups.keys()].filter((at) => groups[at]?.reduced);
  order.sort((a, b) => (groups[b]?.size ?? 0) - (groups[a]?.size ?? 0) || a - b);
  for (const at of order) {
    const rows = sizes[at] ?? 1;
    steps.push({ outer: numel(sizes.slice(0, at)), rows, columns: numel(sizes.slice(at + 1)) });
    sizes[at] = 1;
  }
  const shape = input.flatMap((size, axis) => {
    if (!reduced.has(axis)) return [size];
    return keepDims ? [1] : [];
  });
  return { shape, steps, terms: numel(input) / numel(shape) };
}

function reducedAxes(op: string, input: Shape, axes: readonly number[] | null): Set<number> {
  if (axes === null) return new Set(input.keys());
  const reduced = new Set<number>();
  for (const axis of axes) {
    const normalized = normalizeAxis(op, axis, input.length);
    if (reduced.has(normalized)) {
      throw new ShapeError(
        `${op}: axis ${axis} is named twice in [${axes.join(", ")}]\n` +
          `  input  ${formatShape(input)}`,
      );
    }
    reduced.add(normalized);
  }
  return reduced;
}

/** How one dispatch covers a {@link Reduction}. */
export interface ReducePlan {
  /** Width of a row; for `columns = 1` a contiguous run is cut into rows of this width. */
  readonly columns: number;
  readonly rowsPerSlab: number;
  readonly slabs: number;
  /** Elements of one `outer`. */
  readonly limit: number;
  /** What remains to be reduced afterwards, in order. */
  readonly rest: readonly Reduction[];
}

/** Rows that one invocation takes without being split into slabs. */
const ROWS_UNSPLIT = 64;
/** Rows of a slab, at least. */
const ROWS_PER_SLAB = 32;
/** Invocations that keep a GPU busy; on a CPU they cost little. */
const BUSY = 8192;
/** Runs up to this long are reduced by one invocation. */
const RUN_UNSPLIT = 32;

/** The first dispatch of a reduction, and what it leaves. */
export function planReduction({ outer, rows, columns }: Reduction): ReducePlan {
  const limit = rows * columns;
  if (columns === 1 && rows > RUN_UNSPLIT) {
    const width = runWidth(rows);
    const plan = slabs(outer, Math.ceil(rows / width), width, limit);
    return { ...plan, rest: [...plan.rest, { outer, rows: width, columns: 1 }] };
  }
  if (columns % 4 !== 0 && rows % 4 === 0 && rows > ROWS_UNSPLIT) {
    // Four rows side by side make whole vectors of an odd number of columns.
    const plan = slabs(outer, rows / 4, columns * 4, limit);
    return { ...plan, rest: [...plan.rest, { outer, rows: 4, columns }] };
  }
  return slabs(outer, rows, columns, limit);
}

/** About the square root, so that both stages are short. */
function runWidth(length: number): number {
  if (length >= 16_384) return 256;
  return length >= 1024 ? 64 : 16;
}

function slabs(outer: number, rows: number, columns: number, limit: number): ReducePlan {
  const vectors = columns % 4 === 0 && limit % 4 === 0 ? columns / 4 : columns;
  const useful = Math.ceil(BUSY / (outer * vectors));
  const wanted = rows <= ROWS_UNSPLIT ? 1 : Math.min(Math.ceil(rows / ROWS_PER_SLAB), useful);
  const rowsPerSlab = Math.ceil(rows / wanted);
  const count = Math.ceil(rows / rowsPerSlab);
  const rest = count > 1 ? [{ outer, rows: count, columns }] : [];
  return { columns, rowsPerSlab, slabs: count, limit, rest };
}
