/** What libraries made for browsers need to find in Node: our Dawn under the names of a page's. */
import { adapterClass, throttledWait, type Wait } from "@fauxgrad/kernels";
import { create, globals } from "webgpu";
import { dawnFlags } from "../../../../tools/adapter/open-device.ts";

/** The adapter that the peer will be given, and how to wait for it. */
export interface NodeWebgpu {
  readonly adapter: GPUAdapter;
  /** The same waiter as ours: polling at full speed would take a core from a software adapter. */
  readonly wait: Wait;
}

/**
 * Puts WebGPU on `globalThis`.
 *
 * @throws {Error} if there is no adapter
 */
export async function provideWebgpu(): Promise<NodeWebgpu> {
  const gpu = create(dawnFlags({ unsafe: process.env["FAUXGRAD_BENCH_UNSAFE"] === "1" }));
  Object.assign(globalThis, globals);
  // Node 21 has a navigator of its own, which cannot be assigned to.
  const value = { gpu, userAgent: "node" };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true });
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error("no WebGPU adapter");
  const isSoftware = adapterClass(adapter.info) === "software";
  return { adapter, wait: isSoftware ? throttledWait() : (promise) => promise };
}

/** The adapter's own words. */
export function adapterName({ info }: GPUAdapter): string {
  return info.description || info.device;
}

/** What the device reported since the last call: what is not valid is not computed, fast. */
export function errorsOf(device: GPUDevice): () => void {
  const errors: string[] = [];
  device.addEventListener("uncapturederror", (event) => {
    errors.push((event as GPUUncapturedErrorEvent).error.message);
  });
  return () => {
    const [problem] = errors.splice(0);
    if (problem !== undefined) throw new Error(problem);
  };
}
