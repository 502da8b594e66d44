import {
  type Conv2dJob,
  type Images,
  isDepthwise,
  type Job,
  type MatmulJob,
  type NormJob,
  type Pass,
  type ResizeJob,
  type RowsJob,
  type StandardizeJob,
  type Weight,
} from "./jobs.ts";

/** One line of the report. */
export interface Case {
  readonly name: string;
  readonly job: Job;
  /** Whether `--quick` runs it. */
  readonly quick: boolean;
  /** For a GPU: measured only where a filter asks for it. */
  readonly large?: boolean;
}

/** Values of the largest convolution of a ResNet-50 or a discriminator: 512 → 512, 3×3. */
const LARGEST = 3 * 3 * 512 * 512;

const PASSES: readonly Pass[] = ["forward", "gradInput", "gradWeight"];

/** How each pass is called in a case's name. */
export const PASS_NAMES: Readonly<Record<Pass, string>> = {
  forward: "forward",
  gradInput: "data gradient",
  gradWeight: "weight gradient",
};

interface Layer {
  readonly network: string;
  /** Size of the input image. */
  readonly size: number;
  readonly channels: readonly [input: number, output: number];
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
  readonly quick?: boolean;
}

/** Layers as the papers' tables have them; one image. */
const LAYERS: readonly Layer[] = [
  { network: "ResNet-50", size: 224, channels: [3, 64], kernel: 7, stride: 2 },
  { network: "ResNet-50", size: 56, channels: [64, 64], kernel: 3, quick: true },
  { network: "ResNet-50", size: 28, channels: [128, 128], kernel: 3 },
  { network: "ResNet-50", size: 14, channels: [256, 256], kernel: 3, quick: true },
  { network: "ResNet-50", size: 7, channels: [512, 512], kernel: 3 },
  { network: "ResNet-50", size: 56, channels: [128, 128], kernel: 3, stride: 2 },
  { network: "ResNet-50", size: 56, channels: [256, 64], kernel: 1 },
  { network: "ResNet-50", size: 56, channels: [64, 256], kernel: 1 },
  { network: "StyleGAN", size: 256, channels: [3, 64], kernel: 1 },
  { network: "StyleGAN", size: 256, channels: [64, 64], kernel: 3 },
  // 512 channels and the minibatch's standard deviation.
  { network: "StyleGAN", size: 4, channels: [513, 512], kernel: 3 },
  { network: "EfficientNet-B0", size: 112, channels: [32, 32], kernel: 3, groups: 32 },
  { network: "EfficientNet-B0", size: 112, channels: [96, 96], kernel: 3, stride: 2, groups: 96 },
  {
    network: "EfficientNet-B0",
    size: 56,
    channels: [144, 144],
    kernel: 3,
    groups: 144,
    quick: true,
  },
  { network: "EfficientNet-B0", size: 56, channels: [144, 144], kernel: 5, stride: 2, groups: 144 },
  { network: "EfficientNet-B0", size: 14, channels: [672, 672], kernel: 5, groups: 672 },
  { network: "ResNeXt-50", size: 56, channels: [128, 128], kernel: 3, groups: 32 },
  { network: "ResNeXt-50", size: 14, channels: [512, 512], kernel: 3, groups: 32 },
];

function convCases(layer: Layer): Case[] {
  const { network, size, channels, kernel, stride = 1, groups = 1, quick = false } = layer;
  const [c, o] = channels;
  const input: Images = [1, size, size, c];
  const weight: Weight = [kernel, kernel, c / groups, o];
  const padding = (kernel - 1) / 2;
  return PASSES.map((pass) => {
    const job: Conv2dJob = { op: "conv2d", pass, input, weight, stride, padding, groups };
    const kind = isDepthwise(job) ? "depthwise" : groups > 1 ? `conv/${groups}` : "conv";
    const step = stride === 1 ? "" : `/${stride}`;
    const shape = `${kind} ${kernel}×${kernel}${step} ${c}→${o} @${size}`;
    return { name: `${network} ${shape} ${PASS_NAMES[pass]}`, job, quick };
  });
}

function matmulCases(size: number, quick: boolean): Case[] {
  return PASSES.map((pass) => {
    const job: MatmulJob = { op: "matmul", pass, m: size, k: size, n: size };
    return { name: `matmul ${size}³ ${PASS_NAMES[pass]}`, job, quick: quick && pass === "forward" };
  });
}

/** Forward passes in f16, for inference; each is timed beside the same in f32. */
function halfCases(entries: readonly Case[]): Case[] {
  return entries.flatMap(({ name, job, large = false }) => {
    if ((job.op !== "conv2d" && job.op !== "matmul") || job.pass !== "forward") return [];
    return [{ name: `f16 ${name}`, job: { ...job, half: true }, quick: false, large }];
  });
}

