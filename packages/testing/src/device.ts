import { test as base, type TestContext } from "vitest";
import { create } from "webgpu";

/** Kept for the worker's life: Dawn dies with the object that `create` returns. */
const instances: GPU[] = [];
const connections: { plain?: Promise<Connection>; matrices?: Promise<Connection> } = {};

interface Connection {
  readonly device: GPUDevice;
  /** Sizes of the adapter's subgroup matrices; the device's own list is empty. */
  readonly configs: readonly MatrixConfig[];
  /** Errors that no scope caught, and the loss of the device, since the last look. */
  readonly uncaught: string[];
}

const NO_ADAPTER = `No WebGPU adapter.
Run \`node tools/adapter.mjs\`, which installs one or says how. GPU=off skips these tests.`;

const MATRICES = "chromium-experimental-subgroup-matrix";
/** Dawn withholds them without these toggles. */
const MATRIX_TOGGLES = [
  "allow_unsafe_apis",
  "use_vulkan_memory_model",
  "vulkan_enable_f16_on_nvidia",
];

/**
 * Opens a device with everything the adapter has: all its limits, and the features we use.
 *
 * @param toggles of Dawn's, to be switched on
 */
async function connect(toggles: readonly string[] = []): Promise<Connection> {
  const flags = ["disable-dawn-features=timestamp_quantization"];
  if (toggles.length > 0) flags.push(`enable-dawn-features=${toggles.join(",")}`);
  const gpu = create(flags);
  instances.push(gpu);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error(NO_ADAPTER);
  const wanted = ["timestamp-query", "shader-f16", "subgroups", MATRICES];
  const device = await adapter.requestDevice({
    requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[],
    requiredLimits: allLimits(adapter),
  });
  const uncaught: string[] = [];
  device.onuncapturederror = (event) => uncaught.push(`uncaptured: ${event.error.message}`);
  device.lost.then(
    ({ reason, message }) => uncaught.push(`the device was lost (${reason}): ${message}`),
    (error) => uncaught.push(`the device was lost: ${String(error)}`),
  );
  const { subgroupMatrixConfigs: configs = [] } = adapter.info as AdapterInfo;
  return { device, uncaught, configs };
}

/** Limits are getters of a prototype: they are not found by `Object.entries`. */
function allLimits(adapter: GPUAdapter): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") limits[name] = value;
  }
  return limits;
}

const SCOPES = ["validation", "out-of-memory", "internal"] as const;

/**
 * Runs `body` inside error scopes of the device.
 *
 * @throws {Error} naming every error that the scopes caught and the body did not
 */
export async function inErrorScopes(device: GPUDevice, body: () => Promise<void>): Promise<void> {
  for (const scope of SCOPES) device.pushErrorScope(scope);
  let caught: string[] = [];
  try {
    await body();
  } finally {
    caught = await popErrors(device);
  }
  if (caught.length > 0) throw new Error(`WebGPU reported errors:\n${caught.join("\n")}`);
}

async function popErrors(device: GPUDevice): Promise<string[]> {
  const errors: string[] = [];
  for (const scope of [...SCOPES].reverse()) {
    const error = await device.popErrorScope();
    if (error !== null) errors.push(`${scope}: ${error.message}`);
  }
  return errors;
}

/** An entry of `adapter.info.subgroupMatrixConfigs`, which is not in WebGPU's types yet. */
interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

interface AdapterInfo extends GPUAdapterInfo {
  readonly subgroupMatrixConfigs?: readonly MatrixConfig[];
}

/** A device with subgroup matrices, and which. */
export interface MatrixDevice {
  readonly device: GPUDevice;
  readonly configs: readonly MatrixConfig[];
}

/** What {@link test} hands to a test. */
export interface DeviceFixture {
  /**
   * One device for all tests of a worker. Validation, out-of-memory and internal errors during the
   * test fail it. A missing adapter fails it too, unless `GPU=off` is set: then it is skipped.
   */
  readonly device: GPUDevice;
  /** As `device`, with subgroup matrices; where the adapter has none the test is skipped. */
  readonly matrices: MatrixDevice;
}

async function provideDevice(
  skip: TestContext["skip"],
  use: (device: GPUDevice) => Promise<void>,
): Promise<void> {
  const { GPU } = process.env;
  if (GPU === "off") skip("GPU=off");
  connections.plain ??= connect();
  await provide(await connections.plain, use);
}

async function provideMatrices(
  skip: TestContext["skip"],
  use: (device: MatrixDevice) => Promise<void>,
): Promise<void> {
  const { GPU } = process.env;
  if (GPU === "off") skip("GPU=off");
  connections.matrices ??= connect(MATRIX_TOGGLES);
  const connection = await connections.matrices;
  const { device, configs } = connection;
  if (!device.features.has(MATRICES)) skip("the adapter has no subgroup matrices");
  await provide(connection, () => use({ device, configs }));
}

async function provide(
  { device, uncaught }: Connection,
  use: (device: GPUDevice) => Promise<void>,
): Promise<void> {
  await inErrorScopes(device, () => use(device));
  const missed = uncaught.splice(0);
  if (missed.length > 0) throw new Error(`WebGPU reported errors:\n${missed.join("\n")}`);
}

/** Vitest's `test` with a `device`. */
export const test = base.extend<DeviceFixture>({
  device: ({ skip }, use) => provideDevice(skip, use),
  matrices: ({ skip }, use) => provideMatrices(skip, use),
});
