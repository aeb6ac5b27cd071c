import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import { createHttpClient } from "../../src/http/client.ts";
import { startServer } from "./server.ts";

afterEach(() => vi.unstubAllEnvs());

/** A proxy that leads every name to one port of this machine, and remembers what it was asked for. */
async function startProxy(port: number) {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    void fetch(`http://127.0.0.1:${port}${new URL(request.url ?? "").pathname}`)
      .then((answer) => answer.text())
      .then((text) => response.end(text));
  });
  proxy.on("connect", (request, client, head) => {
    asked.push(`CONNECT ${request.url}`);
    const line = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      line.write(head);
      line.pipe(client).pipe(line);
    });
    client.on("error", () => line.destroy());
    line.on("error", () => client.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has such an address
  const { port: own } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${own}`,
    asked,
    close: () => new Promise((resolve) => proxy.closeAllConnections() ?? proxy.close(resolve)),
  };
}

it("goes through the proxy that the environment names, which resolves the names", async () => {
  const server = await startServer(() => ({ body: '"through"' }));
  const proxy = await startProxy(Number(server.host.split(":")[1]));
  vi.stubEnv("http_proxy", proxy.url);
  vi.stubEnv("https_proxy", proxy.url);
  vi.stubEnv("no_proxy", "past.test");
  const http = createHttpClient({
    cache: memoryCache(),
    userAgent: "test",
    pause: async () => undefined,
    lookup: (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
  });
  const read = (body: Buffer): unknown => JSON.parse(body.toString("utf8"));
  try {
    expect(await http.get("http://registry.test/a", { read })).toBe("through");
    expect(proxy.asked.join()).toMatch(/registry\.test/);
    await expect(http.get("http://past.test/a", { read })).rejects.toThrow(
      "past.test is at a private address, which a repository may not name",
    );
    await expect(http.get("http://10.0.0.1/a", { read })).rejects.toThrow("is a private address");
    expect(server.asked).toHaveLength(1);
  } finally {
    await http.close();
    await Promise.all([proxy.close(), server.close()]);
  }
});
