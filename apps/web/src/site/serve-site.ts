import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { UsageError } from "@fauxgrad/tensor";
import type { Site } from "./site.ts";

/** Where to serve. */
export interface ServeOptions {
  /** 0 for any that is free. */
  readonly port: number;
  readonly host: string;
}

/** A server that runs until it is disposed of. */
export interface SiteServer {
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Serves the files of a page, and nothing else.
 *
 * @throws {UsageError} if the port is taken
 */
export async function serveSite(site: Site, { port, host }: ServeOptions): Promise<SiteServer> {
  const server = createServer((request, response) => {
    const { method = "GET", url = "/" } = request;
    const path = (url.split("?")[0] ?? "/").slice(1);
    answer(site, method, path === "" ? "index.html" : path, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") reject(error);
      const advice = "Pass another --port, or 0 for any that is free.";
      reject(new UsageError(`serve: port ${port} of ${host} is taken\n${advice}`));
    });
    server.listen(port, host, () => resolve());
  });
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  site: Site,
  method: string,
  path: string,
  response: ServerResponse,
): Promise<void> {
  const file = site.get(path);
  if (file === undefined || !["GET", "HEAD"].includes(method)) {
    response.writeHead(file === undefined ? 404 : 405).end();
    return;
  }
  const body = await file.read();
  response.writeHead(200, {
    "content-type": file.type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  });
  response.end(method === "HEAD" ? undefined : body);
}
