import path from "node:path";
import {
  fromFloat32,
  type HostTensor,
  readCheckpoint,
  toFloat32,
  writeSafetensors,
} from "@fauxgrad/models/checkpoint";
import { type Command, Option } from "commander";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { fileError, isSameFile, readWholeFile } from "../session/files.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError, exitCodes } from "../terminal/errors.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { formatBytes, formatCount, plural } from "../terminal/units.ts";

const DTYPES = { f32: "float32", f16: "float16", bf16: "bfloat16" } as const;

interface ConvertOptions {
  readonly section?: string;
  readonly dtype?: keyof typeof DTYPES;
  readonly json?: boolean;
}

/** `fauxgrad convert IN OUT.safetensors` */
export function addConvert(program: Command): void {
  const command = program
    .command("convert")
    .summary("rewrite a PyTorch checkpoint as safetensors")
    .description(
      "Rewrites a checkpoint (PyTorch .pth and .pt, TorchScript, safetensors) as safetensors. " +
        "Nothing in the file is executed.",
    )
    .argument("<in>", "the checkpoint")
    .argument("<out>", "the file to write, replaced if it exists")
    .option("--section <name>", "which of several networks in the file, e.g. discriminator")
    .addOption(
      new Option("--dtype <type>", "element type of all floats; default: as in the file").choices(
        Object.keys(DTYPES),
      ),
    )
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  fauxgrad convert stylegan_bedroom256.pth d.safetensors --section discriminator",
    );
  setAction<ConvertOptions>(command, ([input = "", output = ""], options) =>
    convert(input, output, options),
  );
}

async function convert(input: string, output: string, options: ConvertOptions): Promise<number> {
  const { section, dtype } = options;
  if (await isSameFile(input, output)) {
    throw new CommandLineError(`IN and OUT are the same file\n  file  ${input}\nName another OUT.`);
  }
  const bytes = await readWholeFile(input, "the checkpoint");
  const checkpoint = readCheckpoint(bytes, section === undefined ? {} : { section });
  const tensors = new Map<string, HostTensor>();
  let overflows = 0;
  for (const [name, tensor] of checkpoint.tensors) {
    const converted = dtype === undefined ? tensor : withDType(tensor, DTYPES[dtype]);
    tensors.set(name, converted);
    if (dtype === "f16") overflows += countInfinite(converted) - countInfinite(tensor);
  }
  const file = writeSafetensors(tensors, new Map([["format", "pt"], ...checkpoint.metadata]));
  try {
    await writeFileAtomic(output, new Uint8Array(file));
  } catch (cause) {
    throw fileError("write", output, cause);
  }
  if (overflows > 0) {
    note(
      `${plural(overflows, "value")} above 65504 became infinite in f16: bf16 and f32 hold them.`,
    );
  }
  const parameters = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  if (options.json === true) {
    const { format, section: read } = checkpoint;
    const counts = { tensors: tensors.size, values: parameters, bytes: file.byteLength, overflows };
    printJson({ input, output, format, section: read, ...counts });
    return exitCodes.ok;
  }
  const from = checkpoint.section === "" ? "" : `, section ${checkpoint.section}`;
  print(
    `${path.basename(input)} (${checkpoint.format}${from}) -> ${output}: ` +
      `${plural(tensors.size, "tensor")}, ${formatCount(parameters)} values, ` +
      formatBytes(file.byteLength),
  );
  return exitCodes.ok;
}

/** Floats of any kind to `dtype`; integers and booleans as they are. */
function withDType(tensor: HostTensor, dtype: "float32" | "float16" | "bfloat16"): HostTensor {
  if (!/float/.test(tensor.dtype) || tensor.dtype === dtype) return tensor;
  return fromFloat32(toFloat32(tensor), tensor.shape, dtype);
}

function countInfinite(tensor: HostTensor): number {
  if (!/float/.test(tensor.dtype)) return 0;
  let count = 0;
  for (const value of toFloat32(tensor)) if (Math.abs(value) === Infinity) count += 1;
  return count;
}
