/*
 * Ctrl-C. The first signal asks the command to stop at the next safe point, which it reports; the
 * second ends the process at once. Either way unfinished files are removed, by atomic-write.ts.
 */
import { exitCodes, Interrupted } from "./errors.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const controller = new AbortController();

/** Aborted, with an {@link Interrupted} as its reason, by the first signal. */
export const interruption: AbortSignal = controller.signal;

/** Begins to listen; for the program's entry. */
export function listenForInterrupts(): void {
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitCodes.interrupted);
      controller.abort(new Interrupted(signal));
    });
  }
}

/**
 * The work's result, or a rejection with {@link Interrupted} as soon as a signal arrives. The work
 * itself goes on unobserved: the process is about to end.
 */
export async function untilInterrupted<T>(work: Promise<T>): Promise<T> {
  let interrupt = (): void => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = () => reject(interruption.reason);
    interruption.addEventListener("abort", interrupt, { once: true });
    if (interruption.aborted) interrupt();
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    interruption.removeEventListener("abort", interrupt);
  }
}
