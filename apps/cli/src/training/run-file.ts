// `run.json`: what a training is, in its folder.

import path from "node:path";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { fileError, readOwnJson } from "../session/files.ts";

const FILE = "run.json";

/** Begins a folder. @throws {FileError} if it cannot be written */
export async function writeRunFile(out: string, run: object): Promise<void> {
  const file = path.join(out, FILE);
  try {
    await writeFileAtomic(file, `${JSON.stringify(run, null, 2)}\n`);
  } catch (cause) {
    throw fileError("write", file, cause);
  }
}

/**
 * The training that a folder holds; null if it holds none.
 *
 * @param isOurs whether it is one of the method that asks
 * @throws {FileError} if the file is there and is none
 */
export async function readRunFile<Run>(
  out: string,
  isOurs: (value: object) => value is Run & object,
): Promise<Run | null> {
  const problem = "describes no training of this command\nChoose another folder.";
  return readOwnJson(path.join(out, FILE), isOurs, problem);
}
