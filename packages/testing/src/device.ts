import { test as base, type TestContext } from "vitest";
import { create } from "webgpu";

/** Kept for the worker's life: Dawn dies with the object that `create` returns. */
let gpu: GPU | undefined;
let connection: Promise<Connection> | undefined;

interface Connection {
  readonly device: GPUDevice;
  /** Errors that no scope caught, and the loss of the device, since the last look. */
  readonly uncaught: string[];
}

const NO_ADAPTER = `No WebGPU adapter.
Run \`node tools/adapter.mjs\`, which installs one or says how. GPU=off skips these tests.`;

/** Opens a device with everything the adapter has: all its limits, and the features we use. */
async function connect(): Promise<Connection> {
  gpu ??= create(["disable-dawn-features=timestamp_quantization"]);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error(NO_ADAPTER);
  const wanted: GPUFeatureName[] = ["timestamp-query", "shader-f16", "subgroups"];
  const device = await adapter.requestDevice({
    requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
    requiredLimits: allLimits(adapter),
  });
  const uncaught: string[] = [];
  device.onuncapturederror = (event) => uncaught.push(`uncaptured: ${event.error.message}`);
  device.lost.then(
    ({ reason, message }) => uncaught.push(`the device was lost (${reason}): ${message}`),
    (error) => uncaught.push(`the device was lost: ${String(error)}`),
  );
  return { device, uncaught };
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

/** What {@link test} hands to a test. */
export interface DeviceFixture {
  /**
   * One device for all tests of a worker. Validation, out-of-memory and internal errors during the
   * test fail it. A missing adapter fails it too, unless `GPU=off` is set: then it is skipped.
   */
  readonly device: GPUDevice;
}

async function provideDevice(
  skip: TestContext["skip"],
  use: (device: GPUDevice) => Promise<void>,
): Promise<void> {
  const { GPU } = process.env;
  if (GPU === "off") skip("GPU=off");
  connection ??= connect();
  const { device, uncaught } = await connection;
  await inErrorScopes(device, () => use(device));
  const missed = uncaught.splice(0);
  if (missed.length > 0) throw new Error(`WebGPU reported errors:\n${missed.join("\n")}`);
}

/** Vitest's `test` with a `device`. */
export const test = base.extend<DeviceFixture>({
  device: ({ skip }, use) => provideDevice(skip, use),
});
