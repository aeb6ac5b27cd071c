import type { ServerResponse } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { memoryCache } from "../../src/cache/memory.ts";
import { HttpError, RateLimitError } from "../../src/domain/errors.ts";
import type { Cache, HttpRequest } from "../../src/domain/ports.ts";
import type { Lookup } from "../../src/http/address.ts";
import { createHttpClient, type HttpOptions } from "../../src/http/client.ts";
import { type Asked, type Reply, startServer, type TestServer } from "./server.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((it) => it.close()));
});

async function serve(answer: (asked: Asked, nth: number) => Reply): Promise<TestServer> {
  const server = await startServer(answer);
  open.push(server);
  return server;
}

/** A client that trusts the test's server, waits for nothing between attempts, and says how long it would have. */
function client(server: TestServer | undefined, options: Partial<HttpOptions> = {}) {
  const pauses: number[] = [];
  const http = createHttpClient({
    cache: memoryCache(),
    userAgent: "test",
    trustedHosts: server === undefined ? [] : [server.host],
    pause: async (milliseconds) => void pauses.push(milliseconds),
    ...options,
  });
  open.push(http);
  return Object.assign(http, { pauses });
}

const json: HttpRequest<unknown> = { read: (body) => JSON.parse(body.toString("utf8")) };
const kept: HttpRequest<unknown> = { ...json, cacheAs: "test-1" };

function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("nothing was thrown"),
    (error: unknown) => error,
  );
}
async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await thrownBy(promise);
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

describe("failures that may pass", () => {
  it.each([500, 502, 503, 408, 425, 429])("asks again after %i", async (status) => {
    const server = await serve((_, nth) => (nth < 3 ? { status } : { body: '"at last"' }));
    const http = client(server);
    expect(await http.get(`${server.url}/a`, json)).toBe("at last");
    expect(server.asked).toHaveLength(3);
    expect(http.pauses.map((milliseconds) => milliseconds / 250)).toEqual([
      expect.toSatisfy((times: number) => times >= 0.75 && times <= 1.25),
      expect.toSatisfy((times: number) => times >= 3 && times <= 5),
    ]);
  });

  it("gives up after three attempts and names the host, the status and the path", async () => {
    const server = await serve(() => ({ status: 502, body: "<html>" }));
    expect(await messageOf(client(server).get(`${server.url}/a/b?c=d`, json))).toBe(
      `HttpError: ${server.host}: answered 502 (GET /a/b)`,
    );
    expect(server.asked).toHaveLength(3);
  });

  it("asks once where another attempt would not help", async () => {
    const server = await serve(() => ({ status: 403 }));
    expect(await messageOf(client(server).get(`${server.url}/a`, json))).toBe(
      `HttpError: ${server.host}: answered 403: the operator has no credentials for it, or they are refused (GET /a)`,
    );
    expect(server.asked).toHaveLength(1);
  });

  it("asks again after a connection that broke, before and within the answer", async () => {
    const server = await serve((_, nth) => {
      if (nth === 1) return (response) => response.destroy();
      if (nth === 2)
        return (response) => {
          response.writeHead(200, { "content-length": "100" });
          response.write('{"half":', () => response.destroy());
        };
      return { body: "[1]" };
    });
    expect(await client(server).get(`${server.url}/a`, json)).toEqual([1]);
  });

  it("waits as long as the server asks, in seconds or until a date", async () => {
    const now = Date.parse("2026-06-01T00:00:00Z");
    const server = await serve((_, nth) => {
      if (nth === 1) return { status: 429, headers: { "retry-after": "7" } };
      if (nth === 2) return { status: 503, headers: { "retry-after": "Mon, 01 Jun 2026 00:00:12 GMT" } };
      return { body: "1" };
    });
    const http = client(server, { now: () => now });
    expect(await http.get(`${server.url}/a`, json)).toBe(1);
    expect(http.pauses).toEqual([7_000, 12_000]);
  });

  it("does not ask a second time when it is told to wait for long, and says until when", async () => {
    const now = Date.parse("2026-06-01T00:00:00Z");
    const server = await serve(() => ({ status: 429, headers: { "retry-after": "3600" } }));
    const error = await thrownBy(client(server, { now: () => now }).get(`${server.url}/a`, json));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toHaveProperty("retryAt", new Date("2026-06-01T01:00:00Z"));
    expect(server.asked).toHaveLength(1);
  });

  it("waits in its own way where Retry-After means nothing", async () => {
    const server = await serve(() => ({ status: 429, headers: { "retry-after": "soon" } }));
    const http = client(server);
    expect(await messageOf(http.get(`${server.url}/a`, json))).toBe(
      `HttpError: ${server.host}: answered 429 (GET /a)`,
    );
    expect(http.pauses).toHaveLength(2);
  });

  it.each([
    ["headers", () => undefined],
    ["body", (response) => void response.writeHead(200).write("[")],
    ["whole", (response) => void response.writeHead(200).write("[")],
  ] satisfies [string, Reply][])("bounds the wait for the %s", async (name, reply) => {
    const server = await serve(() => reply);
    const http = client(server, { timeouts: { [name]: 50 } });
    expect(await messageOf(http.get(`${server.url}/a`, json))).toBe(
      `HttpError: ${server.host}: did not answer in time (GET /a)`,
    );
    expect(server.asked).toHaveLength(3);
  });

  it("tells a host that is not there", async () => {
    const server = await startServer(() => ({}));
    await server.close();
    expect(await messageOf(client(server).get(`${server.url}/a`, json))).toContain(
      `HttpError: ${server.host}: could not be reached: connect ECONNREFUSED`,
    );
  });
});

