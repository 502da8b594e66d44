import { expect, test } from "vitest";
import { CheckpointError } from "../errors.ts";
import { readCheckpoint } from "../load-checkpoint.ts";

const DAMAGED = "\nThe file is damaged or incomplete: copy or download it again.";
const MAGIC = "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.";

interface Parts {
  readonly version?: string;
  readonly system?: string;
  readonly root?: string;
  readonly keys?: string;
  readonly data?: string;
}

/** A pickled tensor over storage `key`, described as `type` of `length` elements. */
function tensor(key: string, type: string, length: number): string {
  const count = String.fromCharCode(length);
  const storage = `(U\x07storagectorch\n${type}\nU\x01${key}U\x03cpuK${count}NtQ`;
  return `ctorch._utils\n_rebuild_tensor_v2\n(${storage}K\x00K${count}\x85K\x01\x85NNtR`;
}

const BYTES = "\x04\0\0\0\0\0\0\0abcd";

/** A legacy file with one storage of four bytes under the key "0", but for the parts given. */
function legacy({
  version = "M\xe9\x03",
  system = "}U\x0dlittle_endian\x88s",
  root = `}U\x01a${tensor("0", "ByteStorage", 4)}s`,
  keys = "]U\x010a",
  data = BYTES,
}: Parts = {}): Uint8Array<ArrayBuffer> {
  const pickles = [version, system, root, keys].map((program) => `\x80\x02${program}.`);
  return Uint8Array.from(MAGIC + pickles.join("") + data, (character) => character.charCodeAt(0));
}

test("reads the storages behind the pickles", () => {
  const { format, tensors } = readCheckpoint(legacy());
  expect(format).toBe("pytorch-legacy");
  expect([...(tensors.get("a")?.data ?? [])]).toEqual([0x61, 0x62, 0x63, 0x64]);
});

test("a storage's length counts elements of the type that described it first", () => {
  const root = `}(U\x01a${tensor("0", "ByteStorage", 4)}U\x01b${tensor("0", "ShortStorage", 2)}u`;
  const { tensors } = readCheckpoint(legacy({ root }));
  expect(tensors.get("b")).toMatchObject({ dtype: "int16", data: Int16Array.of(0x6261, 0x6463) });
});

const ADVICE =
  'In PyTorch, save the weights alone: torch.save(model.state_dict(), "weights.pth"), ' +
  "or write safetensors.";

const REFUSED: readonly (readonly [string, Parts])[] = [
  [`the file's protocol version is not 1001\n${ADVICE}`, { version: "M\xea\x03" }],
  [
    'the file\'s byte order is "big", only "little" is read\n' +
      "Save it again on a little-endian machine, or as safetensors.",
    { system: "}U\x0dlittle_endian\x89s" },
  ],
  [`storage "1" is in the file, but no tensor describes it${DAMAGED}`, { keys: "](U\x011U\x010e" }],
  [`storage "0" is not in the file${DAMAGED}`, { keys: "]" }],
  [`storage "0" needs 4 bytes, the file has 3${DAMAGED}`, { data: "\x03\0\0\0\0\0\0\0abc" }],
];

test.for(REFUSED)("refuses: %s", ([message, parts]) => {
  expect(() => readCheckpoint(legacy(parts))).toThrow(
    new CheckpointError(`checkpoint: ${message}`),
  );
});

test("a storage that claims more than the file is refused before it is read", () => {
  const data = "\xff\xff\xff\xff\xff\xff\xff\xffabcd";
  expect(() => readCheckpoint(legacy({ data }))).toThrow(
    /^checkpoint: the file ends too early\n {2}byte \d+ of \d+: 18446744073709552000 more are/,
  );
});
