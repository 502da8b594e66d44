import { flatten } from "../ops/reshape.ts";
import type { Tensor } from "../tensor.ts";
import { type Layer, Module } from "./module.ts";

/**
 * Layers one after the other, named `0`, `1`, …. What is passed between them is freed as soon as
 * the next layer is done; what the backward needs of it, the graph keeps.
 *
 * @see torch.nn.Sequential
 */
export class Sequential<L extends readonly Layer[] = readonly Layer[]> extends Module {
  readonly layers: L;

  constructor(...layers: L) {
    super();
    this.layers = layers;
  }

  override *members(): Iterable<readonly [string, Layer]> {
    for (const [i, layer] of this.layers.entries()) yield [`${i}`, layer];
  }

  forward(input: Tensor): Tensor {
    let current = input;
    for (const layer of this.layers) {
      const next = layer.forward(current);
      if (current !== input && current !== next) current.dispose();
      current = next;
    }
    return current;
  }
}

/** Passes its input on: what stands in for a layer that was taken out. @see torch.nn.Identity */
export class Identity extends Module {
  forward(input: Tensor): Tensor {
    return input;
  }
}

/** `[N, H, W, C]` to `[N, H·W·C]`; see `flatten` for the order. @see torch.nn.Flatten */
export class Flatten extends Module {
  forward(input: Tensor): Tensor {
    return flatten(input);
  }
}