describe("what is answered", () => {
  const text = JSON.stringify({ text: "a".repeat(1_000) });
  it.each([
    ["gzip", gzipSync(text)],
    ["x-gzip", gzipSync(text)],
    ["br", brotliCompressSync(text)],
    ["zstd", zstdCompressSync(text)],
    ["deflate", deflateSync(text)],
    ["identity", Buffer.from(text)],
    ["gzip, br", brotliCompressSync(gzipSync(text))],
  ])("reads %s", async (encoding, body) => {
    const server = await serve(() => ({ headers: { "content-encoding": encoding }, body }));
    const http = client(server);
    expect(await http.get(`${server.url}/a`, json)).toEqual(JSON.parse(text));
    expect(http.statistics).toEqual({ requests: 1, notModified: 0, fromCache: 0, bytes: body.length });
    expect(server.asked[0]?.headers).toMatchObject({
      accept: "application/json",
      "accept-encoding": "zstd, br, gzip",
      "user-agent": "test",
    });
  });

  it("refuses an encoding that nobody asked for", async () => {
    const server = await serve(() => ({ headers: { "content-encoding": "compress" }, body: "x" }));
    expect(await messageOf(client(server).get(`${server.url}/a`, json))).toContain(
      "answered in an unknown encoding, compress",
    );
  });

  it("asks again when the compressed body is damaged", async () => {
    const server = await serve(() => ({ headers: { "content-encoding": "gzip" }, body: "no gzip at all" }));
    expect(await messageOf(client(server).get(`${server.url}/a`, json))).toContain(
      "sent an answer that cannot be decompressed: incorrect header check",
    );
    expect(server.asked).toHaveLength(3);
  });

  it("gives undefined for 404 and 410", async () => {
    const server = await serve(({ path }) => ({ status: path === "/gone" ? 410 : 404, body: "not JSON" }));
    const http = client(server);
    expect(
      await Promise.all([http.get(`${server.url}/gone`, json), http.get(`${server.url}/a`, kept)]),
    ).toEqual([undefined, undefined]);
    expect(await http.post(`${server.url}/b`, {}, json)).toBeUndefined();
  });

  it("tells broken JSON with the host and the path, and asks once", async () => {
    const server = await serve(() => ({ body: '{"a":' }));
    const message = await messageOf(client(server).get(`${server.url}/a`, kept));
    expect(message).toMatch(
      /^HttpError: 127\.0\.0\.1:\d+: sent an answer that cannot be read: .*JSON.* \(GET \/a\)$/,
    );
    expect(server.asked).toHaveLength(1);
  });

  it("refuses more bytes than are allowed, also of what decompresses", async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const server = await serve(({ path }) =>
      path === "/bomb"
        ? { headers: { "content-encoding": "gzip" }, body: bomb }
        : { body: Buffer.alloc(200_000, " ") },
    );
    const http = client(server);
    const small = { ...json, maxBytes: 100_000 };
    expect(bomb.length).toBeLessThan(small.maxBytes);
    expect(await messageOf(http.get(`${server.url}/long`, small))).toContain(
      "the answer is larger than 100000 bytes (GET /long)",
    );
    expect(await messageOf(http.get(`${server.url}/bomb`, small))).toContain(
      "the answer decompresses to more than is allowed (GET /bomb)",
    );
    expect(server.asked).toHaveLength(2);
  });

  it("sends a question with a body of JSON, and again when that fails", async () => {
    const server = await serve(({ body }, nth) =>
      nth === 1 ? { status: 500 } : { body: `{"echo":${body}}` },
    );
    expect(await client(server).post(`${server.url}/q`, { a: 1 }, json)).toEqual({ echo: { a: 1 } });
    expect(server.asked.map(({ method, headers }) => [method, headers["content-type"]])).toEqual([
      ["POST", "application/json"],
      ["POST", "application/json"],
    ]);
  });
});

