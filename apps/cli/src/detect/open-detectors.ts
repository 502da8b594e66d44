/*
 * The detectors that are shipped, or those of another folder, on a device.
 */
import { createRequire } from "node:module";
import path from "node:path";
import { type DetectorProgress, Detectors, LIST_FILE, type ReadFile } from "@fauxgrad/detectors";
import { readWholeFile } from "../session/files.ts";
import { deviceLine, type GlobalOptions, type GpuSession, openGpu } from "../session/open-gpu.ts";
import { FileError } from "../terminal/errors.ts";
import { isFile } from "../transform/plan.ts";

/** Which detectors. */
export interface DetectorsChoice extends GlobalOptions {
  /** A folder with `detectors.json`; default: the shipped one. */
  readonly bundle?: string;
  /** Names in the list; default: its own choice. */
  readonly only?: readonly string[];
}

/** Detectors that are open. */
export interface OpenDetectors {
  readonly session: GpuSession;
  readonly detectors: Detectors;
  /** The device's line. */
  readonly device: string;
  /** `LGrad and T-GD, on llvmpipe …` */
  readonly line: string;
  close(): void;
}

/** The folder of the weights that come with the program. */
export function shippedFolder(): string {
  const list = createRequire(import.meta.url).resolve(`@fauxgrad/detectors/weights/${LIST_FILE}`);
  return path.dirname(list);
}

/**
 * Reads the files of a folder of detectors.
 *
 * @throws {FileError} if the folder holds no list
 */
export async function bundleReader(bundle?: string): Promise<ReadFile> {
  const folder = bundle ?? findShipped();
  if (!(await isFile(path.join(folder, LIST_FILE)))) {
    throw new FileError(
      `${folder} holds no detectors: there is no ${LIST_FILE}\n` +
        "Pass a folder that fauxgrad ship-detectors wrote, or leave --bundle out.",
    );
  }
  return (name) => readWholeFile(path.join(folder, name), "the detectors'");
}

function findShipped(): string {
  try {
    return shippedFolder();
  } catch (cause) {
    throw new FileError(
      "the weights of the detectors are not here: the package @fauxgrad/detectors lacks them\n" +
        "Run npm ci in the whole repository, or pass --bundle DIR.",
      { cause },
    );
  }
}

/**
 * Opens the device and puts the detectors on it.
 *
 * @throws {FileError} if there are none
 * @throws {CheckpointError} if a file is not the one that the list names
 * @throws {UsageError} if there is none of a name
 */
export async function openDetectors(
  { bundle, only, ...options }: DetectorsChoice,
  onProgress: (progress: DetectorProgress) => void = () => undefined,
): Promise<OpenDetectors> {
  const read = await bundleReader(bundle);
  const session = await openGpu(options);
  const detectors = await Detectors.load(session.gpu, read, {
    ...(only === undefined ? {} : { names: only }),
    onProgress,
  });
  const device = deviceLine(session.info);
  const titles = detectors.judges.map(({ detector }) => detector.title).join(", ");
  return {
    session,
    detectors,
    device,
    line: `${titles}; on ${device}`,
    close: () => {
      detectors.dispose();
      session.close();
    },
  };
}
