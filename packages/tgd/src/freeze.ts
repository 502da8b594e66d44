import { Bottleneck, MobileBlock, SmallCnn } from "@fauxgrad/models";
import { UsageError } from "@fauxgrad/tensor";
import { Conv2d, type Module, type Parameter } from "@fauxgrad/tensor/nn";

/**
 * Freezes what General Transfer freezes: everything up to the first convolution of the second to last
 * block. What learns is the rest of that block, the last one, and what follows them.
 *
 * In EfficientNet-B0 these are the authors' first 183 tensors: stem, blocks 0 to 13 and the expansion
 * of block 14; 1 498 722 parameters learn. For ResNeXt-50 the authors have no rule. It has 16 blocks
 * as well, and the same one freezes up to `layer4.1.conv1`. Of the small network of four convolutions
 * each is a block: all up to `conv3` are frozen.
 *
 * @returns names of the frozen parameters, in order
 * @throws {UsageError} if the network does not consist of such blocks, or of fewer than two
 */
export function freezeForGeneralTransfer(network: Module): string[] {
  const isBlock =
    network instanceof SmallCnn
      ? (module: Module) => module instanceof Conv2d
      : (module: Module) => module instanceof MobileBlock || module instanceof Bottleneck;
  const blocks = [...network.modules()].filter(isBlock);
  const lastFrozen = blocks.at(-2)?.parameters()[0];
  if (lastFrozen === undefined) {
    throw new UsageError(
      `freezeForGeneralTransfer: ${network.constructor.name} has ${blocks.length} blocks\n` +
        "Pass an EfficientNet or a ResNet of two blocks or more.",
    );
  }
  const frozen: string[] = [];
  for (const [name, parameter] of network.namedParameters()) {
    frozen.push(name);
    freeze(parameter);
    if (parameter === lastFrozen) break;
  }
  return frozen;
}

function freeze(parameter: Parameter): void {
  parameter.requiresGrad = false;
}
