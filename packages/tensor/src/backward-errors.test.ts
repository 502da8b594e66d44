import { UsageError } from "@fauxgrad/kernels";
import { record } from "./autograd.ts";
import { tensor } from "./factories.ts";
import { scope } from "./scope.ts";
import { expect, test } from "./test-gpu.ts";
import { plus, times } from "./test-ops.ts";

test("a second backward is refused, and allowed with retainGraph", async ({ gpu }) => {
  await scope(async () => {
    const x = tensor(gpu, [2], [1], { requiresGrad: true });
    const square = times(x, x);
    square.backward(null, { retainGraph: true });
    square.backward();
    expect(await x.grad!.item()).toBe(8);
    expect(() => square.backward()).toThrow(
      new UsageError(
        "backward: the arrays that times saved were already freed by a backward pass\n" +
          "Pass { retainGraph: true } to the first backward, or run the forward pass again.",
      ),
    );
    expect(await x.grad!.item()).toBe(8);
  });
});

test("a saved array that was written meanwhile is noticed", ({ gpu }) => {
  scope(() => {
    const x = tensor(gpu, [2, 2], [2], { requiresGrad: true });
    const product = times(x, x);
    gpu.write(x.data, [5, 5]);
    const seed = tensor(gpu, [1, 1], [2]);
    expect(() => product.backward(seed)).toThrow(
      new UsageError(
        "backward: an array that times saved was modified after the forward pass\n" +
          "  saved 0  [2], version 1, now 2\n" +
          "Call backward() before the optimizer's step and before writing into arrays.",
      ),
    );
    expect(x.grad).toBeNull();
  });
});

test("a backward that breaks the rules of ownership or shape is named", ({ gpu }) => {
  scope(() => {
    const x = tensor(gpu, [2, 2], [2], { requiresGrad: true });
    const seed = tensor(gpu, [1, 1], [2]);
    const lent = record({
      op: "lender",
      output: x.data.retain(),
      inputs: [x],
      backward: (gradOutput) => [gradOutput],
    });
    expect(() => lent.backward(seed)).toThrow(
      new UsageError(
        "backward of lender: gradient 0 is wrong\n" +
          "  input     [2]\n  gradient  [2], an array that was only lent\n" +
          "Return an array of the input's shape that is new or a retain() of a lent one.",
      ),
    );
    const misshapen = record({
      op: "misshapen",
      output: x.data.retain(),
      inputs: [x],
      backward: (gradOutput) => [gradOutput.reshape([1, 2])],
    });
    expect(() => misshapen.backward(seed)).toThrow("  input     [2]\n  gradient  [1, 2]\n");
  });
});

test("what cannot be differentiated says why", ({ gpu }) => {
  scope(() => {
    const plain = tensor(gpu, [1, 2], [2]);
    expect(() => plain.backward()).toThrow(
      new UsageError(
        "backward: this tensor has no history and does not require a gradient\n" +
          "  tensor  [2]\n" +
          "Set requiresGrad on a leaf before the forward pass, and run it outside noGrad.",
      ),
    );
    plain.requiresGrad = true;
    const sum = plus(plain, plain);
    expect(() => sum.backward()).toThrow(
      new UsageError(
        "backward: a gradient is implied for one element only, this tensor has 2\n" +
          "  tensor  [2]\n" +
          "Reduce it to a scalar (sum, mean), or pass the gradient: backward(gradient).",
      ),
    );
    expect(() => sum.backward(tensor(gpu, [1], [1]))).toThrow(
      "backward: the gradient must have the tensor's shape and f32 elements\n" +
        "  tensor    [2]\n  gradient  [1] f32\nPass ∂loss/∂tensor, one value per element.",
    );
    expect(() => {
      sum.requiresGrad = false;
    }).toThrow("requiresGrad: this tensor was computed by plus, only leaves can be changed");
    expect(() => tensor(gpu, [1], [1], { dtype: "u32", requiresGrad: true })).toThrow(
      "requiresGrad: only f32 tensors have gradients\n  tensor  [1] u32\n",
    );
  });
});

test("an error in the middle of a pass leaves no array behind", ({ gpu }) => {
  scope(() => {
    const x = tensor(gpu, [2], [1], { requiresGrad: true });
    const failing = record({
      op: "failing",
      output: x.data.retain(),
      inputs: [x],
      backward: () => {
        throw new Error("from inside");
      },
    });
    expect(() => plus(failing, plus(x, x)).backward()).toThrow("from inside");
    expect(x.grad).toBeNull();
  });
});
