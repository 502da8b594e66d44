import path from "node:path";
import { type HostTensor, writeSafetensors } from "@fauxgrad/models/checkpoint";
import type { RgbImage } from "@fauxgrad/models/transforms";
import {
  fitLogistic,
  logisticFromTensors,
  logisticLogit,
  logisticTensors,
  measure,
  radialSpectrum,
} from "@fauxgrad/training";
import type { Command } from "commander";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { DecodePool, isDecoded } from "../io/decode-pool.ts";
import { fileError } from "../session/files.ts";
import { setAction } from "../terminal/command.ts";
import { exitCodes, FileError } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { print, printJson } from "../terminal/output.ts";
import { parseNames, parsePositive } from "../terminal/parse.ts";
import { startProgress } from "../terminal/progress.ts";
import { plural } from "../terminal/units.ts";
import { findImages, type TrainingImage } from "../training/training-images.ts";

interface SpectrumOptions {
  readonly out: string;
  readonly classes?: readonly string[];
  readonly inverseStrength: number;
  readonly json?: boolean;
}

const DETAILS = `
The baseline without a network: how strong each spatial frequency of a square image is, whatever its
direction, and logistic regression on these numbers. It has no seed: its minimum is one point.

DATA holds train/CLASS/{0_real,1_fake} and val/CLASS/{0_real,1_fake}, squares of one size, whose side
is a power of two. FILE gets the coefficients as safetensors.

Example:
  fauxgrad spectrum dataset/ --classes isr-gans --out runs/spectrum.safetensors`;

/** `fauxgrad spectrum` */
export function addSpectrum(program: Command): void {
  const command = program
    .command("spectrum")
    .summary("fit a baseline: logistic regression on radial spectra")
    .description("Fits logistic regression to the radial spectra of real and fake images.")
    .argument("<data>", "the folder that holds train and val")
    .requiredOption("--out <file>", "where the coefficients go, FILE.safetensors")
    .option("--classes <names>", "only these classes, with commas between", parseNames)
    .option("--inverse-strength <c>", "of the loss beside the L2 penalty", parsePositive, 1)
    .option("--json", "print a summary as JSON")
    .addHelpText("after", DETAILS);
  setAction<SpectrumOptions>(command, spectrum);
}

async function spectrum([data]: readonly string[], options: SpectrumOptions): Promise<number> {
  const { classes = null, inverseStrength, out } = options;
  const found = await findImages({ data: path.resolve(data!), classes, recipe: { seed: 0 } });
  const train = await spectraOf(found.train);
  const side = 2 * (train.rows[0]?.length ?? 0);
  const labels = train.images.map(({ label }) => label);
  const tensors = logisticTensors(fitLogistic(train.rows, labels, { inverseStrength }));
  const told = { side, inverseStrength, images: train.images.length };
  await write(out, tensors, { format: "fauxgrad-spectrum-1", ...told });
  const val = await spectraOf(found.val);
  // As they are in the file.
  const model = logisticFromTensors(tensors, side / 2);
  const validation =
    val.rows.length === 0
      ? null
      : measure(
          val.images.map(({ label }) => label),
          val.rows.map((row) => logisticLogit(model, row)),
          { ranking: "logit" },
        );
  if (options.json === true) printJson({ out, ...told, validation });
  else {
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    const validated =
      validation === null
        ? ""
        : `, validation accuracy ${percent(validation.accuracy)}, ` +
          `AUROC ${percent(validation.rocAuc)}`;
    print(`fitted to ${plural(told.images, "image")} of ${side} x ${side}${validated}, ${out}`);
  }
  return exitCodes.ok;
}

/** Images, and what the regression sees of them. */
interface Spectra {
  readonly images: readonly TrainingImage[];
  readonly rows: readonly Float64Array[];
}

/**
 * Spectra of all images, in their order.
 *
 * @throws {FileError} if an image cannot be decoded, or is of another size than the first: a baseline
 *   that leaves images out would not be comparable
 */
async function spectraOf(images: readonly TrainingImage[]): Promise<Spectra> {
  const rows: Float64Array[] = [];
  const pool = new DecodePool();
  const progress = startProgress({ total: images.length, unit: "spectra" });
  try {
    const files = images.map(({ file }) => file);
    for await (const decoded of pool.decode(files, { signal: interruption })) {
      if (!isDecoded(decoded)) throw decoded.error;
      rows.push(spectrumOf(decoded));
      if (rows[0]?.length !== rows.at(-1)?.length) {
        throw new FileError(
          `${decoded.file} is of another size than ${files[0]}\n` +
            "Cut all images to squares of one size: fauxgrad data crops.",
        );
      }
      progress.advance();
    }
  } finally {
    progress.stop();
    await pool.close();
  }
  return { images, rows };
}

function spectrumOf({ file, image }: { readonly file: string; readonly image: RgbImage }) {
  try {
    return radialSpectrum(image);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new FileError(`${file}: ${cause.message}\nfauxgrad data crops cuts images to such.`, {
      cause,
    });
  }
}

async function write(
  file: string,
  tensors: ReadonlyMap<string, HostTensor>,
  told: Readonly<Record<string, string | number>>,
): Promise<void> {
  const metadata = new Map(Object.entries(told).map(([name, value]) => [name, String(value)]));
  try {
    await writeFileAtomic(path.resolve(file), new Uint8Array(writeSafetensors(tensors, metadata)));
  } catch (cause) {
    throw fileError("write", file, cause);
  }
}
