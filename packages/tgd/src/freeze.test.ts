import { EfficientNet, ResNet, SmallCnn } from "@fauxgrad/models";
import { UsageError } from "@fauxgrad/tensor";
import { Linear } from "@fauxgrad/tensor/nn";
import { expect, test } from "vitest";
import { freezeForGeneralTransfer } from "./freeze.ts";

function learned(network: EfficientNet | ResNet | SmallCnn): [name: string, size: number][] {
  return [...network.namedParameters()]
    .filter(([, { requiresGrad }]) => requiresGrad)
    .map(([name, { size }]) => [name, size]);
}

test("of EfficientNet-B0 the authors' first 183 tensors are frozen", () => {
  const network = new EfficientNet();
  const frozen = freezeForGeneralTransfer(network);
  expect(frozen).toHaveLength(183);
  expect(frozen.at(-1)).toBe("_blocks.14._expand_conv.weight");
  const rest = learned(network);
  expect(rest[0]?.[0]).toBe("_blocks.14._gn0.weight");
  expect(rest.reduce((sum, [, size]) => sum + size, 0)).toBe(1_498_722);
});

test("of ResNeXt-50 everything up to the same place", () => {
  const network = new ResNet("resnext50_32x4d", { form: "tgd" });
  expect(freezeForGeneralTransfer(network).at(-1)).toBe("layer4.1.conv1.weight");
  expect(learned(network).map(([name]) => name)).toEqual(
    [...network.namedParameters().keys()].filter(
      (name) =>
        name.startsWith("layer4.2.") ||
        name.startsWith("fc.") ||
        /^layer4\.1\.(?!conv1)/.test(name),
    ),
  );
});

test("of the small network all but the last convolution and what surrounds it", () => {
  const network = new SmallCnn();
  expect(freezeForGeneralTransfer(network).at(-1)).toBe("conv3.weight");
  expect(learned(network).map(([name]) => name)).toEqual([
    ...["bn3.weight", "bn3.bias", "conv4.weight", "bn4.weight", "bn4.bias"],
    ...["fc.weight", "fc.bias"],
  ]);
});

test("a network without blocks is refused", () => {
  expect(() => freezeForGeneralTransfer(new Linear(2, 2))).toThrow(
    new UsageError(
      "freezeForGeneralTransfer: Linear has 0 blocks\n" +
        "Pass an EfficientNet or a ResNet of two blocks or more.",
    ),
  );
});
