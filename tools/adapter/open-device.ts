import { MATRIX_FEATURES, type SubgroupMatrixConfig } from "@fauxgrad/kernels";
import { create } from "webgpu";
import { ensureRuntimeDir, isSoftwareAdapter, remedy } from "./platform.mjs";

/** Options of {@link openDevice}. */
export interface DeviceOptions {
  /** Dawn's `vulkan`, `metal`, `d3d12`, `null`, … Default: FAUXGRAD_BACKEND, or Dawn's choice. */
  readonly backend?: string;
  /** Part of an adapter's name. Default: FAUXGRAD_ADAPTER, or the fastest. */
  readonly adapter?: string;
  /** Trade bounds checks and validation for speed; for kernels that the tests have passed. */
  readonly unsafe?: boolean;
  /** Insist on timestamp queries. */
  readonly profile?: boolean;
  /** Allow f16 where Dawn withholds it by default: NVIDIA on Vulkan. */
  readonly f16?: boolean;
  /** Subgroup matrices of f16, an experiment of Dawn's, where the adapter has them. */
  readonly matrices?: boolean;
}

/** What a report should say about the device it ran on. */
export interface DeviceInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly backend: string;
  /** The CPU computes: correct, but no measure of a GPU. */
  readonly isSoftware: boolean;
}

/** A device and what it came from. */
export interface OpenDevice {
  readonly device: GPUDevice;
  readonly adapter: GPUAdapter;
  readonly info: DeviceInfo;
  /** What a `Gpu` may be given; empty unless asked for, and where the adapter has none. */
  readonly matrices: readonly SubgroupMatrixConfig[];
  /** Destroys the device and its buffers. */
  close(): void;
}

/** No adapter, or not the one that was asked for. The message says what to install or change. */
export class AdapterError extends Error {
  override readonly name = "AdapterError";
}

/** Dawn lives as long as what `create` returns: one per set of flags, for the process's life. */
const instances = new Map<string, GPU>();

/** Used when present. The kernels have variants for adapters that lack them. */
const FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16", "subgroups"];

/** Without these Dawn withholds subgroup matrices, and f16 on NVIDIA. */
const MATRIX_TOGGLES = ["allow_unsafe_apis", "use_vulkan_memory_model"];
const F16_TOGGLES = ["vulkan_enable_f16_on_nvidia"];

/** Toggles that drop checks: out-of-bounds accesses then do what the hardware does. */
const UNSAFE_TOGGLES = [
  "disable_robustness",
  "disable_workgroup_init",
  "disable_polyfills_on_integer_div_and_mod",
  "skip_validation",
];

/**
 * Opens a WebGPU device in Node, with all that its adapter can do: every limit, and timestamps, f16
 * and subgroups where present. Timestamps are in real nanoseconds: Dawn's rounding to 65,536 ns,
 * meant for web pages, is off.
 *
 * @throws {AdapterError} if there is no adapter, with the remedy for this platform
 */
export async function openDevice(options: DeviceOptions = {}): Promise<OpenDevice> {
  const adapter = await requestAdapter(options);
  if (options.profile === true && !adapter.features.has("timestamp-query")) {
    const name = describe(adapter);
    throw new AdapterError(`${name} has no timestamp queries.\nProfile on another adapter.`);
  }
  const device = await adapter.requestDevice({
    requiredFeatures: featuresOf(adapter, options),
    requiredLimits: allLimits(adapter),
  });
  const { vendor, architecture, device: name, description } = adapter.info;
  const backend = chosenBackend(options) ?? defaultBackend();
  const isSoftware = isSoftwareAdapter(adapter.info);
  const info = { vendor, architecture, device: name, description, backend, isSoftware };
  const matrices = options.matrices === true ? matricesOf(adapter) : [];
  return { device, adapter, info, matrices, close: () => device.destroy() };
}

function featuresOf(adapter: GPUAdapter, { matrices }: DeviceOptions): GPUFeatureName[] {
  const wanted: readonly string[] = [...FEATURES, ...(matrices === true ? MATRIX_FEATURES : [])];
  const found = new Set(wanted.filter((name) => adapter.features.has(name)));
  // WebGPU's types do not know the experimental one.
  return [...found] as GPUFeatureName[];
}

/** Sizes of the adapter's matrices; the device's own list of them is empty. */
function matricesOf(adapter: GPUAdapter): readonly SubgroupMatrixConfig[] {
  const { subgroupMatrixConfigs = [] } = adapter.info as GPUAdapterInfo & {
    readonly subgroupMatrixConfigs?: readonly SubgroupMatrixConfig[];
  };
  return [...subgroupMatrixConfigs];
}

async function requestAdapter(options: DeviceOptions): Promise<GPUAdapter> {
  ensureRuntimeDir();
  const flags = dawnFlags(options);
  let adapter: GPUAdapter | null;
  try {
    adapter = await instanceFor(flags).requestAdapter({ powerPreference: "high-performance" });
  } catch (cause) {
    // Dawn lists the adapters, or the backends, that it would have known.
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new AdapterError(`WebGPU adapter ${wish(options)}: ${message}`, { cause });
  }
  if (adapter !== null) return adapter;
  if (wish(options) === "") throw new AdapterError(`No WebGPU adapter.\n${remedy()}`);
  throw new AdapterError(
    `No WebGPU adapter ${wish(options)}.\nChoose another, or let Dawn choose.`,
  );
}

function instanceFor(flags: readonly string[]): GPU {
  const key = flags.join(" ");
  const gpu = instances.get(key) ?? create([...flags]);
  instances.set(key, gpu);
  return gpu;
}

/** What `create` is told. */
export function dawnFlags(options: DeviceOptions): string[] {
  const flags = ["disable-dawn-features=timestamp_quantization"];
  const enabled = [
    ...(options.unsafe === true ? UNSAFE_TOGGLES : []),
    ...(options.matrices === true ? MATRIX_TOGGLES : []),
    ...(options.f16 === true || options.matrices === true ? F16_TOGGLES : []),
  ];
  if (enabled.length > 0) flags.push(`enable-dawn-features=${enabled.join(",")}`);
  const backend = chosenBackend(options);
  const adapter = chosenAdapter(options);
  if (backend !== undefined) flags.push(`backend=${backend}`);
  if (adapter !== undefined) flags.push(`adapter=${adapter}`);
  return flags;
}

function chosenBackend(options: DeviceOptions): string | undefined {
  const { FAUXGRAD_BACKEND } = process.env;
  return options.backend || FAUXGRAD_BACKEND || undefined;
}

function chosenAdapter(options: DeviceOptions): string | undefined {
  const { FAUXGRAD_ADAPTER } = process.env;
  return options.adapter || FAUXGRAD_ADAPTER || undefined;
}

/** Dawn does not say which backend an adapter has; without a wish it takes the platform's own. */
function defaultBackend(): string {
  if (process.platform === "darwin") return "metal";
  return process.platform === "win32" ? "d3d12" : "vulkan";
}

/** The adapter that was asked for, in words; "" when any would do. */
function wish(options: DeviceOptions): string {
  const backend = chosenBackend(options);
  const adapter = chosenAdapter(options);
  const parts = [
    ...(adapter === undefined ? [] : [`named "${adapter}"`]),
    ...(backend === undefined ? [] : [`with backend "${backend}"`]),
  ];
  return parts.join(" ");
}

function describe(adapter: GPUAdapter): string {
  return adapter.info.description || adapter.info.device || "The adapter";
}

/** Limits are getters of a prototype: `Object.entries` does not find them. */
function allLimits(adapter: GPUAdapter): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") limits[name] = value;
  }
  return limits;
}
