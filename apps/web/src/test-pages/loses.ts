import { choose, loadPage, textOf, until } from "./load-page.ts";

/** Takes the device away while kernels are compiled, chooses a picture, and starts again. */
export async function run() {
  const devices: GPUDevice[] = [];
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await request.call(this, descriptor);
    devices.push(device);
    return device;
  };
  void loadPage();
  await until(() => textOf("state").startsWith("Compiling kernels"));
  const failure = document.querySelector<HTMLElement>("#failure");
  devices[0]?.destroy();
  await until(() => failure?.hidden === false);
  const lost = textOf("failure-text");
  const judged = choose(["photo.png"], 1);
  document.querySelector<HTMLButtonElement>("#again")?.click();
  await judged;
  return {
    lost,
    devices: devices.length,
    isFailureShown: failure?.hidden === false,
    name: document.querySelector(".result h3")?.textContent,
    isJudged: document.querySelector(".result a.numbers") !== null,
  };
}
