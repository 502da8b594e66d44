import { graphFromKeras, graphFromNcnn, SuperResolution } from "@fauxgrad/models";
import { readNcnn, readTfjsLayers } from "@fauxgrad/models/checkpoint";
import type { RgbImage } from "@fauxgrad/models/transforms";
import type { Gpu } from "@fauxgrad/tensor";
import { FileError } from "../../terminal/errors.ts";
import { bicubic, shrink } from "../resample.ts";
import type { Generator, PublishedNetwork } from "./generators.ts";
import type { FoundFile } from "./packages.ts";

/** Shrinks a region and makes it anew. */
export type Regenerate = (region: RgbImage) => Promise<RgbImage>;

/**
 * Puts a generator on the device.
 *
 * @param files of its network; none for bicubic interpolation
 * @throws {FileError} if the text of a network is not readable
 * @throws {CheckpointError} if its files are not of the format, or hold another kind of network
 */
export function loadGenerator(
  gpu: Gpu,
  { factor, network }: Generator,
  files: readonly [FoundFile, FoundFile] | undefined,
): Regenerate {
  if (network === null || files === undefined) {
    return async (region) => bicubic(await shrink(region, factor), region);
  }
  const { border } = network;
  const loaded = SuperResolution.load(gpu, readModel(network, files), { factor, border });
  return async (region) => loaded.enlarge(await shrink(region, factor));
}

function readModel({ format }: PublishedNetwork, [text, weights]: readonly [FoundFile, FoundFile]) {
  const decoded = new TextDecoder().decode(text.bytes);
  if (format === "ncnn") return graphFromNcnn(readNcnn(decoded, weights.bytes));
  return graphFromKeras(readTfjsLayers(parseJson(decoded, text.path), weights.bytes.buffer));
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(`${file} of the weights is no JSON\nFetch the package again.`, { cause });
  }
}
