import { totalmem } from "node:os";
import { type DeviceError, Gpu, type KernelError, type KernelFamily } from "@fauxgrad/tensor";
import {
  KernelChoiceError,
  kernelOverrides,
  readTuning,
  tuningFile,
} from "../../../../tools/adapter/kernel-choice.ts";
import { type DeviceInfo, type OpenDevice, openDevice } from "../io/device.ts";
import { CommandLineError } from "../terminal/errors.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly adapter?: string;
  readonly backend?: string;
  readonly kernels?: KernelFamily;
  /** In bytes. */
  readonly maxMemory?: number;
}

/** A device with the context around it. */
export interface GpuSession {
  readonly gpu: Gpu;
  readonly info: DeviceInfo;
  readonly open: OpenDevice;
  /** Frees all memory and closes the device. */
  close(): void;
}

const GIB = 2 ** 30;
const DEFAULT_MAX_BYTES = 8 * GIB;
/** Of the machine's memory, where the device's memory is the machine's. */
const SOFTWARE_SHARE = 0.6;

/**
 * Opens the adapter that the options and the environment name.
 *
 * @throws {AdapterError} if there is none, with the remedy for this platform
 */
export async function openGpu(options: GlobalOptions): Promise<GpuSession> {
  const { adapter, backend, kernels } = options;
  const overrides = chosenOverrides();
  const tuning = readTuning(tuningFile(), (message) => process.stderr.write(`${message}\n`));
  const open = await openDevice({
    ...(adapter === undefined ? {} : { adapter }),
    ...(backend === undefined ? {} : { backend }),
  });
  const { device, info } = open;
  const gpu = new Gpu(device, {
    maxBytes: options.maxMemory ?? defaultMaxBytes(info.isSoftware),
    overrides,
    ...(tuning === undefined ? {} : { tuning }),
    ...(kernels === undefined ? {} : { kernels }),
    // Every later call throws what is reported here: the command hears of it there.
    onError: (_error: DeviceError | KernelError) => undefined,
  });
  const close = (): void => {
    gpu.destroy();
    open.close();
  };
  return { gpu, info, open, close };
}

/** Bytes that this process may use: the machine's, or the container's if that is less. */
export function hostMemory(): number {
  const constrained = process.constrainedMemory();
  const limit = constrained !== undefined && constrained > 0 ? constrained : Infinity;
  return Math.min(totalmem(), limit);
}

/** Of device memory, where the user says nothing. */
export function defaultMaxBytes(isSoftware: boolean): number {
  if (!isSoftware) return DEFAULT_MAX_BYTES;
  return Math.min(DEFAULT_MAX_BYTES, Math.floor(hostMemory() * SOFTWARE_SHARE));
}

/**
 * Variants by operation, as FAUXGRAD_KERNEL has them.
 *
 * @throws {CommandLineError} if it is no list of variants
 */
function chosenOverrides(): Record<string, string> {
  try {
    return kernelOverrides();
  } catch (error) {
    throw error instanceof KernelChoiceError ? new CommandLineError(error.message) : error;
  }
}

/** One line for people: which device, and whether it is one. */
export function deviceLine(info: DeviceInfo): string {
  const name = info.description || info.device || info.architecture || "unnamed adapter";
  const software = info.isSoftware ? ", software: the CPU computes" : "";
  return `${name} (${info.backend}${software})`;
}
