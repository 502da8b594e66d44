import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { bundlePage } from "../../../../tools/browser/bundle-page.ts";
import { UsageError } from "../command-files.ts";

/** Where to serve, and what. */
export interface ServeOptions {
  /** 0 for any that is free. */
  readonly port: number;
  readonly host: string;
  /** Source of the page's script; its `page.html` and `page.css` lie beside it. */
  readonly entry: string;
}

/** A server that runs until it is disposed of. */
export interface BenchServer {
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What may be fetched, by path. */
async function pagesOf(entry: string): Promise<ReadonlyMap<string, readonly [string, string]>> {
  const beside = (name: string) => readFileSync(join(dirname(entry), name), "utf8");
  return new Map([
    ["/", ["text/html", beside("page.html")]],
    ["/page.css", ["text/css", beside("page.css")]],
    [
      "/main.js",
      ["text/javascript", await bundlePage({ entryPoints: [entry], sourcemap: "inline" })],
    ],
  ]);
}

function send(response: ServerResponse, page: readonly [string, string] | undefined): void {
  if (page === undefined) {
    response.writeHead(404).end();
    return;
  }
  const [type, body] = page;
  response.writeHead(200, {
    "content-type": `${type}; charset=utf-8`,
    "cache-control": "no-store",
    // Makes the page's clock finer: 5 instead of 100 microseconds.
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  });
  response.end(body);
}

/**
 * Serves the page that runs the bench in the browser that opens it.
 *
 * @throws {UsageError} if the port is taken
 */
export async function serveBench({ port, host, entry }: ServeOptions): Promise<BenchServer> {
  const pages = await pagesOf(entry);
  const server = createServer((request, response) => {
    send(response, pages.get((request.url ?? "/").split("?")[0] ?? "/"));
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
  return {
    url: `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
