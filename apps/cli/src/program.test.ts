import { describe, expect, test } from "vitest";
import { runCli } from "./test-cli.ts";

describe("help", () => {
  test("names every command and the exit status, and succeeds", async () => {
    const { code, stdout, stderr } = await runCli(["--help"]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    for (const command of ["lgrad", "run", "models", "convert", "doctor", "demo"]) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
    }
    expect(stdout).toContain("--max-memory <size>");
    expect(stdout).toContain(
      "Exit status: 0 done, 1 something failed, 2 the command line is wrong, 130 interrupted.",
    );
  });

  test("of a command shows the options that all commands take", async () => {
    const { code, stdout } = await runCli(["convert", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("--section <name>");
    expect(stdout).toContain("--adapter <name>");
  });

  test("without a command it goes to standard error, with the status of wrong usage", async () => {
    const { code, stdout, stderr } = await runCli([]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^Usage: fauxgrad \[options\] \[command\]/);
  });

  test("the version is the package's", async () => {
    expect(await runCli(["--version"])).toMatchObject({ code: 0, stdout: "0.1.0\n" });
  });
});

describe("wrong usage", () => {
  test("of a command's name is answered with the nearest", async () => {
    const { code, stdout, stderr } = await runCli(["doktor"]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toBe(
      "fauxgrad: unknown command 'doktor'\nDid you mean doctor?\n" +
        "Run fauxgrad --help for what it takes.\n",
    );
  });

  test("of an option is answered with the nearest, and names the command", async () => {
    const { code, stderr } = await runCli(["doctor", "--jsn"]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      "fauxgrad doctor: unknown option '--jsn'\nDid you mean --json?\n" +
        "Run fauxgrad doctor --help for what it takes.\n",
    );
  });

  test("of a value says what would be right", async () => {
    const { code, stderr } = await runCli(["--max-memory", "3x", "doctor"]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      "fauxgrad: option '--max-memory <size>' argument '3x' is invalid. " +
        "Write a size such as 512MiB or 2GiB.\nRun fauxgrad --help for what it takes.\n",
    );
  });
});

test("a stack is printed only when asked for", async () => {
  const args = ["convert", "no-such.pth", "out.safetensors"];
  const message =
    "fauxgrad convert: cannot read the checkpoint no-such.pth: there is no such file\n";
  expect(await runCli(args)).toMatchObject({ code: 1, stderr: message });
  const { stderr } = await runCli(args, { env: { FAUXGRAD_DEBUG: "1" } });
  expect(stderr.startsWith(message)).toBe(true);
  expect(stderr).toMatch(/\n {4}at .*convert/);
  expect(stderr).toContain("caused by ENOENT: no such file or directory");
});
