import { gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from "../ops/unary.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `max(x, 0)`. @see torch.nn.ReLU */
export class ReLU extends Module {
  forward(input: Tensor): Tensor {
    return relu(input);
  }
}

/** `gain · (x > 0 ? x : slope · x)`. @see torch.nn.LeakyReLU, which has no gain */
export class LeakyReLU extends Module {
  readonly slope: number;
  readonly gain: number;

  constructor(slope = 0.01, gain = 1) {
    super();
    this.slope = slope;
    this.gain = gain;
  }

  forward(input: Tensor): Tensor {
    return leakyRelu(input, this.slope, this.gain);
  }
}

/** `x · sigmoid(x)`, also called swish. @see torch.nn.SiLU */
export class SiLU extends Module {
  forward(input: Tensor): Tensor {
    return silu(input);
  }
}

/** `1 / (1 + e⁻ˣ)`. @see torch.nn.Sigmoid */
export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return sigmoid(input);
  }
}

/** Hyperbolic tangent. @see torch.nn.Tanh */
export class Tanh extends Module {
  forward(input: Tensor): Tensor {
    return tanh(input);
  }
}

/** `x · Φ(x)`. @see torch.nn.GELU */
export class GELU extends Module {
  forward(input: Tensor): Tensor {
    return gelu(input);
  }
}

/** `ln(1 + eˣ)`. @see torch.nn.Softplus */
export class Softplus extends Module {
  forward(input: Tensor): Tensor {
    return softplus(input);
  }
}
