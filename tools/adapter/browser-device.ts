// The device that a browser offers to a page.

import { adapterClass } from "@fauxgrad/kernels";

/** The visitor's device. */
export interface BrowserDevice {
  readonly device: GPUDevice;
  /** The adapter's own words. */
  readonly name: string;
  readonly software: boolean;
}

/** No WebGPU; the message says what to do about it. */
export class NoWebGpuError extends Error {
  override readonly name = "NoWebGpuError";
}

const FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16", "subgroups"];
/** Without these a batch of large images does not fit; with more, some browsers refuse. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
] as const;

/**
 * Opens the device that the browser offers.
 *
 * @throws {NoWebGpuError} saying whether the browser or the adapter is missing
 */
export async function openBrowserDevice(): Promise<BrowserDevice> {
  const { gpu } = navigator as { readonly gpu?: GPU };
  if (gpu === undefined) {
    throw new NoWebGpuError(
      globalThis.isSecureContext
        ? "This browser has no WebGPU.\nUse Chrome or Edge from 113 on, Safari from 26 on, or " +
            "Firefox from 141 on; on Linux, Chrome may want the flag --enable-unsafe-webgpu."
        : "Browsers offer WebGPU to secure pages only, and this one came over plain HTTP.\n" +
            "Open it as http://localhost or over HTTPS.",
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) {
    throw new NoWebGpuError(
      "This browser knows WebGPU, but found no adapter for it.\nSwitch hardware acceleration on, " +
        "and look at chrome://gpu for the reason.",
    );
  }
  const device = await adapter.requestDevice({
    requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
  });
  const { vendor, architecture, description } = adapter.info;
  const name = description || [vendor, architecture].filter((part) => part !== "").join(" ");
  const software = adapterClass(adapter.info) === "software";
  return { device, name: name || "an adapter without a name", software };
}
