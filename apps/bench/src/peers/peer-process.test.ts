import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import type { Job } from "../jobs.ts";
import { PeerProcess } from "./peer-process.ts";

const WORKER = fileURLToPath(new URL("./fixtures/obedient.mjs", import.meta.url));
const RELU: Job = { op: "relu", input: [1, 1, 1, 3] };
let started: PeerProcess | undefined;

afterEach(() => started?.stop());

async function start(timeoutMs = 20_000) {
  const found = await PeerProcess.start("obedient", WORKER, "peers/package.json", timeoutMs);
  started = found.peer;
  return found;
}

test("a peer answers from its own process", async () => {
  const { peer, identity } = await start();
  expect(identity).toEqual({ packages: "obedient 1.0.0", adapter: "peers/package.json" });
  expect(await peer.prepare(RELU)).toBeNull();
  expect(await peer.sample(3)).toEqual({ ms: 6, cpuMs: 3 });
  expect(await peer.output()).toEqual(Float32Array.of(1, 2, 3));
  await peer.release();
  expect(await peer.prepare({ op: "matmul", pass: "forward", m: 1, k: 1, n: 1 })).toBe(
    "no products here",
  );
});

test("an error is the call's own; the peer lives on", async () => {
  const { peer } = await start();
  await expect(peer.prepare({ op: "blur", input: [1, 1, 1, 1] })).rejects.toThrow(/^out of paper$/);
  expect(peer.isAlive).toBe(true);
  expect(await peer.sample(1)).toEqual({ ms: 2, cpuMs: 1 });
});

test("a process that ends says its last word", async () => {
  const { peer } = await start();
  const ended = peer.prepare({ op: "add", input: [1, 1, 1, 1] });
  await expect(ended).rejects.toThrow("its process ended with 3: the last word");
  expect(peer.isAlive).toBe(false);
  await expect(peer.sample(1)).rejects.toThrow("its process ended with 3");
});

test("a peer that does not answer is ended", async () => {
  const { peer } = await start(1000);
  const job: Job = { op: "maxPool2d", input: [1, 1, 1, 1], kernelSize: 1, stride: 1, padding: 0 };
  await expect(peer.prepare(job)).rejects.toThrow("no answer within 1 s");
  expect(peer.isAlive).toBe(false);
});
