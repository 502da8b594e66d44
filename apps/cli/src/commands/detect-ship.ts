import path from "node:path";
import {
  type DetectorList,
  KNOWN_FAKES,
  LIST_FILE,
  LIST_VERSION,
  type ListedDetector,
  openJudge,
  readDetectorList,
  weightsFiles,
} from "@fauxgrad/detectors";
import type { Command } from "commander";
import {
  findFamiliarity,
  fitDetector,
  THRESHOLD,
  ValidationImages,
} from "../detect/fit-detectors.ts";
import { modelCard } from "../detect/model-card.ts";
import { type PackedDetector, packDetector } from "../detect/pack-weights.ts";
import { readShipSpec, type ShipEntry, type ShipSpec } from "../detect/ship-spec.ts";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { fileError, readTextIfAny } from "../session/files.ts";
import { deviceLine, type GlobalOptions, type GpuSession, openGpu } from "../session/open-gpu.ts";
import { setAction } from "../terminal/command.ts";
import { exitCodes, FileError } from "../terminal/errors.ts";
import { note, print } from "../terminal/output.ts";
import { startProgress } from "../terminal/progress.ts";
import { formatBytes, plural } from "../terminal/units.ts";

interface ShipOptions extends GlobalOptions {
  readonly data: string;
  readonly out: string;
  readonly keep?: boolean;
}

/** Side of the squares. */
const CROP = 128;
/** Of all weights in the repository. */
const MOST_BYTES = 60e6;

const DETAILS = `
For those who maintain the program. SPEC is JSON:

  { "defaults": ["lgrad", "tgd"], "known": ["real", "isr-gans"],
    "detectors": [{ "name": "lgrad", "kind": "lgrad", "title": "LGrad", "fakes": ["isr-gans"],
                    "transformation": "runs/discriminator", "run": "runs/lgrad" }] }

Kinds: lgrad, tgd, plain (lgrad train on images), spectrum. "transformation" is a discriminator's folder,
or "nsfwjs" for the Inception-V3 of that package. DATA holds {train,val}/CLASS/NAME.webp; the first of
"known" is the class of real images. Probabilities are calibrated by the validation images of that class
and of each detector's "fakes", as they are and through JPEG of quality 70 to 95; test images are not
read. DIR gets weights/detectors.json, weights/*.safetensors (float16), and the facts of cards/*.md,
whose other text stays. With --keep only detectors whose files are new are calibrated. The same runs and images give the same bytes on the same device.`;

/** `fauxgrad ship-detectors` */
export function addShipDetectors(program: Command): void {
  const command = program
    .command("ship-detectors", { hidden: true })
    .summary("pack trainings as the detectors that come with the program")
    .description("Packs trainings as the detectors that come with the program.")
    .argument("<spec>", "which trainings become which detectors")
    .requiredOption("--data <dir>", "the folder of train and val, with a folder for each class")
    .requiredOption("--out <dir>", "the folder that gets weights and cards")
    .option("--keep", "keep what DIR says of known images, and of detectors with the same files")
    .addHelpText("after", DETAILS);
  setAction<ShipOptions>(command, ship);
}

async function ship([file]: readonly string[], options: ShipOptions): Promise<number> {
  const { data, out } = options;
  const spec = await readShipSpec(file!);
  const packed = new Map<string, PackedDetector>();
  for (const entry of spec.detectors) packed.set(entry.name, await packDetector(entry));
  const bytes = sizeOf(packed);
  if (bytes > MOST_BYTES) {
    throw new FileError(
      `the weights have ${formatBytes(bytes)}, at most ${formatBytes(MOST_BYTES)} are shipped\n` +
        "Ship fewer detectors, or narrower networks.",
    );
  }
  const session = await openGpu(options);
  note(`Packing ${plural(packed.size, "detector")} on ${deviceLine(session.info)}`);
  const before = options.keep === true ? await listBefore(out) : null;
  const list = await listOf(spec, packed, { data, session, before });
  session.close();
  await writeAll(out, list, spec, packed);
  print(`${plural(packed.size, "detector")}, ${formatBytes(bytes)} of weights, into ${out}`);
  return exitCodes.ok;
}

function sizeOf(packed: ReadonlyMap<string, PackedDetector>): number {
  const files = [...packed.values()].flatMap((each) => [...each.files.values()]);
  return files.reduce((sum, { length }) => sum + length, 0);
}

