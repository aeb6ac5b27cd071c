import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createSecureServer, type Http2ServerRequest } from "node:http2";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { fileOf } from "./record.ts";

/**
 * Serves recorded documents as the public registry would: brief or full as asked, gzip, `ETag`, 304, `cache-control`,
 * and each answer after a latency. `/-/log` gives what was asked since the last time and sets `max-age`.
 *
 * Runs in a process of its own and prints its address.
 */
const { values } = parseArgs({
  options: {
    folder: { type: "string", default: "" },
    latency: { type: "string", default: "25" },
    certificate: { type: "string" },
    key: { type: "string" },
  },
});
const latency = Number(values.latency);
const documents = new Map<string, { body: Buffer; etag: string } | undefined>();
let log: { path: string; accept: string; status: number }[] = [];
let maxAge = 300;

function documentOf(name: string, kind: "full" | "brief") {
  const file = fileOf(values.folder, name, kind);
  if (documents.has(file)) return documents.get(file);
  const body = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  const etag = `"${createHash("sha1").update(body).digest("hex")}"`;
  const found = body.length === 0 ? undefined : { body, etag };
  documents.set(file, found);
  return found;
}

/** A package's document, or that of its newest release, which is small. */
function found(path: string, kind: "full" | "brief") {
  const name = path.endsWith("/latest") ? path.slice(0, -"/latest".length) : undefined;
  if (name === undefined) return documentOf(path, kind);
  const whole = documentOf(name, "full");
  if (whole === undefined || documents.get(path) !== undefined) return documents.get(path);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- recorded from a registry
  const { "dist-tags": tags, versions } = JSON.parse(gunzipSync(whole.body).toString("utf8")) as {
    "dist-tags": Record<string, string>;
    versions: Record<string, unknown>;
  };
  const body = gzipSync(JSON.stringify(versions[tags["latest"] ?? ""] ?? {}));
  documents.set(path, { body, etag: whole.etag });
  return documents.get(path);
}

/** What the answers of HTTP/1.1 and of HTTP/2 have in common. */
interface Response {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body?: string | Buffer): unknown;
}

function answer(request: IncomingMessage | Http2ServerRequest, response: Response): void {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://registry.test");
  if (pathname === "/-/log") {
    maxAge = Number(searchParams.get("max-age") ?? maxAge);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(log));
    log = [];
    return;
  }
  setTimeout(() => {
    const accept = request.headers.accept ?? "";
    const kind = accept.includes("application/vnd.npm.install-v1+json") ? "brief" : "full";
    const document = found(decodeURIComponent(pathname.slice(1)), kind);
    const headers = {
      "content-type": kind === "brief" ? "application/vnd.npm.install-v1+json" : "application/json",
      "cache-control": `public, max-age=${maxAge}`,
      vary: "accept-encoding, accept",
      ...(document === undefined ? {} : { etag: document.etag }),
    };
    const isKnown = document !== undefined && request.headers["if-none-match"] === document.etag;
    const status = document === undefined ? 404 : isKnown ? 304 : 200;
    log.push({ path: request.url ?? "/", accept, status });
    response.writeHead(status, status === 200 ? { ...headers, "content-encoding": "gzip" } : headers);
    if (status === 200) response.end(document?.body);
    else response.end(status === 404 ? '{"error":"Not found"}' : undefined);
  }, latency);
}

const isSecure = values.certificate !== undefined && values.key !== undefined;
const server = isSecure
  ? createSecureServer(
      {
        cert: readFileSync(values.certificate ?? ""),
        key: readFileSync(values.key ?? ""),
        allowHTTP1: true,
      },
      (request, response) =>
        answer(request, {
          writeHead: (status, headers) => response.writeHead(status, headers),
          end: (body) => (body === undefined ? response.end() : response.end(body)),
        }),
    )
  : createServer(answer);
server.listen(0, "127.0.0.1", () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has such an address
  const { port } = server.address() as AddressInfo;
  console.log(isSecure ? `https://localhost:${port}/` : `http://127.0.0.1:${port}/`);
});
