// A recording made ready for the device: every bind group exists, every parameter lies in one array
// of words (or one uniform buffer), and a replay is a walk over a list.

import type { UniformBuffer } from "../bind-groups.ts";
import type { PooledBuffer } from "../buffer-pool.ts";
import { BufferUsage } from "../flags.ts";
import type { Storage } from "../gpu-array.ts";
import type { Pipeline } from "../pipelines.ts";
import type { Place } from "./plan-memory.ts";
import type { RecordedDispatch, Recording } from "./recording.ts";

/** A dispatch that is ready. */
export interface ProgramDispatch {
  readonly kind: "dispatch";
  readonly pipeline: Pipeline;
  readonly group: GPUBindGroup;
  /** Where its immediates begin in {@link Program.words}. */
  readonly at: number;
  /** Words of immediates. */
  readonly count: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** A copy, or zeros where there is no source. */
export interface ProgramTransfer {
  readonly kind: "transfer";
  readonly source: { readonly buffer: GPUBuffer; readonly offset: number } | null;
  readonly target: { readonly buffer: GPUBuffer; readonly offset: number };
  readonly bytes: number;
}

/** What a replay encodes. */
export type ProgramCommand = ProgramDispatch | ProgramTransfer;

/** Parameters that a replay computes anew: where they go. */
export interface LiveSlot {
  readonly dispatch: RecordedDispatch;
  /** First word in {@link Program.words}. */
  readonly at: number;
}

/** A recording, ready to be encoded again and again. */
export interface Program {
  readonly commands: readonly ProgramCommand[];
  /** Parameters of all dispatches; uniform ones at multiples of 256 bytes from the start. */
  readonly words: Uint32Array<ArrayBuffer>;
  readonly live: ReadonlyMap<RecordedDispatch, number>;
  /** Copies of the first words, for what is no immediate. */
  readonly uniforms: GPUBuffer | null;
  readonly uniformWords: number;
  /** Whether a replay changes a uniform parameter. */
  readonly hasLiveUniforms: boolean;
  readonly bindGroups: number;
}

/** Where a temporary array lies. */
export type Placement = ReadonlyMap<
  Storage,
  { readonly page: PooledBuffer; readonly place: Place }
>;

/** Bytes at which a kernel that works by vec4 may stop. */
const VECTOR = 16;
const ALIGNED_WORDS = 64;

interface Slice {
  readonly id: string;
  readonly buffer: GPUBuffer;
  readonly offset: number;
  /** Undefined: to the end. */
  readonly size: number | undefined;
}

/** Builds the program of a recording. Storages that are not placed have memory of their own. */
export function buildProgram(
  device: GPUDevice,
  { commands }: Recording,
  placement: Placement,
): Program {
  const slice = (storage: Storage) => sliceOf(storage, placement);
  const parameters = layOutParameters(device, commands.filter(isDispatch));
  const groups = new Map<string, GPUBindGroup>();
  const ready = commands.map((command): ProgramCommand => {
    if (command.kind !== "dispatch") {
      const source = command.kind === "copy" ? slice(command.source) : null;
      return { kind: "transfer", source, target: slice(command.target), bytes: command.bytes };
    }
    const { pipeline, storages } = command;
    const [x, y, z] = command.grid;
    const at = parameters.places.get(command) ?? 0;
    const slices = storages.map(slice);
    const uniform = needsUniform(pipeline) ? at : null;
    const key = `${pipeline.layoutId},${slices.map(({ id }) => id).join()},${uniform}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = device.createBindGroup({
        layout: pipeline.layout,
        entries: entriesOf(slices, parameters.uniforms, pipeline, uniform),
      });
      groups.set(key, group);
    }
    const count = pipeline.immediates ? pipeline.paramBytes / 4 : 0;
    return { kind: "dispatch", pipeline, group, at, count, x, y, z };
  });
  const { words, places, uniforms, uniformWords } = parameters;
  const live = new Map([...places].filter(([{ live: isLive }]) => isLive !== undefined));
  const hasLiveUniforms = [...live.keys()].some(({ pipeline }) => needsUniform(pipeline));
  const bindGroups = groups.size;
  return { commands: ready, words, live, uniforms, uniformWords, hasLiveUniforms, bindGroups };
}

function isDispatch(command: Recording["commands"][number]): command is RecordedDispatch {
  return command.kind === "dispatch";
}

function needsUniform({ immediates, paramBytes }: Pipeline): boolean {
  return !immediates && paramBytes > 0;
}

interface Parameters {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly places: ReadonlyMap<RecordedDispatch, number>;
  readonly uniforms: GPUBuffer | null;
  readonly uniformWords: number;
}

/** Uniform parameters first, each content once and each live one alone; then the immediates. */
function layOutParameters(device: GPUDevice, dispatches: readonly RecordedDispatch[]): Parameters {
  const places = new Map<RecordedDispatch, number>();
  const known = new Map<string, number>();
  let size = 0;
  for (const dispatch of dispatches) {
    if (!needsUniform(dispatch.pipeline)) continue;
    const content = dispatch.words.join();
    const same = dispatch.live === undefined ? known.get(content) : undefined;
    places.set(dispatch, same ?? size);
    if (same !== undefined) continue;
    if (dispatch.live === undefined) known.set(content, size);
    size += Math.ceil(dispatch.words.length / ALIGNED_WORDS) * ALIGNED_WORDS;
  }
  const uniformWords = size;
  for (const dispatch of dispatches) {
    if (!dispatch.pipeline.immediates) continue;
    places.set(dispatch, size);
    size += dispatch.words.length;
  }
  const words = new Uint32Array(size);
  for (const [dispatch, at] of places) words.set(dispatch.words, at);
  let uniforms: GPUBuffer | null = null;
  if (uniformWords > 0) {
    const usage = BufferUsage.UNIFORM | BufferUsage.COPY_DST;
    uniforms = device.createBuffer({ size: 4 * uniformWords, usage });
    device.queue.writeBuffer(uniforms, 0, words, 0, uniformWords);
  }
  return { words, places, uniforms, uniformWords };
}

function sliceOf(storage: Storage, placement: Placement): Slice {
  const placed = placement.get(storage);
  if (placed === undefined) {
    const { id, buffer } = storage.pooled;
    return { id: `${id}`, buffer, offset: 0, size: undefined };
  }
  const { page, place } = placed;
  const size = Math.ceil(storage.pooled.bytes / VECTOR) * VECTOR;
  return {
    id: `${page.id}+${place.offset}/${size}`,
    buffer: page.buffer,
    offset: place.offset,
    size,
  };
}

function entriesOf(
  slices: readonly Slice[],
  uniforms: UniformBuffer["buffer"] | null,
  { paramBytes }: Pipeline,
  uniformAt: number | null,
): GPUBindGroupEntry[] {
  const entries: GPUBindGroupEntry[] = slices.map(({ buffer, offset, size }, binding) => ({
    binding,
    resource: size === undefined ? { buffer } : { buffer, offset, size },
  }));
  if (uniforms === null || uniformAt === null) return entries;
  const size = Math.ceil(paramBytes / VECTOR) * VECTOR;
  const resource = { buffer: uniforms, offset: 4 * uniformAt, size };
  return [...entries, { binding: slices.length, resource }];
}
