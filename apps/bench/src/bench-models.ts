import { Gpu } from "@fauxgrad/kernels";
import { openDevice } from "../../../tools/adapter/open-device.ts";
import { environmentOf } from "./environment.ts";
import { onInterrupt } from "./interrupt.ts";
import { type ModelBench, runModels } from "./models/run-models.ts";
import { measureStartUp } from "./models/start-up.ts";
import type { ModelReport } from "./report/model-report.ts";

/** What `bench models` measures in Node. */
export interface NodeModelBench
  extends Pick<ModelBench, "cases" | "schedule" | "command" | "log" | "save"> {
  readonly unsafe: boolean;
  /** Path of the bundled `first-result-worker.ts`; null measures no start-up. */
  readonly startUpWorker: string | null;
}

/** Opens the device and measures; an interrupt stops behind the case that runs, and keeps the rest. */
export async function benchModels(bench: NodeModelBench): Promise<ModelReport> {
  const { unsafe, startUpWorker: worker, ...rest } = bench;
  const { device, info, close } = await openDevice({ unsafe });
  const gpu = new Gpu(device);
  using interrupt = onInterrupt(bench.log);
  try {
    return await runModels(gpu, {
      ...rest,
      environment: environmentOf(info, gpu, unsafe),
      signal: interrupt.signal,
      ...(worker === null ? {} : { startUp: (name: string) => measureStartUp(worker, name) }),
    });
  } finally {
    gpu.destroy();
    close();
  }
}
