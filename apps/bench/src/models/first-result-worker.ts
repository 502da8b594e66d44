/*
 * A process from its start to the first result of a case, as a user sees it: `bench models
 * --start-up` runs it twice, with an empty shader cache and with the one that is left behind.
 */
import { Gpu } from "@fauxgrad/kernels";
import { openDevice } from "../../../../tools/adapter/open-device.ts";
import type { StartUp } from "../report/model-report.ts";
import { MODEL_CASES } from "./cases.ts";
import { startCase } from "./start.ts";

// Ctrl-C reaches the whole process group: the bench, which waits for this process, decides.
process.on("SIGINT", () => undefined);
const [wanted] = process.argv.slice(2);
const entry = MODEL_CASES.find(({ name }) => name === wanted);
if (entry === undefined) throw new Error(`no case ${wanted}`);

const { device } = await openDevice();
const gpu = new Gpu(device);
// Counted from the start of the process.
const openMs = performance.now();
const workload = startCase(gpu, entry);
await gpu.synchronize();
const madeAt = performance.now();
await workload.run();
await workload.result();
const firstAt = performance.now();
await workload.run();
await workload.result();
const report: StartUp = {
  openMs,
  weightsMs: madeAt - openMs,
  firstMs: firstAt - madeAt,
  secondMs: performance.now() - firstAt,
  totalMs: firstAt,
  pipelines: gpu.stats.pipelines,
};
// Dawn keeps the process alive as long as a device was open.
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit());
