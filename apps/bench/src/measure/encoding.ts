import { conv2d, conv2dGeometry, type Gpu, type GpuArray, unary } from "@fauxgrad/kernels";
import { makeOperand } from "../operands.ts";
import { costOf } from "./cost.ts";
import { type Summary, summarise } from "./statistics.ts";

/** What the CPU pays for a dispatch in steady state. */
export interface EncodingCost {
  readonly name: string;
  /** Whether the chain was captured once, and replayed. */
  readonly isReplayed: boolean;
  /** Microseconds of this thread a dispatch: checks, memory, encoding and its part of a submit. */
  readonly us: Summary;
  /** Bind groups that the timed dispatches created. */
  readonly bindGroups: number;
  /** Buffers that the timed dispatches created. */
  readonly buffers: number;
  readonly dispatches: number;
}

/** Operations before a wait; what they submit is in the time. */
const CHAIN = 128;
const CHAINS = 60;
/** Enough for the JavaScript engine to settle as well. */
const WARM_UP = 40;

/** @param encode all operations of a chain */
async function encodingCost(
  name: string,
  gpu: Gpu,
  encode: () => void,
  isReplayed = false,
): Promise<EncodingCost> {
  const chain = async () => {
    const before = gpu.stats.dispatches;
    // The device starts with the submit at the end: it does not compute while we encode.
    const { ms, cpuMs } = await costOf(() => {
      encode();
      gpu.flush();
    });
    await gpu.synchronize();
    // Wall time has the machine's other work in it, CPU time that of the device's threads after a
    // submit: neither is less than what this thread needed.
    return (Math.min(ms, cpuMs) * 1000) / (gpu.stats.dispatches - before);
  };
  for (let i = 0; i < WARM_UP; i++) await chain();
  const before = gpu.stats;
  const samples: number[] = [];
  for (let i = 0; i < CHAINS; i++) samples.push(await chain());
  const after = gpu.stats;
  return {
    name,
    isReplayed,
    us: summarise(samples),
    bindGroups: after.bindGroups - before.bindGroups,
    buffers: after.created - before.created,
    dispatches: after.dispatches - before.dispatches,
  };
}

function repeat(encode: () => void): () => void {
  return () => {
    for (let i = 0; i < CHAIN; i++) encode();
  };
}

/** A captured chain: each operation takes the one before's output, so that every bind group differs. */
async function replayCost(
  name: string,
  gpu: Gpu,
  input: GpuArray,
  operations: readonly ((x: GpuArray) => GpuArray)[],
): Promise<EncodingCost> {
  using captured = gpu.capture(() => {
    let x = input.retain();
    for (let i = 0; i < CHAIN; i++) {
      const next = operations[i % operations.length]?.(x) ?? x.retain();
      x.dispose();
      x = next;
    }
    return x;
  });
  return await encodingCost(name, gpu, () => captured.replay(), true);
}

/** Encodes chains of small operations; the time is the host's alone. */
export async function measureEncoding(gpu: Gpu): Promise<EncodingCost[]> {
  using values = gpu.upload(makeOperand("values", 256), [256]);
  using image = gpu.upload(makeOperand("image", 4 * 4 * 8), [1, 4, 4, 8]);
  using weight = gpu.upload(makeOperand("weight", 3 * 3 * 8 * 8), [3, 3, 8, 8]);
  const geometry = conv2dGeometry(image.shape, weight.shape, { padding: 1 });
  const relu = (x: GpuArray) => unary(gpu, "relu", x);
  const convolve = (x: GpuArray) => conv2d(gpu, x, weight, geometry);
  return [
    await encodingCost(
      "relu of 256 numbers",
      gpu,
      repeat(() => relu(values).dispose()),
    ),
    await encodingCost(
      "conv 3×3 8→8 @4",
      gpu,
      repeat(() => convolve(image).dispose()),
    ),
    await replayCost("relu of 256 numbers, replayed", gpu, values, [relu]),
    await replayCost("conv and relu in turn, replayed", gpu, image, [convolve, relu]),
  ];
}
