import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What is answered: a status, headers and a body; or a function that does with the connection what it likes. */
export type Reply =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string | Buffer }
  | ((response: ServerResponse) => void);

export interface TestServer {
  /** Ends without `/`. */
  readonly url: string;
  /** Host and port. */
  readonly host: string;
  readonly asked: Asked[];
  /** How many connections are open. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** A server on this machine that answers each question as `answer` says. */
export async function startServer(answer: (asked: Asked, nth: number) => Reply): Promise<TestServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { method = "", url: path = "", headers } = request;
    const question = { method, path, headers, body: Buffer.concat(chunks).toString("utf8") };
    asked.push(question);
    const reply = answer(question, asked.filter((it) => it.path === path).length);
    if (typeof reply === "function") return reply(response);
    return response.writeHead(reply.status ?? 200, reply.headers).end(reply.body ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has such an address
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    asked,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
      ),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}
