import { concat, slice } from "../ops/layout.ts";
import { linear } from "../ops/linear.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { ChunkedParameter } from "./chunked-parameter.ts";
import { fanInUniform } from "./init.ts";
import { flattenedLinear, linear as linearLayout } from "./layout.ts";
import type { LinearOptions } from "./linear.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of a {@link ChunkedLinear}. */
export interface ChunkedLinearOptions extends LinearOptions {
  /** Bytes of a chunk of the weight at most; default: what the device allows. */
  readonly maxChunkBytes?: number;
}

/**
 * A {@link Linear} whose weight may be larger than the largest array of the device: each chunk of
 * it gives a run of the outputs. Names and state are those of a `Linear`.
 *
 * @see torch.nn.Linear
 */
export class ChunkedLinear extends Module {
  readonly weight: ChunkedParameter;
  readonly bias: Parameter | null;
  readonly #options: LinearOptions;

  constructor(inFeatures: number, outFeatures: number, options: ChunkedLinearOptions = {}) {
    super();
    const { bias = true, init = fanInUniform(inFeatures), flattened, maxChunkBytes } = options;
    const layout = flattened === undefined ? linearLayout : flattenedLinear(...flattened);
    const state = { init, layout, ...(maxChunkBytes === undefined ? {} : { maxChunkBytes }) };
    this.weight = new ChunkedParameter([outFeatures, inFeatures], state);
    this.bias = bias ? new Parameter([outFeatures], { init: fanInUniform(inFeatures) }) : null;
    this.#options = options;
  }

  forward(input: Tensor): Tensor {
    const { tensors } = this.weight;
    const bias = this.bias?.tensor ?? null;
    if (tensors.length <= 1) return linear(input, this.weight.tensor, bias, this.#options);
    return scope(() => {
      let first = 0;
      const outputs = tensors.map((weight) => {
        const count = weight.shape[1] ?? 1;
        const share = bias === null ? null : slice(bias, [first], [count]);
        first += count;
        return linear(input, weight, share, this.#options);
      });
      return concat(outputs, -1);
    });
  }
}
