// Loss and score against float64 loops and their differences; the objective against the loss.
import { ForensicTransfer } from "@fauxgrad/models";
import { affine, ShapeError, scope, type Tensor, tensor } from "@fauxgrad/tensor";
import { numericalGradient, randomFloats } from "@fauxgrad/testing";
import {
  ForensicTransferObjective,
  forensicTransferActivations,
  forensicTransferLoss,
  forensicTransferScore,
} from "./forensic-transfer.ts";
import { expect, test } from "./test-gpu.ts";

const LABELS = [1, 0, 1];
const LATENT = [3, 2, 2, 4] as const;
const IMAGES = [3, 4, 4, 3] as const;
const LATENT_SIZE = 3 * 2 * 2 * 4;
const IMAGE_SIZE = 3 * 4 * 4 * 3;

interface Options {
  readonly activationDivisor: number;
  readonly reconstructionWeight: number;
}

/** §5.2 in plain loops, NHWC. */
function lossReference(
  latent: ArrayLike<number>,
  reconstruction: ArrayLike<number>,
  input: ArrayLike<number>,
  { activationDivisor, reconstructionWeight }: Options,
): number {
  let total = 0;
  for (let n = 0; n < 3; n += 1) {
    for (let c = 0; c < 4; c += 1) {
      let activation = 0;
      for (let at = 0; at < 4; at += 1) activation += Math.abs(latent[(n * 4 + at) * 4 + c]!);
      activation /= activationDivisor;
      const isOwn = c >= 2 === (LABELS[n] === 1);
      total += isOwn ? Math.abs(1 - activation) : activation;
    }
  }
  let error = 0;
  for (let i = 0; i < IMAGE_SIZE; i += 1) error += Math.abs(reconstruction[i]! - input[i]!);
  return total + (reconstructionWeight * error) / IMAGE_SIZE;
}

const latentValues = randomFloats(LATENT_SIZE, 1);
const reconstructionValues = randomFloats(IMAGE_SIZE, 2);
const inputValues = randomFloats(IMAGE_SIZE, 3).map(Math.abs) as Float32Array<ArrayBuffer>;

// The divisor 1 takes some activations beyond 1, where the sign of the first term turns.
test.for<Options>([
  { activationDivisor: 225, reconstructionWeight: 0.1 },
  { activationDivisor: 1, reconstructionWeight: 3 },
])("loss and gradients, $activationDivisor and $reconstructionWeight", async (options, { gpu }) => {
  await scope(async () => {
    const leaf = (values: Float32Array<ArrayBuffer>, shape: readonly number[]) =>
      tensor(gpu, values, shape, { requiresGrad: true });
    const latent = leaf(latentValues, LATENT);
    const reconstruction = leaf(reconstructionValues, IMAGES);
    const input = tensor(gpu, inputValues, IMAGES);
    const loss = forensicTransferLoss(latent, reconstruction, input, LABELS, options);
    const expected = lossReference(latentValues, reconstructionValues, inputValues, options);
    // No term of either sum is above 4; 12 activations of 4 terms each, 144 differences.
    const terms = 12 * 8 + 144 + 4;
    const bound = { data: Float64Array.of(expected), magnitude: Float64Array.of(48), shape: [] };
    expect(await loss.read()).toMatchReference(bound, { terms });

    loss.backward();
    const byLatent = numericalGradient(
      (at) => lossReference(at, reconstructionValues, inputValues, options),
      latentValues,
    );
    const byImage = numericalGradient(
      (at) => lossReference(latentValues, at, inputValues, options),
      reconstructionValues,
    );
    // A sign and one or two products; differences are exact to 4e-11 of the loss over the step.
    for (const [grad, data, shape] of [
      [latent.grad, byLatent, LATENT],
      [reconstruction.grad, byImage, IMAGES],
    ] as const) {
      const magnitude = data.map(() => 1);
      expect(await grad!.read()).toMatchReference({ data, magnitude, shape }, { terms: 4 });
    }
    latent.zeroGrad();
    reconstruction.zeroGrad();
  });
});

test("the score is the fake half's share", () => {
  expect(forensicTransferScore([1, 1, 3, 3])).toBe(0.75);
  expect(forensicTransferScore([2, 0, 0, 0])).toBe(0);
  expect(forensicTransferScore([0, 0, 0.5, -0.5])).toBe(1);
  expect(forensicTransferScore(new Float32Array(128))).toBe(0.5);
});

