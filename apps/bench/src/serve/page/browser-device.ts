import type { Gpu } from "@fauxgrad/kernels";
import type { BrowserDevice } from "../../../../../tools/adapter/browser-device.ts";
import { hasCpuClock } from "../../measure/cost.ts";
import type { Environment } from "../../report/report.ts";

export {
  type BrowserDevice,
  NoWebGpuError,
  openBrowserDevice,
} from "../../../../../tools/adapter/browser-device.ts";

/** What a report says of the visitor's machine, as far as the browser tells. */
export function browserEnvironment({ name, software }: BrowserDevice, gpu: Gpu): Environment {
  return {
    device: name,
    backend: "the browser's",
    software,
    node: null,
    browser: navigator.userAgent,
    cpuClock: hasCpuClock,
    platform: navigator.platform || "unknown platform",
    cpu: "processor",
    cores: navigator.hardwareConcurrency,
    unsafe: false,
    defaultVariant: gpu.family,
    packages: {},
  };
}
