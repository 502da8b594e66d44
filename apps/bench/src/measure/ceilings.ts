import { ceilDiv, defineKernel, type Gpu } from "@fauxgrad/kernels";
import copySource from "./copy.wgsl";
import { type Cost, costOf } from "./cost.ts";
import fmaSource from "./fma.wgsl";

export const copyKernel = defineKernel({
  name: "ceiling.copy",
  modules: { "copy.wgsl": copySource },
  constants: { LANES: 64, VECTORS: 4 },
  bindings: { input: "read", output: "read_write" },
  params: { vectors: "u32" },
});

export const fmaKernel = defineKernel({
  name: "ceiling.fma",
  modules: { "fma.wgsl": fmaSource },
  constants: { LANES: 64, CHAINS: 8 },
  bindings: { output: "read_write" },
  params: { steps: "u32", a: "f32", b: "f32" },
});

/** What can be done in a second of some clock. */
export interface Rates {
  /** Bytes read and written by a copy, in 10⁹. */
  readonly copyGBs: number;
  /** Multiplications and additions in registers, in 10⁹. */
  readonly fmaGFLOPs: number;
}

/** What the device does at best, measured: the hundred percent of the report. */
export interface Ceilings {
  readonly wall: Rates;
  /** Per second of CPU time, which is what a software adapter computes with. */
  readonly cpu: Rates;
}

/** 64 MiB: beyond any cache, within WebGPU's default limit of a binding. */
const COPY_FLOATS = 2 ** 24;
const LEAST_MS = 50;
const ATTEMPTS = 5;

/** Cost of a call of `encode`: the best by each clock of some attempts of at least 50 ms. */
async function bestCost(gpu: Gpu, encode: () => void): Promise<Cost> {
  const sample = (repeats: number) =>
    costOf(async () => {
      for (let i = 0; i < repeats; i++) encode();
      await gpu.synchronize();
    });
  await sample(1);
  let repeats = 1;
  while ((await sample(repeats)).ms < LEAST_MS) repeats *= 2;
  const costs: Cost[] = [];
  for (let i = 0; i < ATTEMPTS; i++) costs.push(await sample(repeats));
  return {
    ms: Math.min(...costs.map(({ ms }) => ms)) / repeats,
    cpuMs: Math.min(...costs.map(({ cpuMs }) => cpuMs)) / repeats,
  };
}

/** Measures the ceilings of a device, in about a second. */
export async function measureCeilings(gpu: Gpu): Promise<Ceilings> {
  using input = gpu.zeros([COPY_FLOATS]);
  using output = gpu.empty([COPY_FLOATS]);
  const vectors = COPY_FLOATS / 4;
  const { LANES, VECTORS } = copyKernel.definition.constants;
  const workgroups = [ceilDiv(vectors, LANES * VECTORS)] as const;
  const copy = await bestCost(gpu, () => {
    copyKernel.dispatch(gpu, { input, output }, { vectors }, { workgroups });
  });

  const { CHAINS } = fmaKernel.definition.constants;
  // Enough to fill a large GPU; a software adapter has a few cores to fill.
  const invocations = gpu.adapter === "software" ? 2 ** 12 : 2 ** 20;
  const steps = 1024;
  using sums = gpu.empty([invocations * 4]);
  const fma = await bestCost(gpu, () => {
    const params = { steps, a: 0.999, b: 0.001 };
    const grid = [invocations / fmaKernel.definition.constants.LANES] as const;
    fmaKernel.dispatch(gpu, { output: sums }, params, { workgroups: grid });
  });
  const flops = invocations * steps * CHAINS * 4 * 2;
  const bytes = 2 * 4 * COPY_FLOATS;
  return {
    wall: { copyGBs: bytes / copy.ms / 1e6, fmaGFLOPs: flops / fma.ms / 1e6 },
    cpu: { copyGBs: bytes / copy.cpuMs / 1e6, fmaGFLOPs: flops / fma.cpuMs / 1e6 },
  };
}
