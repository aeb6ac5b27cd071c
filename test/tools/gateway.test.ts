import { request } from "node:http";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { type Gateway, openGateway } from "../../src/tools/gateway.ts";

let gateway: Gateway;
const asked: string[] = [];
afterEach(async () => {
  asked.length = 0;
  await gateway.close();
});

async function open(answer: (url: URL) => Promise<Buffer | undefined>) {
  gateway = await openGateway((url) => {
    asked.push(url.href);
    return answer(url);
  });
}

/** Asks the proxy for an address, as a program would; `credentials` are those of its address unless told otherwise. */
async function ask(
  path: string,
  { method = "GET", credentials }: { method?: string; credentials?: string } = {},
) {
  const { hostname, port, username, password } = new URL(gateway.address);
  const basic = Buffer.from(credentials ?? `${username}:${password}`).toString("base64");
  return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const asking = request({
      hostname,
      port,
      path,
      method,
      headers: { "proxy-authorization": `Basic ${basic}` },
    });
    asking.on("response", (response) => {
      void text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    });
    asking.on("connect", ({ statusCode }, socket) => {
      socket.destroy();
      resolve({ status: statusCode, body: "" });
    });
    asking.on("error", reject).end();
  });
}

describe("the proxy of a program", () => {
  it("gives what it is told to answer, and a 404 for what is not there", async () => {
    await open(async ({ pathname }) => (pathname === "/a" ? Buffer.from("of a") : undefined));
    expect(await ask("http://registry.invalid/a")).toEqual({ status: 200, body: "of a" });
    expect(await ask("http://registry.invalid/b")).toEqual({ status: 404, body: "" });
    expect(asked).toEqual(["http://registry.invalid/a", "http://registry.invalid/b"]);
  });

  it("goes on when who was refused hangs up", async () => {
    await open(async () => Buffer.from("of a"));
    const { hostname, port } = new URL(gateway.address);
    const socket = connect(Number(port), hostname);
    socket.write("CONNECT registry.invalid:443 HTTP/1.1\r\n\r\n and more");
    await once(socket, "data");
    socket.resetAndDestroy();
    await once(socket, "close");
    expect(await ask("http://registry.invalid/a")).toEqual({ status: 200, body: "of a" });
  });

  it("tells a failure as its own", async () => {
    await open(() => Promise.reject(new Error("out of reach")));
    expect(await ask("http://registry.invalid/a")).toEqual({ status: 502, body: "" });
  });

  it.each([
    ["tunnels", "registry.invalid:443", { method: "CONNECT" }, 403],
    ["what is no question", "http://registry.invalid/a", { method: "PUT" }, 403],
    ["being asked as a server", "/a", {}, 403],
    ["other programs", "http://registry.invalid/a", { credentials: "steeplejack:guess" }, 407],
  ])("refuses %s", async (_, path, how, status) => {
    await open(async () => Buffer.from("never"));
    expect((await ask(path, how)).status).toBe(status);
    expect(asked).toEqual([]);
  });
});