/** What a list is made with. */
interface ListWork {
  readonly data: string;
  readonly session: GpuSession;
  /** Of which what is still right is kept; null to find out everything anew. */
  readonly before: DetectorList | null;
}

async function listBefore(out: string): Promise<DetectorList | null> {
  const text = await readTextIfAny(path.join(out, "weights", LIST_FILE));
  return text === null ? null : readDetectorList(new TextEncoder().encode(text));
}

async function listOf(
  spec: ShipSpec,
  packed: ReadonlyMap<string, PackedDetector>,
  { data, session, before }: ListWork,
): Promise<DetectorList> {
  const images = new ValidationImages(data, CROP);
  const detectors: ListedDetector[] = [];
  for (const entry of spec.detectors) {
    const found = packed.get(entry.name)!;
    const kept = before === null ? null : keptDetector(entry, found, before);
    detectors.push(kept ?? (await fitted(entry, found, spec, images, session)));
  }
  const common = { version: LIST_VERSION, crop: CROP, defaults: spec.defaults, detectors } as const;
  if (before !== null) return { ...common, familiarity: before.familiarity };
  note(`Reading the images of ${spec.known.join(", ")}`);
  return { ...common, familiarity: await findFamiliarity(data, spec.known, CROP) };
}

/** The detector of before, if it is of the same files and calibrated by the same images. */
function keptDetector(
  { name, title, card, calibration, fakes }: ShipEntry,
  { hashes }: PackedDetector,
  { detectors }: DetectorList,
): ListedDetector | null {
  const found = detectors.find((each) => each.name === name);
  if (found === undefined) return null;
  const listed = weightsFiles(found);
  const isSame =
    listed.length === hashes.size &&
    listed.every(({ file, sha256 }) => hashes.get(file) === sha256) &&
    found.calibration.method === calibration &&
    found.training[KNOWN_FAKES] === fakes.join(", ");
  return isSame ? { ...found, title, card: `cards/${card}` } : null;
}

async function fitted(
  entry: ShipEntry,
  { files, networks, facts }: PackedDetector,
  { known }: ShipSpec,
  images: ValidationImages,
  { gpu }: GpuSession,
): Promise<ListedDetector> {
  const { name, title, card, calibration: method, fakes } = entry;
  const [real] = known;
  if (real === undefined) throw new FileError('"known" is empty\nName the class of real images.');
  const uncalibrated = {
    ...networks,
    ...{ name, title, card: `cards/${card}`, threshold: THRESHOLD, training: facts },
    calibration: { method, scale: 1, shift: 0 },
  };
  const read = async (file: string) => files.get(file)!;
  using judge = await openJudge(gpu, uncalibrated, CROP, read);
  let total = 0;
  for (const each of [real, ...fakes]) total += (await images.squares(each)).length;
  note(`${name}: calibrating`);
  const progress = startProgress({ total, unit: "images" });
  try {
    const classes = { real, fakes, method };
    const fit = await fitDetector(judge, images, classes, () => progress.advance());
    const validation = Object.entries(fit.validation).map(
      ([measure, value]) => [`validation ${measure}`, value] as const,
    );
    const training = {
      ...{ ...facts, [KNOWN_FAKES]: fakes.join(", ") },
      ...Object.fromEntries(validation),
    };
    return { ...uncalibrated, calibration: fit.calibration, training };
  } finally {
    progress.stop();
  }
}

/** The list comes last: until then, the files of before are what it names. */
async function writeAll(
  out: string,
  list: DetectorList,
  { detectors: entries }: ShipSpec,
  packed: ReadonlyMap<string, PackedDetector>,
): Promise<void> {
  try {
    for (const { files } of packed.values()) {
      for (const [name, bytes] of files) {
        await writeFileAtomic(path.join(out, "weights", name), bytes);
      }
    }
    for (const card of new Set(list.detectors.map((each) => each.card))) {
      const file = path.join(out, card);
      const about = list.detectors.flatMap((detector, i) =>
        detector.card === card ? [{ detector, ...entries[i]! }] : [],
      );
      await writeFileAtomic(file, modelCard(await readTextIfAny(file), about));
    }
    // Read back: what is kept of a list and what is new stand in one order, and the form is right.
    const read = readDetectorList(new TextEncoder().encode(JSON.stringify(list)));
    const text = `${JSON.stringify(read, null, 2)}\n`;
    await writeFileAtomic(path.join(out, "weights", LIST_FILE), text);
  } catch (cause) {
    throw fileError("write into", out, cause);
  }
}
