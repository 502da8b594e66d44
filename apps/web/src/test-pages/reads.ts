import { openBrowserDevice } from "../../../../tools/adapter/browser-device.ts";
import { readImage } from "../image/read-image.ts";

/** Pixels of the server's pictures, as the page reads them. */
export async function run() {
  const names = (await (await fetch("/names.json")).json()) as readonly string[];
  const { device } = await openBrowserDevice();
  const read: Record<string, { width: number; height: number; data: number[] }> = {};
  for (const name of names) {
    const bytes = await (await fetch(`/${name}`)).arrayBuffer();
    const { width, height, data } = await readImage(new File([bytes], name), device);
    read[name] = { width, height, data: [...data] };
  }
  return read;
}
