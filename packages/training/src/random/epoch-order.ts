import { randomFor } from "./random-for.ts";

/**
 * How an epoch goes through the images.
 *
 * - `shuffle`: every image once, in a new order each epoch.
 * - `balanced`: as many draws as images, with replacement and weight 1 / count of the label, so
 *   that both classes come equally often (LGrad's `--class_bal`).
 * - `serial`: every image once, as listed.
 */
export type Sampling = "shuffle" | "balanced" | "serial";

/**
 * The images of one epoch: indices into `labels`, a function of the arguments alone.
 *
 * @param labels of all images; only `balanced` looks at them
 * @param epoch  counted from 0
 */
export function epochOrder(
  labels: ArrayLike<number>,
  sampling: Sampling,
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
): Uint32Array {
  const indices = Array.from({ length: labels.length }, (_, i) => i);
  if (sampling === "serial") return Uint32Array.from(indices);
  const random = randomFor(seed, "epoch", epoch);
  if (sampling === "shuffle") return Uint32Array.from(random.shuffle(indices));
  // A weight of 1 / count makes every class equally likely, and every image within its class.
  const classes = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  const members = classes.map((label) => indices.filter((i) => labels[i] === label));
  return Uint32Array.from(indices, () => {
    const drawn = members[random.integer(members.length)]!;
    return drawn[random.integer(drawn.length)]!;
  });
}

/**
 * Cuts an epoch into batches. The last one may be smaller; `dropLast` leaves it out.
 *
 * @throws {RangeError} if `batchSize` is no positive integer
 */
export function epochBatches(
  order: Uint32Array,
  batchSize: number,
  { dropLast = false }: { readonly dropLast?: boolean } = {},
): Uint32Array[] {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(
      `epochBatches: batchSize is ${batchSize}\nPass a whole number of images, at least 1.`,
    );
  }
  const batches: Uint32Array[] = [];
  const end = dropLast ? order.length - (order.length % batchSize) : order.length;
  for (let begin = 0; begin < end; begin += batchSize) {
    batches.push(order.subarray(begin, Math.min(begin + batchSize, end)));
  }
  return batches;
}
