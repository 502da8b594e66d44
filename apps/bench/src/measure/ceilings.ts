import { ceilDiv, defineKernel, type Gpu } from "@fauxgrad/kernels";
import copySource from "./copy.wgsl";
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

/** What the device does at best, measured: the hundred percent of the report. */
export interface Ceilings {
  /** Bytes read and written by a copy, per second, in 10⁹. */
  readonly copyGBs: number;
  /** Multiplications and additions in registers, per second, in 10⁹. */
  readonly fmaGFLOPs: number;
}

/** 64 MiB: beyond any cache, within WebGPU's default limit of a binding. */
const COPY_FLOATS = 2 ** 24;
const LEAST_MS = 50;
const ATTEMPTS = 5;

/** Seconds per call of `encode`: the best of some attempts of at least 50 ms. */
async function bestSeconds(gpu: Gpu, encode: () => void): Promise<number> {
  const sample = async (repeats: number) => {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) encode();
    await gpu.synchronize();
    return performance.now() - start;
  };
  await sample(1);
  let repeats = 1;
  while ((await sample(repeats)) < LEAST_MS) repeats *= 2;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ATTEMPTS; i++) best = Math.min(best, (await sample(repeats)) / repeats);
  return best / 1000;
}

/** Measures the ceilings of a device, in about a second. */
export async function measureCeilings(gpu: Gpu): Promise<Ceilings> {
  using input = gpu.zeros([COPY_FLOATS]);
  using output = gpu.empty([COPY_FLOATS]);
  const vectors = COPY_FLOATS / 4;
  const { LANES, VECTORS } = copyKernel.definition.constants;
  const workgroups = [ceilDiv(vectors, LANES * VECTORS)] as const;
  const copySeconds = await bestSeconds(gpu, () => {
    copyKernel.dispatch(gpu, { input, output }, { vectors }, { workgroups });
  });

  const { CHAINS } = fmaKernel.definition.constants;
  // Enough to fill a large GPU; a software adapter has a few cores to fill.
  const invocations = gpu.adapter === "software" ? 2 ** 12 : 2 ** 20;
  const steps = 1024;
  using sums = gpu.empty([invocations * 4]);
  const fmaSeconds = await bestSeconds(gpu, () => {
    const params = { steps, a: 0.999, b: 0.001 };
    const grid = [invocations / fmaKernel.definition.constants.LANES] as const;
    fmaKernel.dispatch(gpu, { output: sums }, params, { workgroups: grid });
  });
  const flops = invocations * steps * CHAINS * 4 * 2;
  return {
    copyGBs: (2 * 4 * COPY_FLOATS) / copySeconds / 1e9,
    fmaGFLOPs: flops / fmaSeconds / 1e9,
  };
}
