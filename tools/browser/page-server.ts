import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".jpg": "image/jpeg",
};

/** What the page sends when it is done. */
export type PageReport = { readonly value: unknown } | { readonly error: string };

/** The page's side, before the bundle: what goes wrong from the first line on is reported. */
const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>fauxgrad</title>
<script>
  const post = (path, body) =>
    fetch(path, { method: "POST", body: JSON.stringify(body), keepalive: path === "/log" });
  const text = (value) => (value instanceof Error ? value.stack || String(value) : String(value));
  for (const level of ["log", "info", "warn", "error"]) {
    const original = console[level];
    console[level] = (...values) => {
      original.apply(console, values);
      post("/log", level + ": " + values.map(text).join(" "));
    };
  }
  addEventListener("error", ({ error, message }) => post("/report", { error: text(error ?? message) }));
  addEventListener("unhandledrejection", ({ reason }) => post("/report", { error: text(reason) }));
</script>
<script type="module" src="/bundle.js"></script>
`;

/** A server for one page, on this machine only. */
export interface PageServer {
  readonly url: string;
  /** The page's first report. */
  readonly report: Promise<PageReport>;
  /** What the page wrote to its console so far. */
  readonly log: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Serves the page, its bundle, and files.
 *
 * @param bundle JavaScript that ends by posting a {@link PageReport} to `/report`
 * @param files  local path of each file, by the path under which the page fetches it (`/cat.png`)
 */
export async function servePage(
  bundle: string,
  files: Readonly<Record<string, string>>,
): Promise<PageServer> {
  const log: string[] = [];
  let resolveReport: (report: PageReport) => void;
  const report = new Promise<PageReport>((resolve) => {
    resolveReport = resolve;
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    const file = files[path];
    if (path === "/report") resolveReport((await readJson(request)) as PageReport);
    else if (path === "/log") log.push(String(await readJson(request)));
    else if (path === "/") return send(response, ".html", PAGE);
    else if (path === "/bundle.js") return send(response, ".js", bundle);
    else if (file !== undefined) return send(response, extname(file), await readFile(file));
    else response.statusCode = path === "/favicon.ico" ? 204 : 404;
    response.end();
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    report,
    log,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, extension: string, body: string | Uint8Array): void {
  response.setHeader("content-type", MEDIA_TYPES[extension] ?? "application/octet-stream");
  response.end(body);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
