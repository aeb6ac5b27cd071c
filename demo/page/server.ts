import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { messageOf } from "../../src/domain/errors.ts";
import type { Demo } from "../main.ts";
import type { Html } from "./html.ts";
import { notFound, overview, pullRequestPage, refused } from "./views.ts";

export interface Page {
  /** Such as `http://127.0.0.1:4680`. */
  readonly url: string;
  close(): Promise<void>;
}

const style = new URL("style.css", import.meta.url);

/** Shows the pull requests on a loopback port: the one that is wanted, or a free one where that is taken. */
export async function startPage(demo: Demo, wanted: number): Promise<Page> {
  const server = createServer((request, response) => {
    answer(demo, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, 500, "text/plain", `${messageOf(error)}\n`);
    });
  });
  const port = (await listen(server, wanted)) ?? (await listen(server, 0)) ?? 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The port that was taken; `undefined` when another program has it. */
async function listen(server: Server, port: number): Promise<number | undefined> {
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "EADDRINUSE" || error.code === "EACCES"))
      return undefined;
    throw error;
  }
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : undefined;
}

async function answer(demo: Demo, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A name that resolves to this machine is no way in for other people's pages.
  if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(request.headers.host ?? ""))
    return send(response, 421, "text/plain", "this page is for this machine only\n");
  const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
  const [, repository = "", number = "", action] =
    /^\/([\w.-]+\/[\w.-]+)\/pull\/(\d{1,9})(?:\/(merge|close))?$/.exec(pathname) ?? [];
  const isKnown = demo.state.repositories.has(repository);

  if (request.method === "POST" && isKnown && action !== undefined) {
    if (!isOwn(request)) return send(response, 403, "text/plain", "only this page's own buttons do that\n");
    return act(demo, repository, Number(number), action, response);
  }
  if (request.method !== "GET" && request.method !== "HEAD") return show(response, 405, notFound());
  if (pathname === "/style.css") return send(response, 200, "text/css", await readFile(style, "utf8"));
  if (pathname === "/") return show(response, 200, await overviewOf(demo));
  const found =
    isKnown && action === undefined ? await demo.hub.pullRequest(repository, Number(number)) : undefined;
  return found === undefined
    ? show(response, 404, notFound())
    : show(response, 200, pullRequestPage(repository, found));
}

async function overviewOf(demo: Demo): Promise<Html> {
  const names = [...demo.state.repositories.keys()];
  const lists = names.map(async (name) => [name, await demo.hub.pullRequests(name)] as const);
  return overview(demo, new Map(await Promise.all(lists)), await demo.isBusy());
}

async function act(
  { github, hub }: Demo,
  repository: string,
  number: number,
  action: string,
  response: ServerResponse,
): Promise<void> {
  try {
    await (action === "merge" ? hub.merge(repository, number) : hub.close(repository, number));
  } catch (error) {
    return show(response, 409, refused(messageOf(error)));
  }
  await github.settled(); // what the App makes of it is in its queue now
  response.writeHead(303, { location: "/" }).end();
}

/** Whether a form of this page sent it: browsers tell where a request comes from. */
function isOwn({ headers }: IncomingMessage): boolean {
  return headers.origin === `http://${headers.host}`;
}

function show(response: ServerResponse, status: number, page: Html): void {
  send(response, status, "text/html", page.text);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    "content-type": `${type}; charset=utf-8`,
    "content-security-policy":
      "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  });
  response.end(body);
}
