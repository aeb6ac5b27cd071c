/* oxlint-disable typescript/no-unsafe-type-assertion -- a cache gives back what was put in under the same key, which names its kind */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";
import { Agent, type Dispatcher, EnvHttpProxyAgent, errors } from "undici";
import { HttpError, messageOf, RateLimitError } from "../domain/errors.ts";
import type { Cache, HttpClient, HttpRequest } from "../domain/ports.ts";
import { isPrivateHost, publicLookup } from "./address.ts";

export interface HttpOptions {
  readonly cache: Cache;
  readonly userAgent: string;
  /**
   * What the operator trusts: the hosts (`name` or `name:port`) whose addresses may be private. Every other host is
   * guarded, for its name can come from a repository.
   */
  readonly trustedHosts?: readonly string[];
  /** Sent only to URLs that start with `prefix`, such as `https://npm.example/team/`. */
  readonly credentials?: readonly Credential[];
  /** How long an answer without a lifetime or a validator of its own is believed, in seconds. */
  readonly defaultLifetime?: number;
  readonly now?: () => number;
  /** Waits between two attempts. */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

export interface Credential {
  readonly prefix: string;
  /** The value of the `authorization` header. */
  readonly authorization: string;
}

/** How often and how the client asked, for the progress line, the log and the benchmark. */
export interface HttpStatistics {
  requests: number;
  notModified: number;
  fromCache: number;
  bytes: number;
}

const attempts = 3;
const perOrigin = 64;
const headersTimeout = 30_000;
const bodyTimeout = 60_000;
const longestRetryAfter = 30_000;
const defaultMaxBytes = 100_000_000;
const redirects = 5;

interface Stored {
  readonly at: number;
  readonly lifetime: number;
  readonly etag?: string;
  readonly modified?: string;
  /** `null` for an address that answered 404 or 410. */
  readonly value: unknown;
}

/**
 * Fetches over HTTP/2 where the server has it, else over at most 64 connections to one host. The same question that is
 * already under way is not asked again; failures that may pass (network, 408, 429, 5xx) are tried three times.
 */
export function createHttpClient(
  options: HttpOptions,
): HttpClient & { readonly statistics: HttpStatistics; close(): Promise<void> } {
  const { cache, userAgent, defaultLifetime = 300, now = Date.now } = options;
  const pause =
    options.pause ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)));
  const trusted = new Set(options.trustedHosts);
  const credentials = (options.credentials ?? []).toSorted((a, b) => b.prefix.length - a.prefix.length);
  const common = {
    headersTimeout,
    bodyTimeout,
    allowH2: true,
    connections: 32,
    pipelining: 1,
    maxConcurrentStreams: 100,
  };
  const open: Dispatcher = hasProxy() ? new EnvHttpProxyAgent(common) : new Agent(common);
  // Behind a proxy it is the proxy that resolves names: the guard on addresses is then its own.
  const guarded: Dispatcher = hasProxy() ? open : new Agent({ ...common, connect: { lookup: publicLookup } });
  const statistics: HttpStatistics = { requests: 0, notModified: 0, fromCache: 0, bytes: 0 };
  const underWay = new Map<string, Promise<unknown>>();
  const gates = new Map<string, Gate>();

  async function get<T>(url: string, request: HttpRequest<T>): Promise<T | undefined> {
    const key = `${request.cacheAs ?? ""} ${request.revision ?? ""} ${request.accept ?? ""} ${url}`;
    const running = underWay.get(key);
    if (running !== undefined && request.cacheAs !== undefined) return (await running) as T | undefined;
    const answer =
      request.cacheAs === undefined ? fetchFresh(url, request) : fetchThroughCache(url, request, key);
    underWay.set(key, answer);
    try {
      return await answer;
    } finally {
      underWay.delete(key);
    }
  }

  async function fetchFresh<T>(url: string, request: HttpRequest<T>): Promise<T | undefined> {
    const answer = await ask("GET", url, request, {});
    return answer.status === 404 || answer.status === 410 ? undefined : decode(url, request, answer.body);
  }

  async function fetchThroughCache<T>(
    url: string,
    request: HttpRequest<T>,
    key: string,
  ): Promise<T | undefined> {
    const place = `http ${createHash("sha256").update(key).digest("base64url")}`;
    const stored = readStored(await cache.get(place));
    const fresh = stored !== undefined && now() < stored.at + stored.lifetime * 1_000;
    if (stored !== undefined && (fresh || (request.immutable === true && stored.value !== null))) {
      statistics.fromCache += 1;
      return (stored.value ?? undefined) as T | undefined;
    }
    const conditions: Record<string, string> = {};
    if (stored?.etag !== undefined) conditions["if-none-match"] = stored.etag;
    else if (stored?.modified !== undefined) conditions["if-modified-since"] = stored.modified;

    const answer = await ask("GET", url, request, conditions);
    const lifetime = lifetimeOf(answer.headers, defaultLifetime);
    if (answer.status === 304 && stored !== undefined) {
      statistics.notModified += 1;
      await cache.set(place, JSON.stringify({ ...stored, at: now(), lifetime }));
      return (stored.value ?? undefined) as T | undefined;
    }
    const missing = answer.status === 404 || answer.status === 410;
    const value = missing ? undefined : decode(url, request, answer.body);
    const etag = header(answer.headers, "etag");
    const modified = header(answer.headers, "last-modified");
    const entry: Stored = {
      at: now(),
      lifetime: missing ? Math.min(lifetime, 60) : lifetime,
      ...(etag === undefined ? {} : { etag }),
      ...(modified === undefined ? {} : { modified }),
      value: value ?? null,
    };
    await cache.set(place, JSON.stringify(entry));
    return value;
  }

  async function ask(
    method: "GET" | "POST",
    url: string,
    request: HttpRequest<unknown>,
    extra: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer> {
    let failure: HttpError | undefined;
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (failure !== undefined) await pause(delayBefore(attempt, failure));
      try {
        const answer = await follow(method, url, request, extra, body);
        if (answer.status < 300 || [304, 404, 410].includes(answer.status)) return answer;
        failure = refusal(url, answer, now());
        if (!isPassing(answer.status)) throw failure;
      } catch (error) {
        if (error instanceof HttpError && (error.status !== undefined || isFinal(error))) throw error;
        if (isPrivate(error)) throw new FinalHttpError(url, undefined, messageOf(error), { cause: error });
        failure =
          error instanceof HttpError
            ? error
            : new HttpError(url, undefined, networkMessage(error), { cause: error });
      }
    }
    throw limited(failure, now()) ?? failure ?? new HttpError(url, undefined, "no answer");
  }

  async function follow(
    method: "GET" | "POST",
    url: string,
    request: HttpRequest<unknown>,
    extra: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer> {
    let target = url;
    for (let hop = 0; hop <= redirects; hop++) {
      const answer = await once(method, target, request, extra, body);
      const location = header(answer.headers, "location");
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
      target = new URL(location, target).href;
    }
    throw new FinalHttpError(url, undefined, `more than ${redirects} redirects`);
  }

  async function once(
    method: "GET" | "POST",
    url: string,
    request: HttpRequest<unknown>,
    extra: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer> {
    const target = new URL(url);
    if (target.protocol !== "https:" && target.protocol !== "http:") {
      throw new FinalHttpError(url, undefined, `cannot fetch ${target.protocol} addresses`);
    }
    const isTrusted = trusted.has(target.host) || trusted.has(target.hostname);
    if (!isTrusted && isPrivateHost(target.hostname)) {
      throw new FinalHttpError(url, undefined, "is a private address, which a repository may not name");
    }
    const credential = credentials.find(({ prefix }) => target.href.startsWith(prefix));
    const gate = gates.get(target.origin) ?? new Gate(perOrigin);
    gates.set(target.origin, gate);
    return gate.pass(async () => {
      statistics.requests += 1;
      const response = await (isTrusted ? open : guarded).request({
        origin: target.origin,
        path: target.pathname + target.search,
        method,
        body: body ?? null,
        headers: {
          accept: request.accept ?? "application/json",
          "accept-encoding": "zstd, br, gzip",
          "user-agent": userAgent,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(credential === undefined ? {} : { authorization: credential.authorization }),
          ...extra,
        },
      });
      const bytes = await collect(url, response.body, request.maxBytes ?? defaultMaxBytes);
      statistics.bytes += bytes.length;
      const encoding = header(response.headers, "content-encoding");
      const plain = await decompress(url, bytes, encoding, request.maxBytes ?? defaultMaxBytes);
      return { status: response.statusCode, headers: response.headers, body: plain };
    });
  }

  return {
    statistics,
    get,
    async post(url, body, request) {
      const answer = await ask("POST", url, request, {}, JSON.stringify(body));
      return answer.status === 404 || answer.status === 410 ? undefined : decode(url, request, answer.body);
    },
    async close() {
      await Promise.all(new Set([open.close(), guarded.close()]));
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** A failure that another attempt would not mend. */
class FinalHttpError extends HttpError {}

/** Lets `width` pass at a time. */
class Gate {
  private readonly waiting: (() => void)[] = [];
  private free: number;
  constructor(width: number) {
    this.free = width;
  }
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.free === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.free -= 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }
}

function hasProxy(): boolean {
  const { env } = process;
  return ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"].some((name) => Boolean(env[name]));
}

async function collect(url: string, body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes)
      throw new FinalHttpError(url, undefined, `the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

const decoders = {
  gzip: promisify(gunzip),
  br: promisify(brotliDecompress),
  deflate: promisify(inflate),
  zstd: promisify(zstdDecompress),
};

async function decompress(
  url: string,
  body: Buffer,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Buffer> {
  if (encoding === undefined || encoding === "identity" || body.length === 0) return body;
  const decoder = Object.entries(decoders).find(([name]) => name === encoding.toLowerCase())?.[1];
  if (decoder === undefined)
    throw new FinalHttpError(url, undefined, `answered in an unknown encoding, ${encoding}`);
  return decoder(body, { maxOutputLength: maxBytes });
}

function decode<T>(url: string, request: HttpRequest<T>, body: Buffer): T {
  try {
    return request.read(body);
  } catch (error) {
    throw new FinalHttpError(url, undefined, `sent an answer that cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function readStored(text: string | undefined): Stored | undefined {
  if (text === undefined) return undefined;
  return JSON.parse(text) as Stored;
}

function header(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** In seconds. `no-cache` and `no-store` are read as "ask again each time"; a validator makes that cheap. */
function lifetimeOf(headers: Headers, otherwise: number): number {
  const control = header(headers, "cache-control");
  if (control !== undefined) {
    if (/no-store|no-cache/.test(control)) return 0;
    const age = /max-age=(\d+)/.exec(control)?.[1];
    if (age !== undefined) return Number(age);
  }
  const hasValidator = headers["etag"] !== undefined || headers["last-modified"] !== undefined;
  return hasValidator ? 0 : otherwise;
}

function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** Refused by `publicLookup`. */
function isPrivate(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPRIVATE";
}

function isFinal(error: HttpError): boolean {
  return error instanceof FinalHttpError;
}

class RefusedError extends HttpError {
  readonly retryAfter: number | undefined;
  constructor(url: string, status: number, message: string, retryAfter: number | undefined) {
    super(url, status, message);
    this.retryAfter = retryAfter;
  }
}

function refusal(url: string, answer: Answer, now: number): HttpError {
  const hint =
    answer.status === 401 || answer.status === 403
      ? ": the operator has no credentials for it, or they are refused"
      : "";
  const after = header(answer.headers, "retry-after");
  const milliseconds =
    after === undefined ? undefined : /^\d+$/.test(after) ? Number(after) * 1_000 : Date.parse(after) - now;
  return new RefusedError(url, answer.status, `answered ${answer.status}${hint}`, milliseconds);
}

function delayBefore(attempt: number, failure: HttpError): number {
  const asked = failure instanceof RefusedError ? failure.retryAfter : undefined;
  if (asked !== undefined && asked <= longestRetryAfter) return Math.max(asked, 0);
  return 250 * 4 ** (attempt - 1) * (0.75 + Math.random() / 2);
}

function limited(failure: HttpError | undefined, now: number): RateLimitError | undefined {
  if (!(failure instanceof RefusedError) || failure.status !== 429 || failure.retryAfter === undefined)
    return undefined;
  return new RateLimitError(failure.message, new Date(now + failure.retryAfter), { cause: failure });
}

function networkMessage(error: unknown): string {
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError)
    return "did not answer in time";
  return `could not be reached: ${messageOf(error)}`;
}
