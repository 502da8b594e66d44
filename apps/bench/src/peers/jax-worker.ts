/** jax-js on WebGPU, on our adapter through the same Dawn. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Jax, JaxTree } from "./jax.ts";
import { kernelWork } from "./jax-kernels.ts";
import { networkWork } from "./jax-network.ts";
import { adapterName, errorsOf, provideWebgpu } from "./node-webgpu.ts";
import { type Peer, type PreparedJob, peersManifest, peersRequire, serve } from "./serve.ts";

const PACKAGE = "node_modules/@jax-js/jax/package.json";

function versionOf(): string {
  const text = readFileSync(join(dirname(peersManifest()), PACKAGE), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

async function open(): Promise<Peer> {
  const { adapter, wait } = await provideWebgpu();
  const jax = peersRequire()("@jax-js/jax") as Jax;
  const devices = await jax.init("webgpu");
  if (!devices.includes("webgpu")) throw new Error("its webgpu device does not start");
  jax.defaultDevice("webgpu");
  const device = jax.getWebGPUDevice();
  const check = errorsOf(device);
  return {
    identity: { packages: `@jax-js/jax ${versionOf()}`, adapter: adapterName(adapter) },
    async prepare(job) {
      if (job.op === "discriminator") return "not compared";
      const work = job.op === "network" ? networkWork(jax, job) : kernelWork(jax, job);
      if (typeof work === "string") return work;
      let last: JaxTree = {};
      const forget = () => {
        for (const array of Object.values(last)) array.dispose();
        last = {};
      };
      const prepared: PreparedJob = {
        async run(repeats) {
          for (let i = 0; i < repeats; i++) {
            forget();
            last = work.compute();
            // Lazy: without it, nothing would be dispatched before the last.
            for (const array of Object.values(last)) void array.ref.blockUntilReady();
          }
          await wait(jax.blockUntilReady(Object.values(last).map((array) => array.ref)));
          await wait(device.queue.onSubmittedWorkDone());
          check();
        },
        output: () => wait(work.read(last)),
        async release() {
          forget();
          work.release();
        },
      };
      return prepared;
    },
  };
}

await serve(open);
