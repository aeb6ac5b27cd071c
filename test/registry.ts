import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

/** One version as its author published it. */
export interface Published {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
  readonly deprecated?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly repository?: unknown;
  /** ISO 8601; long ago where it is left out. */
  readonly at?: string;
}

/** By name and version. */
export type Packages = Readonly<Record<string, Readonly<Record<string, Published>>>>;

export interface RegistryOptions {
  /** As the public registry answers, or as a mirror that knows neither brief documents nor validators. */
  readonly manner?: "public" | "mirror";
  /** By name: a status that is answered instead, as often as `times` says. */
  readonly faults?: Readonly<Record<string, { status: number; times?: number }>>;
  /** Archives by path, such as `/a/-/a-1.0.0.tgz`. */
  readonly archives?: Readonly<Record<string, Buffer>>;
}

export interface TestRegistry {
  /** Ends in `/`. */
  readonly url: string;
  /** Each request so far: method, path, and what was answered. */
  readonly log: { readonly path: string; readonly accept: string; readonly status: number }[];
  /** Changes what is published from now on. */
  publish(packages: Packages): void;
  close(): Promise<void>;
}

const longAgo = "2025-01-01T00:00:00.000Z";

/**
 * A registry of npm packages on this machine, true to the documentation of the public one: brief and full documents,
 * `ETag` and 304, gzip, 404. https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md
 */
export async function startRegistry(
  packages: Packages,
  options: RegistryOptions = {},
): Promise<TestRegistry> {
  const published = new Map(Object.entries(packages));
  const faults = new Map(Object.entries(options.faults ?? {}).map(([name, fault]) => [name, { ...fault }]));
  const log: TestRegistry["log"] = [];

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const accept = request.headers.accept ?? "";
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://registry.test").pathname);
    const send = (status: number, headers: Record<string, string>, body: Buffer = Buffer.alloc(0)) => {
      log.push({ path, accept, status });
      response.writeHead(status, headers).end(body);
    };
    const archive = options.archives?.[path];
    if (archive !== undefined) return send(200, { "content-type": "application/octet-stream" }, archive);
    const name = path.slice(1);
    const fault = faults.get(name);
    if (fault !== undefined && (fault.times === undefined || fault.times-- > 0))
      return send(fault.status, {});
    const versions = published.get(name);
    if (versions === undefined)
      return send(404, { "content-type": "application/json" }, Buffer.from('{"error":"Not found"}'));

    const isMirror = options.manner === "mirror";
    const isBrief = !isMirror && accept.includes("application/vnd.npm.install-v1+json");
    const body = Buffer.from(JSON.stringify(documentOf(name, versions, isBrief, isMirror, base())));
    if (isMirror) return send(200, { "content-type": "application/json" }, body);
    const etag = `"${createHash("sha1").update(body).digest("hex")}"`;
    const headers = {
      "content-type": "application/json",
      etag,
      "cache-control": "public, max-age=300",
      vary: "accept",
    };
    if (request.headers["if-none-match"] === etag) return send(304, headers);
    return send(200, { ...headers, "content-encoding": "gzip" }, gzipSync(body));
  };

  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has such an address
  const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url: base(),
    log,
    publish(more) {
      for (const [name, versions] of Object.entries(more))
        published.set(name, { ...published.get(name), ...versions });
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function documentOf(
  name: string,
  versions: Readonly<Record<string, Published>>,
  isBrief: boolean,
  isMirror: boolean,
  base: string,
): unknown {
  const numbers = Object.keys(versions);
  const times = Object.fromEntries(numbers.map((number) => [number, versions[number]?.at ?? longAgo]));
  const modified = Object.values(times).toSorted().at(-1);
  const latest = numbers.filter((number) => !number.includes("-")).at(-1) ?? numbers.at(-1);
  const bare = name.slice(name.indexOf("/") + 1);
  const entries = Object.entries(versions).map(
    ([number, { at: _at, deprecated, scripts, repository, ...rest }]) => {
      const tarball = `${base}${name}/-/${bare}-${number}.tgz`;
      const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
      const told = isMirror || deprecated === undefined ? {} : { deprecated };
      const more = isBrief ? {} : { scripts, repository };
      return [
        number,
        {
          name,
          version: number,
          ...rest,
          ...told,
          ...more,
          dist: { tarball, integrity, shasum: createHash("sha1").update(tarball).digest("hex") },
        },
      ];
    },
  );
  const document = { name, "dist-tags": { latest }, versions: Object.fromEntries(entries) };
  return isBrief
    ? { ...document, modified }
    : { _id: name, ...document, time: { created: longAgo, modified, ...times } };
}
