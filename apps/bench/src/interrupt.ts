/** Of a process that Ctrl-C ended. */
const INTERRUPTED = 130;

/** What a bench hears of Ctrl-C, until it is disposed of. */
export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Listens for Ctrl-C: the first one aborts the signal, behind whose case the bench stops, the second
 * ends the process. Reports are saved whole behind every case, so that neither costs more than the
 * case that runs.
 *
 * @param end what else must end with the process
 */
export function onInterrupt(
  log: (text: string) => void,
  end: () => void = () => undefined,
): Interrupt {
  const controller = new AbortController();
  const hear = () => {
    if (controller.signal.aborted) {
      end();
      process.exit(INTERRUPTED);
    }
    process.exitCode = INTERRUPTED;
    log("\nStopping behind this case; once more to stop at once.");
    controller.abort();
  };
  process.on("SIGINT", hear);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off("SIGINT", hear);
    },
  };
}