describe("what is kept", () => {
  it("believes an answer as long as its max-age says, then asks whether it changed", async () => {
    let now = 0;
    const server = await serve(({ headers }) =>
      headers["if-none-match"] === '"v1"'
        ? { status: 304, headers: { "cache-control": "max-age=60" } }
        : { headers: { "cache-control": "public, max-age=300", etag: '"v1"' }, body: '{"n":1}' },
    );
    const http = client(server, { now: () => now });
    const ask = async (seconds: number) => {
      now = seconds * 1_000;
      return [await http.get(`${server.url}/a`, kept), server.asked.length];
    };
    expect([
      await ask(0),
      await ask(299),
      await ask(300),
      await ask(359),
      await ask(360),
      await ask(419),
    ]).toEqual([
      [{ n: 1 }, 1],
      [{ n: 1 }, 1],
      [{ n: 1 }, 2], // 304, and good for another minute
      [{ n: 1 }, 2],
      [{ n: 1 }, 3],
      [{ n: 1 }, 3],
    ]);
    expect(http.statistics).toMatchObject({ requests: 3, notModified: 2, fromCache: 3 });
  });

  it.each([
    ["the age it had already", { "cache-control": "max-age=300", age: "290" }, 10],
    ["no-cache", { "cache-control": "no-cache, max-age=300" }, 0],
    ["a lifetime for shared caches only", { "cache-control": "s-maxage=300", etag: '"1"' }, 0],
    ["an ETag without a lifetime", { etag: '"1"' }, 0],
    ["Last-Modified without a lifetime", { "last-modified": "Mon, 01 Jun 2026 00:00:00 GMT" }, 0],
    ["nothing at all: our own lifetime", {}, 300],
  ])("reckons with %s", async (_, headers, seconds) => {
    let now = 0;
    const server = await serve(() => ({ headers, body: "1" }));
    const http = client(server, { now: () => now });
    const countAt = async (at: number) => {
      now = at;
      await http.get(`${server.url}/a`, kept);
      return server.asked.length;
    };
    await countAt(0);
    expect(await countAt(seconds * 1_000 - 1)).toBe(seconds === 0 ? 2 : 1);
    expect(await countAt(seconds * 1_000)).toBe(seconds === 0 ? 3 : 2);
  });

  it("asks with If-Modified-Since where there is no ETag, and takes what is new", async () => {
    const server = await serve((_, nth) => ({
      headers: { "last-modified": `Mon, 0${nth} Jun 2026 00:00:00 GMT` },
      body: `${nth}`,
    }));
    const http = client(server);
    expect(await http.get(`${server.url}/a`, kept)).toBe(1);
    expect(await http.get(`${server.url}/a`, kept)).toBe(2);
    expect(server.asked[1]?.headers["if-modified-since"]).toBe("Mon, 01 Jun 2026 00:00:00 GMT");
  });

  it("believes for a minute at most that there is nothing", async () => {
    let now = 0;
    const headers = { "cache-control": "max-age=3600" };
    const server = await serve((_, nth) => (nth === 1 ? { status: 404, headers } : { body: '"published"' }));
    const http = client(server, { now: () => now });
    expect(await http.get(`${server.url}/a`, { ...kept, immutable: true })).toBeUndefined();
    now = 59_000;
    expect(await http.get(`${server.url}/a`, { ...kept, immutable: true })).toBeUndefined();
    now = 60_000;
    expect(await http.get(`${server.url}/a`, { ...kept, immutable: true })).toBe("published");
  });

  it("asks once for what never changes, and once for each revision", async () => {
    let now = 0;
    const server = await serve((_, nth) => ({ headers: { "cache-control": "no-store" }, body: `${nth}` }));
    const http = client(server, { now: () => now });
    const ask = (revision: string) => http.get(`${server.url}/a`, { ...kept, immutable: true, revision });
    expect([await ask("r1"), await ask("r1"), await ask("r2")]).toEqual([1, 1, 2]);
    now = 1e12;
    expect([await ask("r1"), await ask("r2")]).toEqual([1, 2]);
  });

  it("keeps apart what is read or asked for in different ways", async () => {
    const server = await serve(({ headers }) => ({
      headers: { "cache-control": "max-age=300" },
      body: JSON.stringify(headers.accept),
    }));
    const http = client(server);
    const length: HttpRequest<unknown> = { cacheAs: "length-1", read: (body) => body.length };
    expect(await http.get(`${server.url}/a`, { ...kept, accept: "text/a" })).toBe("text/a");
    expect(await http.get(`${server.url}/a`, { ...kept, accept: "text/b" })).toBe("text/b");
    expect(await http.get(`${server.url}/a`, { ...length, accept: "text/a" })).toBe(8);
    expect(await http.get(`${server.url}/a`, { ...kept, accept: "text/a" })).toBe("text/a");
    expect(server.asked).toHaveLength(3);
  });

  it("asks the same question once while it is under way, and again after it failed", async () => {
    const server = await serve((_, nth) => (nth <= 3 ? { status: 500 } : { body: `${nth}` }));
    const http = client(server);
    const both = await Promise.allSettled([
      http.get(`${server.url}/a`, kept),
      http.get(`${server.url}/a`, kept),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(server.asked).toHaveLength(3);
    expect(await Promise.all([1, 2, 3].map(() => http.get(`${server.url}/a`, kept)))).toEqual([4, 4, 4]);
    expect(server.asked).toHaveLength(4);
  });

  it.each([
    "",
    "nonsense",
    '{"at":1,"lifetime":1e9,"value":"of an older program"}',
    '{"at":"now","lifetime":1e9,"known":true}\n"of another shape"',
    '{"at":1,"lifetime":1e9,"known":true}\n{"cut',
  ])("fetches anew what is damaged or of another program: %j", async (text) => {
    const server = await serve(() => ({ body: '"fresh"' }));
    const cache: Cache = { get: async () => text, set: async () => undefined };
    expect(await client(server, { cache, now: () => 2 }).get(`${server.url}/a`, kept)).toBe("fresh");
    expect(server.asked[0]?.headers).not.toHaveProperty("if-none-match");
  });

  it("does not trust what was written in the future, by a clock that was wrong", async () => {
    let now = 1e12;
    const server = await serve((_, nth) => ({ headers: { "cache-control": "max-age=300" }, body: `${nth}` }));
    const http = client(server, { now: () => now });
    expect(await http.get(`${server.url}/a`, kept)).toBe(1);
    now = 0;
    expect(await http.get(`${server.url}/a`, kept)).toBe(2);
  });

  it("gets by without a cache that fails", async () => {
    const server = await serve(() => ({ body: "1" }));
    const fail = () => Promise.reject(new Error("disk full"));
    expect(await client(server, { cache: { get: fail, set: fail } }).get(`${server.url}/a`, kept)).toBe(1);
  });
});

describe("where it may go", () => {
  const names: Record<string, string[]> = {
    "inside.test": ["10.0.0.7"],
    "both.test": ["93.184.216.34", "127.0.0.1"],
    "mapped.test": ["::ffff:192.168.1.1"],
  };
  const resolver: Lookup = (name, _, done) => {
    const addresses = names[name] ?? [];
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };

  it.each([
    "http://127.0.0.1/a",
    "http://127.1/a",
    "http://2130706433/a",
    "http://0x7f.0.0.1/a",
    "http://10.1.2.3/a",
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]/a",
    "http://[::ffff:10.0.0.1]/a",
    "http://[::127.0.0.1]/a",
    "http://[64:ff9b::10.0.0.1]/a",
    "http://[fd00::1]/a",
    "http://localhost/a",
    "http://localhost./a",
    "http://metadata.google.internal/a",
  ])("refuses %s", async (url) => {
    const http = client(undefined);
    expect(await messageOf(http.get(url, json))).toContain(
      "is a private address, which a repository may not name",
    );
    expect(http.statistics.requests).toBe(0);
  });

  it.each(Object.keys(names))("refuses %s, a name of a private address, and asks once", async (name) => {
    const http = client(undefined, { lookup: resolver });
    expect(await messageOf(http.get(`http://${name}/a`, json))).toBe(
      `HttpError: ${name}: ${name} is at a private address, which a repository may not name (GET /a)`,
    );
    expect(http.statistics.requests).toBe(1);
  });

  it("reaches a private name that the operator trusts", async () => {
    const server = await serve(() => ({ body: '"inside"' }));
    const port = server.host.split(":")[1];
    names["trusted.test"] = ["127.0.0.1"];
    const http = client(undefined, { lookup: resolver, trustedHosts: ["Trusted.test"] });
    expect(await http.get(`http://trusted.test:${port}/a`, json)).toBe("inside");
  });

  it("refuses what is no web address", async () => {
    expect(await messageOf(client(undefined).get("file://host/etc/passwd", json))).toContain(
      "cannot fetch file: addresses",
    );
  });

  it("follows redirects, and repeats a question only where it is told to", async () => {
    const server = await serve(({ path, method, body }) => {
      if (path.startsWith("/from")) return { status: Number(path.slice(6)), headers: { location: "../to" } };
      return { body: JSON.stringify([method, body]) };
    });
    const http = client(server);
    expect(await http.get(`${server.url}/from/301`, json)).toEqual(["GET", ""]);
    expect(await http.post(`${server.url}/from/308`, 1, json)).toEqual(["POST", "1"]);
    expect(await http.post(`${server.url}/from/303`, 1, json)).toEqual(["GET", ""]);
  });

  it("gives up on a circle, and on a redirect to nowhere", async () => {
    const server = await serve(({ path }) => ({
      status: 302,
      headers: { location: path === "/nowhere" ? "http://[" : "/round" },
    }));
    expect(await messageOf(client(server).get(`${server.url}/round`, json))).toContain(
      "more than 5 redirects",
    );
    expect(await messageOf(client(server).get(`${server.url}/nowhere`, json))).toContain(
      "redirects to what is no address",
    );
  });

  it("is not led to a private address by a redirect", async () => {
    const inner = await serve(() => ({ body: '"secret"' }));
    const outer = await serve(() => ({ status: 302, headers: { location: `${inner.url}/secret` } }));
    expect(await messageOf(client(outer).get(`${outer.url}/a`, json))).toBe(
      `HttpError: ${inner.host}: is a private address, which a repository may not name (GET /secret)`,
    );
    expect(inner.asked).toEqual([]);
  });
});

describe("credentials", () => {
  it("go to their prefix and nowhere else", async () => {
    const server = await serve(() => ({ body: "1" }));
    const credentials = [
      { prefix: `${server.url}/team/`, authorization: "Bearer team" },
      { prefix: `${server.url}/team/inner`, authorization: "Bearer inner" },
      { prefix: "no address", authorization: "Bearer lost" },
    ];
    const http = client(server, { credentials });
    const paths = [
      "/",
      "/teams",
      "/team/a",
      "/team/inner",
      "/team/inner/a",
      "/team/innermost",
      "/x/../team/b",
      "/team/../c",
    ];
    for (const path of paths) await http.get(server.url + path, json);
    expect(server.asked.map(({ path, headers }) => `${path} ${headers.authorization ?? "-"}`)).toEqual([
      "/ -",
      "/teams -",
      "/team/a Bearer team",
      "/team/inner Bearer inner",
      "/team/inner/a Bearer inner",
      "/team/innermost Bearer team",
      "/team/b Bearer team",
      "/c -",
    ]);
  });

  it("do not go to a host whose name only begins alike", async () => {
    const server = await serve(() => ({ body: "1" }));
    const http = client(server, {
      credentials: [{ prefix: server.url.slice(0, -1), authorization: "Bearer x" }],
    });
    await http.get(`${server.url}/a`, json);
    await http.get(`http://${server.host.slice(0, -1)}@${server.host}/a`, json);
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  it("are dropped by a redirect to another host, and sent by one to theirs", async () => {
    const other = await serve(() => ({ body: '"other"' }));
    const server = await serve(({ path }) => {
      if (path === "/out") return { status: 302, headers: { location: `${other.url}/a` } };
      return path === "/in" ? { status: 302, headers: { location: "/b" } } : { body: '"own"' };
    });
    const http = client(server, {
      trustedHosts: [server.host, other.host],
      credentials: [{ prefix: `${server.url}/`, authorization: "Bearer x" }],
    });
    expect(await http.get(`${server.url}/out`, json)).toBe("other");
    expect(await http.get(`${server.url}/in`, json)).toBe("own");
    expect(other.asked[0]?.headers).not.toHaveProperty("authorization");
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer x",
      "Bearer x",
      "Bearer x",
    ]);
  });
});

describe("many at once", () => {
  it("asks one host at most 64 questions at a time, in the order they came", async () => {
    const held: ServerResponse[] = [];
    const server = await serve(() => (response) => {
      held.push(response);
      if (held.length === 64 || server.asked.length === 200) for (const it of held.splice(0)) it.end("1");
    });
    const http = client(server);
    const paths = Array.from({ length: 200 }, (_, index) => `/${index}`);
    expect(await Promise.all(paths.map((path) => http.get(server.url + path, json)))).toEqual(
      paths.map(() => 1),
    );
    const first = server.asked.slice(0, 64).map(({ path }) => path);
    expect(new Set(first)).toEqual(new Set(paths.slice(0, 64)));
    expect(await server.connections()).toBe(64);
  });
});

describe("close", () => {
  it("closes every connection", async () => {
    const server = await serve(() => ({ body: "1" }));
    const http = client(server);
    await http.get(`${server.url}/a`, json);
    expect(await server.connections()).toBe(1);
    await http.close();
    await vi.waitUntil(async () => (await server.connections()) === 0);
  });

  it("breaks off what is under way and answers nothing more", async () => {
    let arrived = (): void => undefined;
    const underWay = new Promise<void>((resolve) => (arrived = resolve));
    const server = await serve(() => () => arrived());
    const http = client(server);
    const answer = thrownBy(http.get(`${server.url}/slow`, json));
    await underWay;
    await http.close();
    expect(await answer).toBeInstanceOf(HttpError);
    expect(await messageOf(http.get(`${server.url}/later`, json))).toBe(
      `HttpError: ${server.host}: was not asked: the client is closed (GET /later)`,
    );
    expect(server.asked).toHaveLength(1);
  });

  it("wakes who waits for the next attempt", async () => {
    const server = await serve(() => ({ status: 503, headers: { "retry-after": "20" } }));
    const http = createHttpClient({ cache: memoryCache(), userAgent: "test", trustedHosts: [server.host] });
    const answer = thrownBy(http.get(`${server.url}/a`, json));
    await vi.waitUntil(() => server.asked.length === 1);
    await http.close();
    expect(z.instanceof(Error).parse(await answer).message).toContain("closed");
  });

  it("needs nothing to have been asked", async () => {
    await client(undefined).close();
    expect(true).toBe(true);
  });
});
