import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../test-cli.ts";
import { readShipSpec } from "./ship-spec.ts";

const lgrad = {
  ...{ name: "lgrad", kind: "lgrad", title: "LGrad", fakes: ["isr-gans"] },
  ...{ run: "runs/lgrad", transformation: "runs/d" },
};
const spec = { defaults: ["lgrad"], known: ["real", "isr-gans"], detectors: [lgrad] };

async function read(value: unknown) {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "spec.json");
  await writeFile(file, JSON.stringify(value));
  const found = await readShipSpec(file).catch((error: Error) => {
    throw new Error(error.message.replaceAll(folder.path, "DIR"));
  });
  return JSON.parse(JSON.stringify(found).replaceAll(folder.path, "DIR"));
}

test("paths are those from the file's folder; the rest has its defaults", async () => {
  expect(await read(spec)).toEqual({
    ...spec,
    detectors: [
      {
        ...{ ...lgrad, run: "DIR/runs/lgrad", transformation: "DIR/runs/d" },
        ...{ calibration: "platt", commands: [], card: "lgrad.md" },
      },
    ],
  });
});

test("the network of an installed package is no path", async () => {
  const detectors = [{ ...lgrad, transformation: "nsfwjs" }];
  expect((await read({ ...spec, detectors })).detectors[0].transformation).toBe("nsfwjs");
});

test.each([
  [{ ...spec, defaults: ["lgrat"] }, '$.defaults[0] is "lgrat"\nDid you mean lgrad?'],
  [{ ...spec, detectors: [lgrad, lgrad] }, '$.detectors has "lgrad" twice\nRename one.'],
  [
    { ...spec, detectors: [{ ...lgrad, transformation: undefined }] },
    "$.detectors[0] has no transformation\nLGrad has one, no other kind has.",
  ],
  [
    { ...spec, detectors: [{ ...lgrad, kind: "plain" }] },
    "$.detectors[0] has a transformation\nLGrad has one, no other kind has.",
  ],
])("refuses %j", async (value, message) => {
  await expect(read(value)).rejects.toThrow(`DIR/spec.json: ${message}`);
});

test("refuses a file that is not there", async () => {
  await expect(readShipSpec("/nowhere/spec.json")).rejects.toThrow(
    "/nowhere/spec.json: there is no such file\nWrite it first.",
  );
});
