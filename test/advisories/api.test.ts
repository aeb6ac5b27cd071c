import { afterEach, expect, it } from "vitest";
import { osvApi } from "../../src/advisories/api.ts";
import { memoryCache } from "../../src/cache/memory.ts";
import { HttpError } from "../../src/domain/errors.ts";
import type { HttpClient } from "../../src/domain/ports.ts";
import { createHttpClient } from "../../src/http/client.ts";
import { npmVersions } from "../../src/versions/semver.ts";
import { advisorySourceContract, affected, record, told } from "./contract.ts";
import { type OsvServer, startOsvServer, type StoredRecord } from "./osv-server.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

advisorySourceContract("the OSV API", async (records) => {
  const { server, http } = await start(records.map(stored));
  return osvApi({ http, baseUrl: server.url });
});

it("follows pages until there are no more", async () => {
  const names = ["a", "b", "c", "d", "e"].map((letter) => `GHSA-${letter}`);
  const { server, http } = await start(names.map((id) => everywhere(id)));
  expect(await told(osvApi({ http, baseUrl: server.url }), "left@1.0.0", "other@1.0.0")).toEqual(
    names.map((id) => `${id} left`),
  );
  expect(server.asked.filter((line) => line.startsWith("POST"))).toHaveLength(3);
});

it("asks at most a thousand questions at once", async () => {
  const { server, http } = await start([everywhere("GHSA-a")]);
  const packages = Array.from({ length: 2_500 }, (_, at) => `package-${at}@1.0.0`);
  expect(await told(osvApi({ http, baseUrl: server.url }), ...packages, "left@1.0.0")).toEqual([
    "GHSA-a left",
  ]);
  expect(server.asked.filter((line) => line.startsWith("POST"))).toHaveLength(3);
});

it("fetches a record once, and again when it was modified", async () => {
  const { server, http } = await start([everywhere("GHSA-a"), everywhere("GHSA-b")]);
  const fetched = (): readonly string[] => server.asked.splice(0).filter((line) => line.startsWith("GET"));
  const source = osvApi({ http, baseUrl: server.url });

  await told(source, "left@1.0.0");
  expect(fetched()).toEqual(["GET /v1/vulns/GHSA-a", "GET /v1/vulns/GHSA-b"]);
  await told(source, "left@1.0.0");
  expect(fetched()).toEqual([]);

  server.put(everywhere("GHSA-b", "2024-06-01T00:00:00Z"));
  expect(await told(source, "left@1.0.0")).toEqual(["GHSA-a left", "GHSA-b left"]);
  expect(fetched()).toEqual(["GET /v1/vulns/GHSA-b"]);
});

it("tells a record that is listed and missing", async () => {
  const { server, http } = await start([everywhere("GHSA-a"), everywhere("GHSA-b")]);
  const source = osvApi({ http: forgetting("GHSA-b", server, http), baseUrl: server.url });
  expect(await told(source, "left@1.0.0")).toEqual(["GHSA-a left"]);
  expect(source.problems()).toEqual([
    { stage: "audit", subject: "GHSA-b", message: "is listed, but the source does not have it" },
  ]);
});

it("throws when the source cannot be reached, is not an OSV server, or answers out of step", async () => {
  const { server, http } = await start([]);
  const answering = (body: unknown): HttpClient => ({
    get: (url, request) => http.get(url, request),
    post: async (_url, _body, request) => request.read(Buffer.from(JSON.stringify(body))),
  });
  await expect(ask(http, `${server.url}/nowhere`)).rejects.toThrow(HttpError);
  await expect(ask(answering({ results: [] }), server.url)).rejects.toThrow("0 answers to 1 questions");
  await expect(ask(answering({ results: [{ next_page_token: "again" }] }), server.url)).rejects.toThrow(
    "more than 200 pages",
  );
  await server.close();
  closers.splice(closers.indexOf(server.close), 1);
  await expect(ask(http, server.url)).rejects.toThrow(HttpError);
});

async function start(records: readonly StoredRecord[]): Promise<{ server: OsvServer; http: HttpClient }> {
  const server = await startOsvServer(records);
  const http = createHttpClient({
    cache: memoryCache(),
    userAgent: "steeplejack-test",
    trustedHosts: ["127.0.0.1"],
    pause: async () => {},
  });
  closers.push(() => http.close(), server.close);
  return { server, http };
}

function stored(data: unknown): StoredRecord {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the contract's records all have both
  return data as StoredRecord;
}

function everywhere(id: string, modified = "2024-01-02T03:04:05Z"): StoredRecord {
  return { ...record(id, { affected: [affected("left", [{ introduced: "0" }])] }), modified };
}

/** Takes a record away between the list and its fetching. */
function forgetting(id: string, server: OsvServer, http: HttpClient): HttpClient {
  return {
    get: (url, request) => http.get(url, request),
    async post(url, body, request) {
      const answer = await http.post(url, body, request);
      server.remove(id);
      return answer;
    },
  };
}

function ask(http: HttpClient, baseUrl: string) {
  return osvApi({ http, baseUrl }).advisoriesFor({ osv: "npm", versions: npmVersions }, [{ name: "left" }]);
}
