import {
  EfficientNet,
  PgganDiscriminator,
  ResNet,
  Stylegan2Discriminator,
  StyleganDiscriminator,
} from "@fauxgrad/models";
import type { Layer } from "@fauxgrad/tensor/nn";

/** A network as the bench knows it. */
export interface BenchNetwork {
  readonly title: string;
  /** Side of the images. */
  readonly size: number;
  /** Learns to tell classes, or one score; decides loss and optimiser of a training step. */
  readonly output: "classes" | "score";
  /** A description for images of this side. */
  create(size: number): Layer;
}

function classifier(title: string, create: () => Layer, size = 224): BenchNetwork {
  return { title, size, output: "classes", create };
}

function discriminator(
  title: string,
  make: (options: { readonly resolution: number }) => Layer,
  size = 256,
): BenchNetwork {
  return { title, size, output: "score", create: (resolution) => make({ resolution }) };
}

/** The networks, by the names that `--filter` sees. */
export const networks = {
  resnet50: classifier("ResNet-50", () => new ResNet("resnet50")),
  efficientnet: classifier("EfficientNet-B0", () => new EfficientNet({ form: "torchvision" })),
  efficientnetTgd: classifier("T-GD EfficientNet-B0", () => new EfficientNet({ form: "tgd" }), 128),
  resnext50: classifier("ResNeXt-50", () => new ResNet("resnext50_32x4d")),
  pggan: discriminator("ProGAN", (sizes) => new PgganDiscriminator(sizes)),
  stylegan128: discriminator("StyleGAN", (sizes) => new StyleganDiscriminator(sizes), 128),
  stylegan256: discriminator("StyleGAN", (sizes) => new StyleganDiscriminator(sizes)),
  stylegan2: discriminator("StyleGAN2", (sizes) => new Stylegan2Discriminator(sizes)),
} as const satisfies Record<string, BenchNetwork>;

/** A network's name in the bench. */
export type NetworkName = keyof typeof networks;
