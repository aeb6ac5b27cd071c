import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy on this machine that goes nowhere: each answer is made here. */
export interface Gateway {
  /** With a password that only this address tells. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Opens a proxy for one program. `answer` gives what stands at a plain `http:` address in a form that is accepted, or
 * `undefined` for a 404; what it throws is a 502 to the program. Tunnels, which `https:` needs, are refused.
 */
export async function openGateway(
  answer: (url: URL, accept: string) => Promise<Buffer | undefined>,
): Promise<Gateway> {
  const password = randomBytes(16).toString("hex");
  const expected = `Basic ${Buffer.from(`steeplejack:${password}`).toString("base64")}`;
  const server = createServer((request, response) => {
    void respond(request, response, expected, answer);
  });
  server.on("connect", (_, socket) => {
    // Nobody else listens on the socket of a tunnel, and who is refused may hang up at once.
    socket.on("error", () => socket.destroy()).end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has such an address
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://steeplejack:${password}@127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  { method, url = "", headers }: IncomingMessage,
  response: ServerResponse,
  expected: string,
  answer: (url: URL, accept: string) => Promise<Buffer | undefined>,
): Promise<void> {
  if (headers["proxy-authorization"] !== expected) return void response.writeHead(407).end();
  if (method !== "GET" || !/^http:\/\//i.test(url) || !URL.canParse(url))
    return void response.writeHead(403).end();
  try {
    const body = await answer(new URL(url), headers.accept ?? "*/*");
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" }).end(body);
  } catch {
    response.writeHead(502).end(); // whoever answers knows why
  }
}
