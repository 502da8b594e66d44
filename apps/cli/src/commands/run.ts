import {
  fromFloat32,
  type HostTensor,
  readSafetensors,
  writeSafetensors,
} from "@fauxgrad/models/checkpoint";
import { type Command, Option } from "commander";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { fileError, isSameFile, readWholeFile } from "../session/files.ts";
import {
  checkNetwork,
  type FoundNetwork,
  findNetwork,
  loadNetwork,
  type NetworkOptions,
  networkOptions,
} from "../session/network.ts";
import { deviceLine, type GlobalOptions, openGpu } from "../session/open-gpu.ts";
import { type RunResult, runNetwork } from "../session/run-network.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError, exitCodes, FileError } from "../terminal/errors.ts";
import { untilInterrupted } from "../terminal/interrupt.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { formatDuration, plural } from "../terminal/units.ts";

interface RunOptions extends GlobalOptions, NetworkOptions {
  readonly input: string;
  readonly output: string;
  readonly gradient?: boolean;
  readonly json?: boolean;
}

/** The input as the file has it. */
interface Images {
  readonly shape: readonly [number, number, number, number];
  readonly data: Float32Array<ArrayBuffer>;
}

const DETAILS = `
The input file holds one tensor called input, F32 [N, 3, H, W], which is fed to the network as it
is: normalise it as fauxgrad models NAME says. The output file gets output, of PyTorch's shape, and
with --gradient input_gradient, [N, 3, H, W]: the gradient of the sum of all outputs.

Example:
  fauxgrad run stylegan --weights W.pth --input X.safetensors --output Y.safetensors --gradient`;

/** `fauxgrad run NAME` */
export function addRun(program: Command): void {
  const command = program
    .command("run")
    .summary("run a network on tensors, to compare with PyTorch")
    .description("Runs a network on the tensors of a file, in evaluation mode.")
    .argument("<arch>", "the network: fauxgrad models lists them")
    .requiredOption("--input <file>", "safetensors with the images")
    .requiredOption("--output <file>", "safetensors to write, replaced if it exists");
  for (const option of networkOptions()) command.addOption(option);
  command
    .option("--gradient", "write the gradient with respect to the input as well")
    .addOption(
      new Option(
        "--minibatch-stddev <mode>",
        "discriminators: each image as if alone (default), or the batch in groups",
      ).choices(["per-sample", "batch"]),
    )
    .option("--json", "print the result as JSON")
    .addHelpText("after", DETAILS);
  setAction<RunOptions>(command, ([arch = ""], options) => run(arch, options));
}

async function run(arch: string, options: RunOptions): Promise<number> {
  const { input, output, gradient = false } = options;
  checkNetwork(arch, options);
  for (const source of [input, options.weights]) {
    if (source !== undefined && (await isSameFile(source, output))) {
      throw new CommandLineError(`--output would replace ${source}\nName another file.`);
    }
  }
  const images = await readImages(input);
  const { gpu, info, close } = await openGpu(options);
  const found = await findNetwork(arch, options);
  const { network } = loadNetwork(gpu, found);
  const began = performance.now();
  // Said in either way, images of a batch see one another.
  const isJoint = [options.minibatchStddev, options.set?.["minibatchStddev"]].includes("batch");
  const result = await untilInterrupted(runNetwork(gpu, network, images, { gradient, isJoint }));
  const ms = performance.now() - began;
  network.dispose();
  close();
  await writeResult(output, result);
  report(found, result, { options, device: deviceLine(info), ms });
  return exitCodes.ok;
}

interface Circumstances {
  readonly options: RunOptions;
  readonly device: string;
  readonly ms: number;
}

function report(
  { name, origin }: FoundNetwork,
  { shape, outputShape, batchSize }: RunResult,
  { options, device, ms }: Circumstances,
): void {
  const { output, gradient = false } = options;
  const [images] = shape;
  const runs = Math.ceil(images / batchSize);
  if (runs > 1)
    note(`The batch did not fit at once: ${batchSize} images at a time, ${runs} times.`);
  if (options.json === true) {
    const tensors = gradient ? ["output", "input_gradient"] : ["output"];
    const seconds = Math.round(ms) / 1000;
    const facts = { input: shape, output, outputShape, tensors, batchSize, seconds };
    printJson({ network: name, origin, device, ...facts });
    return;
  }
  const what = gradient ? "output and input gradient" : "output";
  print(
    `${name}, ${origin}: ${what} of ${plural(images, "image")} ` +
      `in ${formatDuration(ms)} on ${device}\n  ${output}`,
  );
}

async function readImages(file: string): Promise<Images> {
  const { tensors } = readSafetensors(await readWholeFile(file, "the input"));
  const tensor = tensors.get("input");
  if (tensor === undefined) {
    const names = [...tensors.keys()].slice(0, 10).join(", ");
    throw new FileError(
      `${file} holds no tensor called "input"\n  found  ${names || "nothing"}\n` +
        "Save the images under that name.",
    );
  }
  const { dtype, shape } = tensor;
  const [n = 0, c = 0, h = 0, w = 0] = shape;
  if (dtype !== "float32" || shape.length !== 4 || c !== 3 || n * h * w === 0) {
    throw new FileError(
      `${file}: "input" is not what a network takes\n` +
        `  found     ${dtype} [${shape.join(", ")}]\n  expected  float32 [N, 3, H, W]\n` +
        "Convert it, channels first.",
    );
  }
  return { shape: [n, c, h, w], data: tensor.data };
}

async function writeResult(
  file: string,
  { output, outputShape, gradient, shape }: RunResult,
): Promise<void> {
  const tensors = new Map<string, HostTensor>([["output", fromFloat32(output, outputShape)]]);
  if (gradient !== null) tensors.set("input_gradient", fromFloat32(gradient, shape));
  try {
    await writeFileAtomic(file, new Uint8Array(writeSafetensors(tensors)));
  } catch (cause) {
    throw fileError("write", file, cause);
  }
}
