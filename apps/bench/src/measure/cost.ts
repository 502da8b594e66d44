/** What some work took. */
export interface Cost {
  /** Wall time, in milliseconds. */
  readonly ms: number;
  /**
   * CPU time of the whole process, in milliseconds. On a software adapter that is the work itself,
   * whatever else the machine does meanwhile; on a GPU it is what the host pays.
   */
  readonly cpuMs: number;
}

/** Times `work` by both clocks. */
export async function costOf(work: () => void | Promise<void>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1000 };
}
