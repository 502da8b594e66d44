import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Site } from "./site.ts";

/**
 * Writes the page's files into a folder, for any web server; what is there is overwritten.
 *
 * @returns bytes of all files
 */
export async function writeSite(site: Site, folder: string): Promise<number> {
  let bytes = 0;
  for (const [name, file] of site) {
    const content = await file.read();
    const target = path.join(folder, name);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, content);
    bytes += Buffer.byteLength(content);
  }
  return bytes;
}
