import { choose, loadPage, textOf, until } from "./load-page.ts";

/** Takes the device away while the page is open, and starts again. */
export async function run() {
  const devices: GPUDevice[] = [];
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await request.call(this, descriptor);
    devices.push(device);
    return device;
  };
  await loadPage();
  const failure = document.querySelector<HTMLElement>("#failure");
  devices[0]?.destroy();
  await until(() => failure?.hidden === false);
  const lost = textOf("failure-text");
  document.querySelector<HTMLButtonElement>("#again")?.click();
  await choose(["photo.png"], 1);
  return {
    lost,
    devices: devices.length,
    isFailureShown: failure?.hidden === false,
    name: document.querySelector(".result h3")?.textContent,
    isJudged: document.querySelector(".result a.numbers") !== null,
  };
}
