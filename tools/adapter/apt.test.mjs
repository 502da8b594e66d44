import { describe, expect, test } from "vitest";
import { backportsStanza, parseListFile, parseSourcesFile } from "./apt.mjs";
import { isSoftwareAdapter, remedy } from "./platform.mjs";

describe("apt's sources", () => {
  test("one-line files are read, with options and without", () => {
    const text = `# a comment
deb http://mirror.example/debian bookworm main contrib # and why
deb-src http://mirror.example/debian bookworm main
  deb [arch=amd64,arm64 signed-by=/k.gpg lang=de] https://b.example/debian bookworm-updates main
#deb http://mirror.example/debian sid main
`;
    expect(parseListFile(text)).toEqual([
      {
        uris: ["http://mirror.example/debian"],
        suites: ["bookworm"],
        components: ["main", "contrib"],
        options: {},
      },
      {
        uris: ["https://b.example/debian"],
        suites: ["bookworm-updates"],
        components: ["main"],
        options: { Architectures: "amd64 arm64", "Signed-By": "/k.gpg" },
      },
    ]);
  });

  test("deb822 files are read, disabled stanzas and sources of sources left out", () => {
    const text = `Types: deb deb-src
# where from
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
 contrib
Signed-By: /k.gpg

Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm
Components: main

Types: deb
Enabled: no
URIs: http://mirror.example/debian
Suites: sid
Components: main
`;
    expect(parseSourcesFile(text)).toEqual([
      {
        uris: ["http://mirror.example/debian"],
        suites: ["bookworm", "bookworm-updates"],
        components: ["main", "contrib"],
        options: { "Signed-By": "/k.gpg" },
      },
    ]);
  });
});

describe("the backports", () => {
  const source = (suites, options = {}) => ({
    uris: ["http://mirror.example/debian"],
    suites,
    components: ["main"],
    options,
  });

  test("come from the mirror of the release, with its key", () => {
    const security = { ...source(["bookworm-security"]), uris: ["http://security.example"] };
    const sources = [security, source(["bookworm"], { "Signed-By": "/k.gpg" })];
    expect(backportsStanza(sources, "bookworm")).toBe(`Types: deb
URIs: http://mirror.example/debian
Suites: bookworm-backports
Components: main
Signed-By: /k.gpg
`);
  });

  test("are not named twice, nor guessed where no mirror is known", () => {
    const both = [source(["bookworm", "bookworm-backports"])];
    expect(backportsStanza(both, "bookworm")).toBe("");
    expect(backportsStanza([source(["trixie"])], "bookworm")).toBeNull();
  });
});

test("every platform has its remedy", () => {
  const of = (ID, rest = {}) => remedy({ ID, ...rest }, "linux");
  expect(of("debian", { VERSION_CODENAME: "bookworm" })).toContain("-t bookworm-backports");
  expect(of("debian", { VERSION_CODENAME: "trixie" })).toBe(
    "Run: sudo apt-get update && sudo apt-get install mesa-vulkan-drivers libvulkan1",
  );
  expect(of("linuxmint", { ID_LIKE: "ubuntu debian" })).toContain("apt-get install");
  expect(of("fedora")).toContain("dnf install");
  expect(of("arch")).toContain("pacman -S");
  expect(remedy(null, "linux")).toContain("lavapipe");
  expect(remedy(null, "darwin")).toContain("macOS");
  expect(remedy(null, "win32")).toContain("graphics driver");
});

test("software adapters are told from GPUs", () => {
  const info = { vendor: "nvidia", architecture: "hopper", device: "h100", description: "H100" };
  expect(isSoftwareAdapter(info)).toBe(false);
  expect(isSoftwareAdapter({ ...info, isFallbackAdapter: true })).toBe(true);
  expect(isSoftwareAdapter({ ...info, description: "llvmpipe: Mesa 25" })).toBe(true);
  expect(isSoftwareAdapter({ ...info, device: "SwiftShader Device (LLVM)" })).toBe(true);
});
