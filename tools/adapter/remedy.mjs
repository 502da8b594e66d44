/** One sentence: how this platform gets a WebGPU adapter. */
export function remedy(release, platform = process.platform) {
  const drivers = "mesa-vulkan-drivers libvulkan1";
  if (platform === "darwin") return "WebGPU needs Metal: update to macOS 12 or later.";
  if (platform === "win32")
    return "WebGPU needs Direct3D 12 or Vulkan: update the graphics driver.";
  const family = [release?.ID, ...(release?.ID_LIKE ?? "").split(" ")];
  if (release?.VERSION_CODENAME === "bookworm") {
    const install = `sudo apt-get install -t bookworm-backports ${drivers}`;
    return `Add bookworm-backports to apt's sources, then run: sudo apt-get update && ${install}`;
  }
  if (family.includes("debian") || family.includes("ubuntu")) {
    return `Run: sudo apt-get update && sudo apt-get install ${drivers}`;
  }
  if (family.includes("fedora") || family.includes("rhel")) {
    return "Run: sudo dnf install mesa-vulkan-drivers vulkan-loader";
  }
  if (family.includes("arch")) return "Run: sudo pacman -S vulkan-swrast vulkan-icd-loader";
  return "Install the Vulkan loader and a driver: the GPU's, or Mesa's software one (lavapipe).";
}
