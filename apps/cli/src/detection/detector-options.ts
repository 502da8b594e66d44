/*
 * The options by which a command gets a detector, and the detector. `--weights` is the classifier's
 * file here; the transformation model's is `--model-weights`.
 */
import {
  type ChannelOrder,
  type ClassifierTensors,
  LGradDetector,
  type SizeMode,
  sizeModes,
} from "@fauxgrad/lgrad";
import { readCheckpoint } from "@fauxgrad/models/checkpoint";
import type { ResizeFilter } from "@fauxgrad/models/transforms";
import { type Command, Option } from "commander";
import { readWholeFile } from "../session/files.ts";
import {
  checkNetwork,
  findNetwork,
  loadTransformer,
  type NetworkOptions,
} from "../session/network.ts";
import { deviceLine, type GlobalOptions, type GpuSession, openGpu } from "../session/open-gpu.ts";
import { CommandLineError } from "../terminal/errors.ts";
import { parseCount, parseSeed, parseSetting } from "../terminal/parse.ts";

/** What the commands that detect have in common. */
export interface DetectorCommandOptions extends GlobalOptions {
  readonly weights: string;
  readonly section?: string;
  readonly model?: string;
  readonly modelWeights?: string;
  readonly modelSection?: string;
  readonly randomInit?: number;
  readonly set?: Readonly<Record<string, string>>;
  readonly size?: number;
  readonly resize: ResizeFilter;
  readonly sizes: SizeMode;
  readonly channelOrder: ChannelOrder;
  readonly batchSize?: number;
  readonly maxPixels?: number;
}

/** Images at once where nothing is said: a software adapter gains nothing from more than one. */
const BATCH = { software: 1, hardware: 8 } as const;

/** Adds the options of {@link DetectorCommandOptions}. */
export function addDetectorOptions(command: Command): Command {
  const choice = (flags: string, description: string, choices: readonly string[]) =>
    new Option(flags, description).choices(choices).default(choices[0]);
  return command
    .requiredOption("--weights <file>", "the classifier: a ResNet-50 with one logit")
    .option("--section <name>", "which of several networks in the classifier's file")
    .option("--model <arch>", "the transformation model: fauxgrad models lists them")
    .option("--model-weights <file>", "its weights: .pth, .pt or .safetensors")
    .option("--model-section <name>", "which of several networks in the model's file")
    .addOption(
      new Option("--random-init <seed>", "random weights for the model instead")
        .argParser(parseSeed)
        .conflicts("modelWeights"),
    )
    .addOption(
      new Option("--set <key=value>", "an option of the model; may be given several times")
        .argParser(parseSetting)
        .default({}, "none"),
    )
    .option("--size <n>", "side of the model's input, where it takes several", parseCount)
    .addOption(choice("--resize <filter>", "Pillow's filter", ["bilinear", "bicubic"]))
    .addOption(choice("--sizes <mode>", "what is done to images of another size", sizeModes))
    .addOption(
      choice("--channel-order <order>", "of the gradient that the classifier sees", ["rgb", "bgr"]),
    )
    .option("--batch-size <n>", "images at once; results do not depend on it", parseCount)
    .option("--max-pixels <n>", "refuse larger images undecoded (default: 89478485)", parseCount);
}

/**
 * Complains about the transformation model before anything is opened.
 *
 * @throws {CommandLineError} if there is none of that name, or it has no weights
 */
export function checkTransformation(options: DetectorCommandOptions): string {
  if (options.model === undefined) {
    throw new CommandLineError(
      "there is no transformation model, which makes the gradients\n" +
        "Pass --model ARCH with --model-weights FILE; fauxgrad models lists them.",
    );
  }
  const { model } = options;
  return inOurWords(() => checkNetwork(model, networkOptions(options)));
}

/** A detector on a device. */
export interface OpenDetector {
  readonly session: GpuSession;
  readonly detector: LGradDetector;
  /** `stylegan, 256 x 256, weights of S.pth` */
  readonly transformation: string;
  /** The device's line. */
  readonly device: string;
  readonly batchSize: number;
  close(): void;
}

/**
 * Opens the device and puts both networks on it.
 *
 * @throws {CommandLineError} as {@link checkTransformation}
 * @throws {FileError} if a file of weights cannot be read
 * @throws {CheckpointError} if weights do not fit
 */
export async function openDetector(options: DetectorCommandOptions): Promise<OpenDetector> {
  const { size, resize: filter, sizes, channelOrder } = options;
  const model = checkTransformation(options);
  const session = await openGpu(options);
  const weights = await readClassifier(options);
  const network = await findNetwork(model, networkOptions(options));
  const transformer = loadTransformer(session.gpu, network, {
    ...(size === undefined ? {} : { size }),
    filter,
  });
  const batchSize = batchSizeOf(options, session);
  const detector = LGradDetector.create(
    session.gpu,
    { transformation: transformer, classifier: { weights } },
    { sizes, channelOrder, batchSize },
  );
  const side = transformer.size;
  return {
    session,
    detector,
    transformation: `${network.name}, ${side} x ${side}, ${network.origin}`,
    device: deviceLine(session.info),
    batchSize,
    close: () => {
      detector.dispose();
      transformer.dispose();
      session.close();
    },
  };
}

/** The number of images at once that was asked for, or that suits the device. */
export function batchSizeOf({ batchSize }: DetectorCommandOptions, { info }: GpuSession): number {
  return batchSize ?? BATCH[info.isSoftware ? "software" : "hardware"];
}

/** The classifier's tensors. */
export async function readClassifier({
  weights,
  section,
}: DetectorCommandOptions): Promise<ClassifierTensors> {
  const bytes = await readWholeFile(weights, "the classifier's weights");
  return readCheckpoint(bytes, section === undefined ? {} : { section }).tensors;
}

function networkOptions(options: DetectorCommandOptions): NetworkOptions {
  const { modelWeights, modelSection, randomInit, set } = options;
  return {
    ...(modelWeights === undefined ? {} : { weights: modelWeights }),
    ...(modelSection === undefined ? {} : { section: modelSection }),
    ...(randomInit === undefined ? {} : { randomInit }),
    ...(set === undefined ? {} : { set }),
  };
}

/** What other commands call --weights is --model-weights here. */
function inOurWords<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    const message = error.message.replace(/--(weights|section)\b/g, "--model-$1");
    throw new CommandLineError(message, { cause: error });
  }
}
