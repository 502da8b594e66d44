import { InvalidArgumentError } from "commander";
import { COMPARED_NETWORKS, type ComparedNetwork } from "./networks/network-job.ts";

/** A regular expression that ignores case. */
export function parseFilter(text: string): RegExp {
  try {
    return new RegExp(text, "iu");
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

const MOST_ROUNDS = 1000;

/** A number of samples. */
export function parseRepeats(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= MOST_ROUNDS) return rounds;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_ROUNDS}.`);
}

/** Names of networks, with commas between; none of them is an empty list. */
export function parseNetworks(text: string): ComparedNetwork[] {
  if (text === "none") return [];
  return text.split(",").map((name) => {
    const found = COMPARED_NETWORKS.find((known) => known === name);
    if (found !== undefined) return found;
    const known = COMPARED_NETWORKS.join(", ");
    throw new InvalidArgumentError(`There is no network ${name}: ${known} or none.`);
  });
}

/** Sizes of batches, with commas between. */
export function parseBatches(text: string): number[] {
  return text.split(",").map((size) => {
    if (/^[1-9]\d*$/.test(size)) return Number(size);
    throw new InvalidArgumentError(`${size} is no size of a batch: a whole number from 1 on.`);
  });
}
