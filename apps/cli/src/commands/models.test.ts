import { modelNames } from "@fauxgrad/models";
import { expect, test } from "vitest";
import { runCli } from "../test-cli.ts";

test("lists every network with its parameters", async () => {
  const { code, stdout } = await runCli(["models"]);
  expect(code).toBe(0);
  for (const name of modelNames) expect(stdout).toMatch(new RegExp(`^${name} {2,}`, "m"));
  expect(stdout).toMatch(
    /^resnet50 {2,}ResNet-50 \(v1\.5\) {2,}25,557,032 parameters {2,}224 x 224$/m,
  );
  const json = JSON.parse((await runCli(["models", "--json"])).stdout);
  expect(json.map(({ name }: { name: string }) => name)).toEqual([...modelNames]);
  expect(json[0]).toMatchObject({ parameters: 23_052_353, input: { size: 256, channels: 3 } });
});

test("describes one: input, options, expected weights", async () => {
  const { stdout } = await runCli(["models", "resnet50"]);
  expect(stdout).toMatch(/^parameters {2,}25,557,032$/m);
  expect(stdout).toContain("mean 0.485, 0.456, 0.406, std 0.229, 0.224, 0.225");
  expect(stdout).toMatch(/^ {2}numClasses \* {2,}integer {2,}default 1000 {2,}outputs$/m);
  expect(stdout).toMatch(/^ {2}layer1\.0\.conv2\.weight {2,}\[64, 64, 3, 3\]$/m);
  const json = JSON.parse((await runCli(["models", "resnet50", "--json"])).stdout);
  expect(json.weights).toHaveLength(320);
  expect(json.weights[0]).toEqual({ name: "conv1.weight", shape: [64, 3, 7, 7] });
});

test("a misspelt name is answered with the nearest", async () => {
  const { code, stderr } = await runCli(["models", "resnet5"]);
  expect(code).toBe(2);
  expect(stderr).toBe(
    'fauxgrad models: there is no network "resnet5"\n' +
      `  known  ${modelNames.join(", ")}\nDid you mean resnet50?\n`,
  );
});
