import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { once } from "node:events";
import { messageOf } from "../domain/errors.ts";
import { endsWithin } from "../queue/queue.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What has to be reachable for this process to be of use, by name. Each throws when it is not. */
  readonly needs: Readonly<Record<string, () => Promise<void>>>;
  /** Absent in a worker. */
  readonly webhooks?: { readonly path: string; readonly listener: RequestListener };
}

export interface WebServer {
  /** Such as `http://127.0.0.1:3000`. */
  readonly url: string;
  /** `/readyz` says no from now on, so that no more is sent here. */
  drain(): void;
  /** Ends once the requests under way have been answered, after five seconds in any case. */
  close(): Promise<void>;
}

/** GitHub sends no payload larger than 25 MB. */
const mostBytes = 25 * 1024 * 1024;

/** Serves the webhook route, `/healthz` (alive) and `/readyz` (of use), and nothing else. */
export async function startServer({ host, port, needs, webhooks }: ServerOptions): Promise<WebServer> {
  let draining = false;

  const readiness = async (response: ServerResponse) => {
    const problems = draining ? ["stopping"] : await unmet(needs);
    if (problems.length === 0) return answer(response, 200, { status: "ready" });
    return answer(response, 503, { status: "not ready", problems });
  };

  const route = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split("?")[0] ?? "/";
    // Probot's registration page tells GitHub the top of the server as the address for webhooks.
    if (webhooks !== undefined && (path === webhooks.path || (path === "/" && request.method === "POST"))) {
      const body = await bodyOf(request);
      if (body === undefined)
        return answer(response, 413, { error: "the payload is larger than GitHub sends" });
      Object.assign(request, { body, url: webhooks.path });
      return webhooks.listener(request, response);
    }
    const asks = request.method === "GET" || request.method === "HEAD";
    if (asks && path === "/healthz") return answer(response, 200, { status: "alive" });
    if (asks && path === "/readyz") return readiness(response);
    return answer(response, 404, { error: "not found" });
  };

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answer(response, 500, { error: messageOf(error) });
    });
  });
  server.requestTimeout = 60_000;
  server.listen(port, host);
  await once(server, "listening");
  const bound = server.address();
  const actual = typeof bound === "object" && bound !== null ? bound.port : port;

  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    drain: () => {
      draining = true;
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      if (!(await endsWithin(closed, 5_000))) server.closeAllConnections();
      await closed;
    },
  };
}

/** The names of what cannot be reached, and why. */
async function unmet(needs: ServerOptions["needs"]): Promise<readonly string[]> {
  const asked = Object.entries(needs).map(async ([name, check]) => {
    try {
      await check();
      return [];
    } catch (error) {
      return [`${name}: ${messageOf(error)}`];
    }
  });
  return (await Promise.all(asked)).flat();
}

/** The text of a request, or `undefined` past the limit: what announces itself as larger is not read, and else the connection ends. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > mostBytes) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > mostBytes) return undefined;
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function answer(response: ServerResponse, status: number, body: object): void {
  const close = status === 413 ? { connection: "close" } : {};
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...close });
  response.end(`${JSON.stringify(body)}\n`);
}
