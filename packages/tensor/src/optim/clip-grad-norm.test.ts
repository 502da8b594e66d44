import { UsageError } from "@fauxgrad/kernels";
import { tensor, zeros } from "../factories.ts";
import { scope } from "../scope.ts";
import { expect, test } from "../test-gpu.ts";
import { clipGradNorm } from "./clip-grad-norm.ts";
import recorded from "./fixtures/optimizers.json" with { type: "json" };

test("gradients are scaled as PyTorch scales them, and only if they are too long", async ({
  gpu,
}) => {
  await scope(async () => {
    for (const { maxNorm, norm, gradients } of recorded.clip) {
      const tensors = gradients.map((_, i) => {
        const leaf = zeros(gpu, [5], { requiresGrad: true });
        leaf.backward(tensor(gpu, recorded.gradients[i]!, [5]));
        return leaf;
      });
      const without = zeros(gpu, [5], { requiresGrad: true });
      const found = await clipGradNorm([...tensors, without], maxNorm).item();
      // A sum of ten squares and a root; then a sum, a quotient (2.5 ulps) and two products.
      expect(Math.abs(found - norm)).toBeLessThan(8 * 2 ** -24 * norm);
      for (const [i, leaf] of tensors.entries()) {
        const data = Float64Array.from(gradients[i]!);
        const reference = { data, shape: [5] };
        expect(await leaf.grad!.read()).toMatchReference(reference, { terms: 11, ulps: 3 });
      }
      expect(without.grad).toBeNull();
    }
  });
});

test("without any gradient it says so", ({ gpu }) => {
  scope(() => {
    const leaf = zeros(gpu, [5], { requiresGrad: true });
    expect(() => clipGradNorm([leaf], 1)).toThrow(
      new UsageError(
        "clipGradNorm: none of the parameters has a gradient\nCall backward() before it.",
      ),
    );
  });
});
