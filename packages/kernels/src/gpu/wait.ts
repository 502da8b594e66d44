/**
 * dawn.node polls the device from `setImmediate` as fast as the event loop turns while any promise
 * is pending. On a software adapter that polling takes a whole core from the adapter itself: on
 * two cores, throughput halves. Sleeping 1 ms per turn gives 1.85 times the throughput there.
 *
 * The sleep blocks the JavaScript thread, so it is used for software adapters only.
 */
type Immediate = (callback: () => void) => unknown;

const immediate = (globalThis as { setImmediate?: Immediate }).setImmediate;
const SLEEP_MS = 1;

/** Waits for a promise of the device; see {@link throttledWait}. */
export type Wait = <T>(promise: Promise<T>) => Promise<T>;

/** Waits without any throttling: the browser's way, and the way for latency on real GPUs. */
export const plainWait: Wait = (promise) => promise;

/** Makes a waiter that polls about once a millisecond; the plain one where that is impossible. */
export function throttledWait(): Wait {
  if (immediate === undefined || typeof SharedArrayBuffer === "undefined") return plainWait;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let pending = 0;
  let ticking = false;
  const tick = () => {
    if (pending === 0) {
      ticking = false;
      return;
    }
    Atomics.wait(cell, 0, 0, SLEEP_MS);
    immediate(tick);
  };
  return async (promise) => {
    pending++;
    if (!ticking) {
      ticking = true;
      immediate(tick);
    }
    try {
      return await promise;
    } finally {
      pending--;
    }
  };
}
