import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AdapterError, dawnFlags, openDevice } from "./open-device.ts";

const { GPU } = process.env;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("flags", () => {
  test("timestamps are never rounded, and checks stay on unless asked", () => {
    expect(dawnFlags({})).toEqual(["disable-dawn-features=timestamp_quantization"]);
    expect(dawnFlags({ unsafe: true, f16: true })).toEqual([
      "disable-dawn-features=timestamp_quantization",
      "enable-dawn-features=disable_robustness,disable_workgroup_init," +
        "disable_polyfills_on_integer_div_and_mod,skip_validation,vulkan_enable_f16_on_nvidia",
    ]);
  });

  test("subgroup matrices take f16 with them", () => {
    expect(dawnFlags({ matrices: true, f16: true })).toEqual([
      "disable-dawn-features=timestamp_quantization",
      "enable-dawn-features=allow_unsafe_apis,use_vulkan_memory_model,vulkan_enable_f16_on_nvidia",
    ]);
  });

  test("an option is stronger than the environment", () => {
    vi.stubEnv("FAUXGRAD_BACKEND", "vulkan");
    vi.stubEnv("FAUXGRAD_ADAPTER", "llvmpipe");
    const timestamps = "disable-dawn-features=timestamp_quantization";
    expect(dawnFlags({})).toEqual([timestamps, "backend=vulkan", "adapter=llvmpipe"]);
    expect(dawnFlags({ backend: "null", adapter: "H100" })).toEqual([
      timestamps,
      "backend=null",
      "adapter=H100",
    ]);
  });
});

describe("devices", () => {
  beforeEach(({ skip }) => skip(GPU === "off", "GPU=off"));

  test("a device has all that its adapter has", async () => {
    const { device, adapter, info, close } = await openDevice();
    for (const name in adapter.limits) {
      const limit = name as keyof GPUSupportedLimits;
      expect.soft(device.limits[limit], name).toBe(adapter.limits[limit]);
    }
    for (const feature of ["timestamp-query", "shader-f16", "subgroups"]) {
      expect.soft(device.features.has(feature), feature).toBe(adapter.features.has(feature));
    }
    expect(info.description).toBe(adapter.info.description);
    expect(info.isSoftware).toBe(/llvmpipe|swiftshader/i.test(info.description));
    close();
    expect((await device.lost).reason).toBe("destroyed");
  });

  test("subgroup matrices are there where they are asked for and the adapter has them", async () => {
    const plain = await openDevice();
    expect(plain.matrices).toEqual([]);
    plain.close();
    const { device, matrices, close } = await openDevice({ matrices: true });
    expect(device.features.has("chromium-experimental-subgroup-matrix")).toBe(matrices.length > 0);
    close();
  });

  test("the null backend is reached by its name", async () => {
    const { info, close } = await openDevice({ backend: "null" });
    expect(info.backend).toBe("null");
    close();
  });

  test("an unknown adapter is answered with the known ones", async () => {
    const opening = openDevice({ adapter: "Voodoo2" });
    await expect(opening).rejects.toThrow(AdapterError);
    await expect(opening).rejects.toThrow(
      /^WebGPU adapter named "Voodoo2": no suitable backends found\nAvailable adapters:/,
    );
  });

  test("an unknown backend is answered with the known ones", async () => {
    await expect(openDevice({ backend: "glide" })).rejects.toThrow(
      /^WebGPU adapter with backend "glide": unrecognised backend 'glide'\nPossible backends :/,
    );
  });

  test.skipIf(process.platform === "win32")(
    "a backend of another platform is not found",
    async () => {
      await expect(openDevice({ backend: "d3d12" })).rejects.toThrow(
        'No WebGPU adapter with backend "d3d12".\nChoose another, or let Dawn choose.',
      );
    },
  );
});
