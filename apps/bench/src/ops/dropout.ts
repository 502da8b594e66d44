import { dropout, numel } from "@fauxgrad/kernels";
import { wordsReference } from "@fauxgrad/kernels/reference/random";
import type { DropoutJob } from "../jobs.ts";
import { type Operation, operand, ROUNDOFF } from "./operation.ts";

const P = 0.2;
const RANDOM = { seed: 9, offset: 0 } as const;
const WORDS_OF_A_VECTOR = 4;

/** A draw of Philox is ten rounds of four words; a product and a comparison an element. */
const FLOPS = 2;

let words: readonly number[] = [];

/** The word of an element; drawn once for all of them. */
function wordOf(at: number, size: number): number {
  if (words.length < size) {
    words = wordsReference(Math.ceil(size / WORDS_OF_A_VECTOR) * WORDS_OF_A_VECTOR, 9, 0);
  }
  return words[at]!;
}

/** Dropout with its mask drawn on the way. */
export const dropoutOperation: Operation<DropoutJob> = {
  hasFamilies: false,
  facts({ input }) {
    return { flops: FLOPS * numel(input), operands: { input }, output: input, terms: 1 };
  },
  expected({ input }, operands, at) {
    const isKept = wordOf(at, numel(input)) >= Math.round(P * 2 ** 32);
    const value = isKept ? operand(operands, "input")[at]! / (1 - P) : 0;
    // The factor is rounded, and the product.
    return { value, bound: 2 * ROUNDOFF * Math.abs(value) };
  },
  start(gpu, _job, operands) {
    const input = operand(operands, "input");
    return () => dropout(gpu, input, P, RANDOM);
  },
};
