/** Kinds of adapter that want different kernels. */
export type AdapterClass = "software" | "hardware";

const SOFTWARE = /llvmpipe|lavapipe|swiftshader|basic render|software rasterizer/i;

/**
 * Whether an adapter computes on the CPU. `isFallbackAdapter` alone does not tell: Dawn reports
 * Mesa's lavapipe as an ordinary adapter of type CPU.
 */
export function adapterClass(info: GPUAdapterInfo | undefined): AdapterClass {
  if (info === undefined) return "hardware";
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return info.isFallbackAdapter || SOFTWARE.test(names) ? "software" : "hardware";
}
