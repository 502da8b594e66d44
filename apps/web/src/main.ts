import { fileURLToPath } from "node:url";
import { UsageError } from "@fauxgrad/tensor";
import { buildProgram } from "./program.ts";
import { serveSite } from "./site/serve-site.ts";
import { makeSite } from "./site/site.ts";
import { writeSite } from "./site/write-site.ts";

/** Seen from `src` and from `dist` alike. */
const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const MEGABYTE = 1e6;

try {
  await buildProgram({
    async serve({ port, host, ...source }) {
      const site = await makeSite({ repository: REPOSITORY, ...source });
      await using server = await serveSite(site, { port, host });
      console.log(`Did a GAN make this picture? ${server.url} (Ctrl-C ends it)`);
      await new Promise<void>((resolve) => process.once("SIGINT", () => resolve()));
    },
    async build(folder, source) {
      const site = await makeSite({ repository: REPOSITORY, ...source, isMinified: true });
      const bytes = await writeSite(site, folder);
      console.log(`${folder}: ${site.size} files, ${(bytes / MEGABYTE).toFixed(1)} MB`);
    },
  }).parseAsync();
} catch (error) {
  const isForeseen = error instanceof UsageError || (error as Error)?.name === "CheckpointError";
  console.error(isForeseen ? (error as Error).message : error);
  process.exitCode = 1;
}
