import type { Discriminator } from "@fauxgrad/models";
import { affine, scope, type Tensor, UsageError } from "@fauxgrad/tensor";
import { type Member, Module } from "@fauxgrad/tensor/nn";

/**
 * A discriminator as a classifier whose class 1 is fake: `z = −D(x)`, `[N, R, R, 3]` to `[N, 1]`.
 *
 * The cross-entropy of `z` is the discriminator's side of the non-saturating logistic loss,
 * `ln(1 + e^D(x))` of a fake image and `ln(1 + e^−D(x))` of a real one. Its state dict is the
 * discriminator's: the same parts under the same names.
 *
 * @see Goodfellow et al., "Generative Adversarial Nets", 2014, section 3; Karras et al., StyleGAN,
 *   2019, appendix C, which adds R1. R1 differentiates twice, and is not here.
 */
export class FakeLogit extends Module {
  readonly #discriminator: Discriminator;

  /** @throws {UsageError} if the discriminator has several outputs, as conditional ones do */
  constructor(discriminator: Discriminator) {
    super();
    const { family, architecture } = discriminator;
    if (architecture.scores !== 1) {
      throw new UsageError(
        `${family}: ${architecture.scores} outputs, and one is trained\n` +
          "Leave labelSize out: the images have no classes beside real and fake.",
      );
    }
    this.#discriminator = discriminator;
  }

  override *members(): Iterable<readonly [string, Member]> {
    yield* this.#discriminator.members();
  }

  forward(images: Tensor): Tensor {
    return scope(() => affine(this.#discriminator.forward(images), -1));
  }
}
