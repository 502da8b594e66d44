/*
 * The weights of nsfwjs' Inception-V3, from the installed package: a Keras model whose topology and
 * weights are JavaScript modules (weights as base64).
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { inceptionV3FromKeras } from "@fauxgrad/models";
import { type HostTensor, readTfjsLayers } from "@fauxgrad/models/checkpoint";
import { FileError } from "../terminal/errors.ts";

const SHARDS = 6;

/**
 * The backbone's tensors in torchvision's names.
 *
 * @throws {FileError} if the package is not installed, or is not the one we know
 */
export function readNsfwjsWeights(): Map<string, HostTensor> {
  const load = createRequire(import.meta.url);
  const folder = packageFolder(load);
  const topology: unknown = load(path.join(folder, "model.min.js"));
  const shards: Buffer[] = [];
  for (let i = 1; i <= SHARDS; i += 1) {
    const text: unknown = load(path.join(folder, `group1-shard${i}of${SHARDS}.min.js`));
    if (typeof text !== "string") throw unknownPackage(folder);
    shards.push(Buffer.from(text, "base64"));
  }
  const bytes = Uint8Array.from(Buffer.concat(shards));
  return inceptionV3FromKeras(readTfjsLayers(topology, bytes.buffer));
}

function packageFolder(load: NodeJS.Require): string {
  let main: string;
  try {
    main = load.resolve("nsfwjs");
  } catch (cause) {
    throw new FileError(
      "the npm package nsfwjs is not installed: it holds the network's weights\n" +
        "Run npm ci, or pass weights of your own (--weights).",
      { cause },
    );
  }
  // dist/cjs/index.js; the package exports no path to its files.
  const folder = path.resolve(path.dirname(main), "..", "models", "inception_v3");
  if (!existsSync(path.join(folder, "model.min.js"))) throw unknownPackage(folder);
  return folder;
}

function unknownPackage(folder: string): FileError {
  return new FileError(
    `the npm package nsfwjs is not the version that we know (4.4.0)\n  folder  ${folder}\n` +
      "Run npm ci.",
  );
}
