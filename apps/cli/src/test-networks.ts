// Networks for the tests of the program: the specification's 32-pixel discriminators (A.2), whose
// weights anybody can make again from their names.
import { writeFile } from "node:fs/promises";
import {
  PgganDiscriminator,
  Stylegan2Discriminator,
  StyleganDiscriminator,
} from "@fauxgrad/models";
import { fromFloat32, type HostTensor, writeSafetensors } from "@fauxgrad/models/checkpoint";
import { fillByName } from "@fauxgrad/testing";

const NETWORKS = {
  pggan: PgganDiscriminator,
  stylegan: StyleganDiscriminator,
  stylegan2: Stylegan2Discriminator,
} as const;

/** Networks of {@link writeTinyWeights}. */
export type TinyName = keyof typeof NETWORKS;

/** The sizes of "tiny32". */
const TINY = { resolution: 32, fmapsBase: 512, fmapsMax: 32 } as const;

/** Writes a 32-pixel discriminator's weights, filled as the specification's A.1 says. */
export async function writeTinyWeights(file: string, name: TinyName): Promise<void> {
  const tensors = new Map<string, HostTensor>();
  for (const [key, shape] of new NETWORKS[name](TINY).expectedState()) {
    if (key === "lod" || key.endsWith(".kernel")) continue;
    const size = shape.reduce((product, length) => product * length, 1);
    const scale = key.endsWith("weight") ? Math.sqrt(3) : 0.1;
    tensors.set(key, fromFloat32(fillByName(key, size, scale), shape));
  }
  await writeTensors(file, tensors);
}

/** Writes the specification's `image`, `[count, 3, 32, 32]`, as `input`. */
export async function writeTinyInput(file: string, count: number): Promise<void> {
  const input = fromFloat32(fillByName("image", count * 3 * 32 * 32), [count, 3, 32, 32]);
  await writeTensors(file, new Map([["input", input]]));
}

/** Writes a safetensors file. */
export async function writeTensors(
  file: string,
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  await writeFile(file, new Uint8Array(writeSafetensors(tensors, metadata)));
}