/** A network with its images, small. */
function networkOn(gpu: Tensor["gpu"]) {
  const network = new ForensicTransfer();
  network.to(gpu, { seed: 5 });
  const shape = [3, 16, 16, 3] as const;
  const values = randomFloats(3 * 16 * 16 * 3, 9).map(Math.abs) as Float32Array<ArrayBuffer>;
  return { network, input: tensor(gpu, values, shape), labels: { own: LABELS } };
}

test("the objective is the loss, its outputs hold what loss and score are made from", async ({
  gpu,
}) => {
  await scope(async () => {
    const { network, input } = networkOn(gpu);
    const objective = new ForensicTransferObjective(network);
    const labels = { own: LABELS, partner: null, ownWeight: 1 };
    network.train();
    const { loss, outputs } = objective.partOf({ input, labels, begin: 0 });
    const { latent, reconstruction } = network.forward(input, LABELS);
    const direct = forensicTransferLoss(latent, reconstruction, input, LABELS);
    const read = await outputs.read();
    expect(outputs.shape).toEqual([3, 129]);
    const activations = await forensicTransferActivations(latent, 225).read();
    const fromOutputs = LABELS.reduce((total, label, i) => {
      const row = activations.subarray(i * 128, (i + 1) * 128);
      expect(read.subarray(i * 129, i * 129 + 128)).toEqual(row);
      expect(objective.score(read, i)).toBe(forensicTransferScore(row) - 0.5);
      const error = 0.1 * read[i * 129 + 128]!;
      return total + objective.loss(read, i, label) - error + error / 3;
    }, 0);
    const values = [await loss.read(), await direct.read()].map((each) => each[0]!);
    // Sums of 384 terms of at most about 1, in any order.
    for (const value of values) {
      expect(Math.abs(value - fromOutputs)).toBeLessThan(384 * 2 ** -24 * Math.abs(fromOutputs));
    }
    network.dispose();
  });
});

test("parts of a batch add up to the whole's loss where the moments are fixed", async ({ gpu }) => {
  await scope(async () => {
    const { network, input } = networkOn(gpu);
    network.eval();
    const objective = new ForensicTransferObjective(network);
    const labels = { own: LABELS, partner: null, ownWeight: 1 };
    const values = await input.read();
    const part = (begin: number, end: number) => {
      const piece = values.slice(begin * 768, end * 768) as Float32Array<ArrayBuffer>;
      const tensorOf = tensor(gpu, piece, [end - begin, 16, 16, 3]);
      const { loss } = objective.partOf({ input: tensorOf, labels, begin });
      return affine(loss, (end - begin) / 3).read();
    };
    const [whole, first, second] = await Promise.all([part(0, 3), part(0, 1), part(1, 3)]);
    const sum = first[0]! + second[0]!;
    expect(Math.abs(sum - whole[0]!)).toBeLessThan(384 * 2 ** -24 * sum);
    // Where the authors validate, the fake half is decoded.
    const evaluated = objective.outputs(input);
    const asFake = objective.partOf({ input, labels: { ...labels, own: [1, 1, 1] }, begin: 0 });
    expect(await evaluated.read()).toEqual(await asFake.outputs.read());
    network.dispose();
  });
});

test("what does not fit is told", ({ gpu }) => {
  scope(() => {
    const latent = tensor(gpu, new Float32Array(LATENT_SIZE), LATENT);
    const images = tensor(gpu, new Float32Array(IMAGE_SIZE), IMAGES);
    const message = (labels: string) =>
      "forensicTransferLoss: latent maps, images and labels do not fit\n" +
      "  latent          [3, 2, 2, 4]\n  reconstruction  [3, 4, 4, 3]\n" +
      `  input           [3, 4, 4, 3]\n  labels          ${labels}\n` +
      "Pass [N, h, w, C] with even C, two times [N, H, W, 3], and N labels that are 0 or 1.";
    for (const [labels, text] of [
      [[1, 0], "1, 0 (2 in all)"],
      [[1, 0, 2], "1, 0, 2 (3 in all)"],
    ] as const) {
      expect(() => forensicTransferLoss(latent, images, images, labels)).toThrow(
        new ShapeError(message(text)),
      );
    }
  });
});
