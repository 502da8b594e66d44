/**
 * Makes sure that WebGPU has an adapter, before the tests, the demo and the benches.
 *
 * Any adapter will do: a GPU, or Mesa's software Vulkan driver (lavapipe). Where there is none,
 * root on Debian or Ubuntu gets the software driver from the system's own apt mirror; everyone else
 * is told what to install.
 */
import { aptGet, candidateVersion, canInstall, install, withBackports } from "./adapter/apt.mjs";
import { describeAdapter, findAdapter } from "./adapter/find-adapter.mjs";
import { osRelease, remedy } from "./adapter/platform.mjs";

const PACKAGES = ["mesa-vulkan-drivers", "libvulkan1"];
/** Dawn refuses the lavapipe of Mesa 22.3, which is what Debian 12 has outside its backports. */
const OLDEST_MESA = 23;

function mesaMajor(version) {
  return Number(/^(?:\d+:)?(\d+)\./.exec(version ?? "")?.[1] ?? 0);
}

async function installSoftwareAdapter() {
  console.log(`No WebGPU adapter: installing ${PACKAGES.join(" and ")} with apt`);
  await aptGet(["update"]);
  if (mesaMajor(candidateVersion(PACKAGES[0])) >= OLDEST_MESA) {
    await install(PACKAGES);
    return;
  }
  const codename = osRelease().VERSION_CODENAME;
  await withBackports(codename, async (sources) => {
    await aptGet([...sources, "update"]);
    await install(PACKAGES, [...sources, "--target-release", `${codename}-backports`]);
  });
}

/** An adapter that was asked for by name cannot be replaced by another. */
const isChosen = Boolean(process.env.FAUXGRAD_ADAPTER || process.env.FAUXGRAD_BACKEND);
const CHOSEN = "Correct FAUXGRAD_ADAPTER and FAUXGRAD_BACKEND, or unset them.";

async function main() {
  if (process.env.GPU === "off") {
    console.log("GPU=off: no WebGPU adapter is asked for, and tests that need one are skipped");
    return 0;
  }
  const before = await findAdapter();
  if (before.adapter) {
    console.log(`WebGPU adapter: ${describeAdapter(before.adapter)}`);
    return 0;
  }
  if (isChosen || !canInstall()) {
    console.error(`${before.problem}.\n${isChosen ? CHOSEN : remedy()}`);
    return 1;
  }
  await installSoftwareAdapter();
  const after = await findAdapter();
  if (after.adapter) {
    console.log(`WebGPU adapter: ${describeAdapter(after.adapter)}`);
    return 0;
  }
  console.error(`${after.problem}, although ${PACKAGES.join(" and ")} are installed.`);
  return 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${error.message}\n${remedy()}`);
  process.exitCode = 1;
}
