import { noGrad, scope, Tensor } from "@fauxgrad/tensor";

/** Versions of the other sources that a set of arrays was derived from, by storage and name. */
const stamps = new WeakMap<object, Map<string, string>>();

/**
 * Tensors computed from frozen parameters, kept until one of these is written or freed: a folded
 * normalisation, a kernel in another form. `make` runs without recording.
 *
 * @param name    tells what is derived from the same sources
 * @param sources the first one's memory holds the results
 * @returns further handles, which belong to the scope around the call
 */
export function derived<const N extends readonly string[]>(
  name: string,
  sources: readonly [Tensor, ...Tensor[]],
  parts: N,
  make: () => Readonly<Record<N[number], Tensor>>,
): Record<N[number], Tensor> {
  const [{ data: holder }] = sources;
  const { storage } = holder;
  const known = stamps.get(storage) ?? new Map<string, string>();
  stamps.set(storage, known);
  const stamp = sources.map(({ data }) => data.storage.version).join(" ");
  const stale = known.has(name) && known.get(name) !== stamp;
  // Whatever else was derived is made anew as well.
  if (stale) storage.dropDerived();
  const key = (part: string) => `${name}/${part}`;
  if (parts.some((part) => storage.derived(key(part)) === undefined)) {
    const made = scope(() => noGrad(make));
    for (const part of parts as readonly N[number][]) {
      storage.keepDerived(key(part), made[part].data.retain());
      made[part].dispose();
    }
    known.set(name, stamp);
  }
  return Object.fromEntries(
    parts.map((part) => {
      const array = storage.derived(key(part));
      if (array === undefined) throw new Error(`${name}: ${part} was not derived`);
      // A captured step that finds it made is not to outlive what it was made from.
      array.gpu.pin(
        sources.map(({ data }) => data),
        array,
      );
      return [part, new Tensor(array.retain())];
    }),
  ) as Record<N[number], Tensor>;
}
