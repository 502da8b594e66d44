import { createRequire } from "node:module";
import { cpus } from "node:os";
import type { Gpu } from "@fauxgrad/kernels";
import type { DeviceInfo } from "../../../tools/adapter/open-device.ts";
import type { Environment } from "./report/report.ts";

/** What a report says of the machine and the software. */
export function environmentOf(info: DeviceInfo, gpu: Gpu, unsafe: boolean): Environment {
  const processors = cpus();
  const load = createRequire(import.meta.url);
  const { version } = load("webgpu/package.json") as { version: string };
  return {
    device: info.description || info.device,
    backend: info.backend,
    software: info.isSoftware,
    node: process.versions.node,
    browser: null,
    cpuClock: true,
    platform: `${process.platform} ${process.arch}`,
    cpu: processors[0]?.model ?? "unknown processor",
    cores: processors.length,
    unsafe,
    defaultVariant: gpu.family,
    packages: { webgpu: version },
  };
}