const HALVES: readonly Case[] = halfCases([
  ...LAYERS.filter(({ network, size, kernel }) => {
    return network === "ResNet-50" && size === 56 && kernel < 7;
  }).flatMap(convCases),
  ...LAYERS.filter(({ channels }) => channels[0] === 144).flatMap(convCases),
  ...matmulCases(512, false),
  ...matmulCases(4096, false).map((entry) => ({ ...entry, large: true })),
]);

const OTHERS: readonly Case[] = [
  {
    name: "ResNet-50 max-pool 3×3/2 64 @112",
    job: { op: "maxPool2d", input: [1, 112, 112, 64], kernelSize: 3, stride: 2, padding: 1 },
    quick: false,
  },
  {
    name: "ResNet-50 global average 2048 @7",
    job: { op: "globalAverage", input: [1, 7, 7, 2048] },
    quick: false,
  },
  {
    name: "ResNet-50 ReLU 256 @56",
    job: { op: "relu", input: [1, 56, 56, 256] },
    quick: true,
  },
  {
    name: "ResNet-50 residual sum 256 @56",
    job: { op: "add", input: [1, 56, 56, 256] },
    quick: false,
  },
  {
    name: "ResNet-50 sum of channels 256 @56",
    job: { op: "sumChannels", input: [1, 56, 56, 256] },
    quick: false,
  },
  {
    name: "StyleGAN blur 4×4 64 @256",
    job: { op: "blur", input: [1, 256, 256, 64] },
    quick: false,
  },
];

/** Forward and backward of the same. */
function bothPasses<J extends Job & { readonly pass: "forward" | "gradInput" }>(
  name: string,
  job: Omit<J, "pass">,
): Case[] {
  return (["forward", "gradInput"] as const).map((pass) => {
    const whole = { ...job, pass } as unknown as J;
    const title = pass === "forward" ? "forward" : "backward";
    return { name: `${name} ${title}`, job: whole, quick: false };
  });
}

const NORMS: readonly Case[] = [
  ...bothPasses<NormJob>("ResNet-50 batch norm in training 256 @56", {
    op: "norm",
    kind: "batch",
    input: [1, 56, 56, 256],
    groups: 1,
  }),
  ...bothPasses<NormJob>("ResNet-50 batch norm in evaluation 256 @56", {
    op: "norm",
    kind: "batch-eval",
    input: [1, 56, 56, 256],
    groups: 1,
  }),
  ...bothPasses<NormJob>("T-GD EfficientNet-B0 group norm/8 144 @32", {
    op: "norm",
    kind: "group",
    input: [1, 32, 32, 144],
    groups: 8,
  }),
  ...bothPasses<NormJob>("ViT-B/16 layer norm 768 @14", {
    op: "norm",
    kind: "layer",
    input: [1, 14, 14, 768],
    groups: 1,
  }),
  ...bothPasses<StandardizeJob>("T-GD EfficientNet-B0 weight standardisation 1×1 320→1280", {
    op: "standardize",
    weight: [1, 1, 320, 1280],
  }),
];

const REST: readonly Case[] = [
  ...bothPasses<RowsJob>("ViT-B/16 softmax 2364 × 197", {
    op: "softmax",
    rows: 12 * 197,
    columns: 197,
  }),
  ...bothPasses<RowsJob>("ResNet-50 cross-entropy 16 × 1000", {
    op: "crossEntropy",
    rows: 16,
    columns: 1000,
  }),
  { name: "ResNet-50 SGD with momentum, 2 steps", job: { op: "sgd", size: LARGEST }, quick: false },
  { name: "StyleGAN Adam, 2 steps", job: { op: "adam", size: LARGEST }, quick: false },
  {
    name: "EfficientNet-B0 dropout 16 × 1280",
    job: { op: "dropout", input: [16, 1, 1, 1280] },
    quick: false,
  },
  ...bothPasses<ResizeJob>("DeepLabV3 resize 21 @65→520", {
    op: "resize",
    input: [1, 65, 65, 21],
    size: 520,
  }),
  {
    name: "StyleGAN minibatch deviation 16 × 512 @4",
    job: { op: "minibatchStddev", input: [16, 4, 4, 512], groupSize: 4 },
    quick: false,
  },
  {
    name: "ResNet-50 max-pool 3×3/2 64 @112 backward",
    job: { op: "maxPoolGrad", input: [1, 112, 112, 64] },
    quick: false,
  },
  {
    name: "ResNet-50 global average 2048 @7 backward",
    job: { op: "globalAverageGrad", input: [1, 7, 7, 2048] },
    quick: false,
  },
  {
    name: "ProGAN mean of 2×2 64 @256 backward",
    job: { op: "meanPoolGrad", input: [1, 256, 256, 64] },
    quick: false,
  },
];

/** Everything that `bench kernels` knows. */
export const CASES: readonly Case[] = [
  ...LAYERS.flatMap(convCases),
  ...matmulCases(512, true),
  ...matmulCases(1024, false),
  ...matmulCases(4096, false).map((entry) => ({ ...entry, large: true })),
  ...HALVES,
  ...OTHERS,
  ...NORMS,
  ...REST,
];
