// Matrices that a subgroup multiplies as one, on the units that GPUs have for it. WebGPU has them as
// an experiment of Dawn's, `chromium-experimental-subgroup-matrix`; which sizes there are only the
// adapter tells, so that a `Gpu` has to be told.

/** An entry of `adapter.info.subgroupMatrixConfigs`: `[M, K] × [K, N]`. */
export interface SubgroupMatrixConfig {
  /** Of the operands: `f16`, … */
  readonly componentType: string;
  /** Of the sum. */
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** Matrices of f16 with sums in f32. */
export interface MatrixShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Invocations of a subgroup. */
  readonly lanes: number;
  /** The device's limits on a workgroup that multiplies them. */
  readonly maxInvocations: number;
  readonly maxWorkgroupBytes: number;
}

/** What a device must have been opened with. */
export const MATRIX_FEATURES = [
  "chromium-experimental-subgroup-matrix",
  "shader-f16",
  "subgroups",
] as const;

/**
 * The largest matrices of f16 with sums in f32, on a device whose subgroups have one size.
 *
 * @param configs of the adapter: the device's own `adapterInfo` lists none
 * @returns null where there are none
 */
export function matrixShape(
  device: Pick<GPUDevice, "features" | "adapterInfo" | "limits">,
  configs: readonly SubgroupMatrixConfig[],
): MatrixShape | null {
  if (MATRIX_FEATURES.some((name) => !device.features.has(name))) return null;
  const { subgroupMinSize: lanes, subgroupMaxSize } = device.adapterInfo;
  if (lanes === undefined || lanes !== subgroupMaxSize) return null;
  const [largest] = configs
    .filter((c) => c.componentType === "f16" && c.resultComponentType === "f32")
    .sort((a, b) => b.M * b.N * b.K - a.M * a.N * a.K);
  if (largest === undefined) return null;
  const { M: m, N: n, K: k } = largest;
  const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize } = device.limits;
  return {
    m,
    n,
    k,
    lanes,
    maxInvocations: maxComputeInvocationsPerWorkgroup,
    maxWorkgroupBytes: maxComputeWorkgroupStorageSize,
  };
}
