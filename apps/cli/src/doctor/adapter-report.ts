import type { Gpu } from "@fauxgrad/tensor";
import type { DeviceInfo } from "../io/device.ts";
import { formatBytes, formatCount } from "../terminal/units.ts";

/** A limit of the device that decides about what can run. */
export interface LimitReport {
  readonly name: string;
  readonly value: number;
  /** As people read it: `128.0 MiB`. */
  readonly text: string;
  readonly isEnough: boolean;
  readonly why: string;
}

/** A feature of the device that kernels or tools make use of. */
export interface FeatureReport {
  readonly name: string;
  readonly isPresent: boolean;
  /** What it is for, and what happens without it. */
  readonly why: string;
}

/** What a device is and can. */
export interface AdapterReport extends DeviceInfo {
  /** The family of kernels that runs on it. */
  readonly kernels: string;
  readonly limits: readonly LimitReport[];
  readonly features: readonly FeatureReport[];
}

const MIB = 2 ** 20;

interface LimitEntry {
  readonly name: keyof GPUSupportedLimits;
  /** With less, something does not run. */
  readonly least: number;
  readonly isBytes: boolean;
  readonly why: string;
}

const LIMITS: readonly LimitEntry[] = [
  {
    name: "maxStorageBufferBindingSize",
    least: 128 * MIB,
    isBytes: true,
    why: "largest array: 64 maps of 512 x 512 take 64 MiB an image; batches are split to fit",
  },
  {
    name: "maxBufferSize",
    least: 128 * MIB,
    isBytes: true,
    why: "largest piece of device memory",
  },
  {
    name: "maxComputeInvocationsPerWorkgroup",
    least: 256,
    isBytes: false,
    why: "invocations that share a tile",
  },
  {
    name: "maxComputeWorkgroupStorageSize",
    least: 16 * 1024,
    isBytes: true,
    why: "room for the tiles of products and convolutions",
  },
  {
    name: "maxStorageBuffersPerShaderStage",
    least: 8,
    isBytes: false,
    why: "arrays that one kernel reads and writes",
  },
  {
    name: "maxComputeWorkgroupsPerDimension",
    least: 65_535,
    isBytes: false,
    why: "larger grids are folded",
  },
];

const FEATURES: readonly { readonly name: GPUFeatureName; readonly why: string }[] = [
  { name: "timestamp-query", why: "times of single kernels; without it only whole runs are timed" },
  { name: "subgroups", why: "not needed: the kernels do without" },
  { name: "shader-f16", why: "not needed: gradients are too small for f16, all is f32" },
];

/** Describes the device behind `gpu`. */
export function reportAdapter(gpu: Gpu, info: DeviceInfo): AdapterReport {
  const { device } = gpu;
  const limits = LIMITS.map(({ name, least, isBytes, why }): LimitReport => {
    const value = Number(device.limits[name]);
    const text = isBytes ? formatBytes(value) : formatCount(value);
    return { name, value, text, isEnough: value >= least, why };
  });
  const features = FEATURES.map(({ name, why }): FeatureReport => {
    return { name, isPresent: device.features.has(name), why };
  });
  const immediates = {
    name: "immediates",
    isPresent: gpu.maxImmediateBytes > 0,
    why: "scalars without a buffer; without it a launch costs a little more",
  };
  return { ...info, kernels: gpu.family, limits, features: [...features, immediates] };
}
