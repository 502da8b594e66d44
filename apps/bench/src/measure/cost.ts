/** What some work took. */
export interface Cost {
  /** Wall time, in milliseconds. */
  readonly ms: number;
  /**
   * CPU time of the whole process, in milliseconds. On a software adapter that is the work itself,
   * whatever else the machine does meanwhile; on a GPU it is what the host pays. In a browser, which
   * does not tell, the wall time again.
   */
  readonly cpuMs: number;
}

/** Where the host tells CPU time: Node, and no browser. */
const host = (globalThis as { process?: Partial<NodeJS.Process> }).process;

/** Whether {@link costOf} knows CPU time. */
export const hasCpuClock = host?.cpuUsage !== undefined;

/** Times `work` by both clocks. */
export async function costOf(work: () => void | Promise<void>): Promise<Cost> {
  const cpu = host?.cpuUsage?.();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  const spent = host?.cpuUsage?.(cpu);
  return { ms, cpuMs: spent === undefined ? ms : (spent.user + spent.system) / 1000 };
}
