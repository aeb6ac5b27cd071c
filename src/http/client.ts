/* oxlint-disable typescript/no-unsafe-type-assertion -- a cache gives back what was put in under the same key, which names its kind */
import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { HttpError, messageOf, RateLimitError } from "../domain/errors.ts";
import type { Cache, HttpClient, HttpRequest } from "../domain/ports.ts";
import type { Lookup } from "./address.ts";
import { type Credential, credentialsFor } from "./credentials.ts";
import { type Entry, readEntry, writeEntry } from "./entry.ts";
import { FinalHttpError, RefusedError } from "./failure.ts";
import { Gate } from "./gate.ts";
import type { Answer, Headers, Timeouts, Wire } from "./wire.ts";

export interface HttpOptions {
  readonly cache: Cache;
  readonly userAgent: string;
  /**
   * What the operator trusts: the hosts (`name` or `name:port`) whose addresses may be private. Every other host is
   * guarded, for its name can come from a repository.
   */
  readonly trustedHosts?: readonly string[];
  readonly credentials?: readonly Credential[];
  /** How long an answer without a lifetime or a validator of its own is believed, in seconds. */
  readonly defaultLifetime?: number;
  readonly now?: () => number;
  /** Waits between two attempts. */
  readonly pause?: (milliseconds: number) => Promise<void>;
  readonly timeouts?: Partial<Timeouts>;
  /** Finds the addresses of a name; the system's own way by default. */
  readonly lookup?: Lookup;
}

/** How often and how the client asked, for the progress line, the log and the benchmark. */
export interface HttpStatistics {
  requests: number;
  notModified: number;
  fromCache: number;
  /** As they came over the wire. */
  bytes: number;
}

const attempts = 3;
/** At a latency of 25 ms 64 are no slower than more, and a registry is not flooded. */
const perOrigin = 64;
const timeouts: Timeouts = { connect: 10_000, headers: 30_000, body: 60_000, whole: 180_000 };
/** A server that asks to wait longer than this, in milliseconds, is not asked again. */
const longestRetryAfter = 30_000;
/** In seconds: what is not there now may be published soon. */
const longestMissing = 60;
const defaultMaxBytes = 100_000_000;
const redirects = 5;

/**
 * Fetches over HTTP/2 where the server has it, else over at most 64 connections to one host. The same question that is
 * already under way is not asked again; failures that may pass (network, 408, 425, 429, 5xx) are tried three times. A
 * cache that fails is done without.
 */
export function createHttpClient(
  options: HttpOptions,
): HttpClient & { readonly statistics: HttpStatistics; close(): Promise<void> } {
  const { cache, userAgent, defaultLifetime = 300, now = Date.now } = options;
  const closing = new AbortController();
  // Closing wakes who waits: the next attempt then tells that the client is closed.
  const untilClosed = (milliseconds: number) =>
    wait(milliseconds, undefined, { signal: closing.signal }).catch(() => undefined);
  const pause = options.pause ?? untilClosed;
  const trusted = new Set(options.trustedHosts?.map((host) => host.toLowerCase()));
  const authorizationFor = credentialsFor(options.credentials ?? []);
  const statistics: HttpStatistics = { requests: 0, notModified: 0, fromCache: 0, bytes: 0 };
  const underWay = new Map<string, Promise<unknown>>();
  const gates = new Map<string, Gate>();
  let wire: Promise<Wire> | undefined;

  async function get<T>(url: string, request: HttpRequest<T>): Promise<T | undefined> {
    if (request.cacheAs === undefined) {
      const answer = await ask("GET", url, request, {});
      return isMissing(answer) ? undefined : decode(url, request, answer.body);
    }
    const key = JSON.stringify([request.cacheAs, request.revision ?? "", request.accept ?? "", url]);
    const running = underWay.get(key);
    if (running !== undefined) return (await running) as T | undefined;
    const answer = getThroughCache(url, request, key).finally(() => underWay.delete(key));
    underWay.set(key, answer);
    return answer;
  }

  async function getThroughCache<T>(
    url: string,
    request: HttpRequest<T>,
    key: string,
  ): Promise<T | undefined> {
    const place = `http ${createHash("sha256").update(key).digest("base64url")}`;
    const stored = readEntry(await fromCache(place));
    if (stored !== undefined && isUsable(stored.entry, request)) {
      statistics.fromCache += 1;
      return stored.value as T | undefined;
    }
    const answer = await ask("GET", url, request, conditionsOf(stored?.entry));
    const isUnchanged = answer.status === 304 && stored !== undefined;
    if (isUnchanged) statistics.notModified += 1;
    const value = isUnchanged
      ? (stored.value as T | undefined)
      : isMissing(answer)
        ? undefined
        : decode(url, request, answer.body);
    const lifetime = lifetimeOf(answer.headers, defaultLifetime);
    await toCache(place, {
      at: now(),
      lifetime: value === undefined ? Math.min(lifetime, longestMissing) : lifetime,
      etag: header(answer.headers, "etag") ?? (isUnchanged ? stored.entry.etag : undefined),
      modified: header(answer.headers, "last-modified") ?? (isUnchanged ? stored.entry.modified : undefined),
      text: isUnchanged ? stored.entry.text : value === undefined ? undefined : JSON.stringify(value),
    });
    return value;
  }

  function isUsable({ at, lifetime, text }: Entry, { immutable }: HttpRequest<unknown>): boolean {
    if (immutable === true && text !== undefined) return true;
    const age = now() - at;
    return age >= 0 && age < lifetime * 1_000;
  }

  async function fromCache(place: string): Promise<string | undefined> {
    try {
      return await cache.get(place);
    } catch {
      return undefined; // what is lost is fetched again
    }
  }

  async function toCache(place: string, entry: Entry): Promise<void> {
    try {
      await cache.set(place, writeEntry(entry));
    } catch {
      return; // the next scan fetches it again
    }
  }

  async function ask(
    method: "GET" | "POST",
    url: string,
    request: HttpRequest<unknown>,
    conditions: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await follow(method, url, request, conditions, body);
        if (answer.status < 300 || answer.status === 304 || isMissing(answer)) return answer;
        throw refusal(url, answer, now());
      } catch (error) {
        if (attempt === attempts || !mayPass(error)) throw limited(error, now()) ?? error;
        await pause(delayAfter(attempt, error));
      }
    }
  }

  async function follow(
    method: "GET" | "POST",
    url: string,
    request: HttpRequest<unknown>,
    conditions: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer> {
    let question: QuestionAt = { method, url: new URL(url), body, isDowngraded: false };
    for (let hop = 0; hop <= redirects; hop++) {
      const answer = await askOnce(question, request, conditions);
      const location = header(answer.headers, "location");
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
      if (!URL.canParse(location, question.url.href))
        throw new FinalHttpError(url, undefined, "redirects to what is no address");
      const next = new URL(location, question.url.href);
      const repeats = answer.status === 307 || answer.status === 308;
      question = {
        method: repeats ? question.method : "GET",
        url: next,
        body: repeats ? question.body : undefined,
        isDowngraded:
          question.isDowngraded || (question.url.protocol === "https:" && next.protocol === "http:"),
      };
    }
    throw new FinalHttpError(url, undefined, `more than ${redirects} redirects`);
  }

  async function askOnce(
    { method, url, body, isDowngraded }: QuestionAt,
    request: HttpRequest<unknown>,
    conditions: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    if (url.protocol !== "https:" && url.protocol !== "http:")
      throw new FinalHttpError(url.href, undefined, `cannot fetch ${url.protocol} addresses`);
    const isTrusted = trusted.has(url.host) || trusted.has(url.hostname);
    // Who was reached over an encrypted connection does not get to have a secret sent in clear.
    const authorization = isDowngraded ? undefined : authorizationFor(url);
    const headers = {
      accept: request.accept ?? "application/json",
      "accept-encoding": "zstd, br, gzip",
      "user-agent": userAgent,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(authorization === undefined ? {} : { authorization }),
      ...conditions,
    };
    const maxBytes = request.maxBytes ?? defaultMaxBytes;
    return throughGate(url.origin, async () => {
      const line = await wireOf(url.href);
      line.assertPublic({ url, isTrusted });
      statistics.requests += 1;
      const answer = await line
        .ask({ method, url, headers, body, isTrusted, maxBytes })
        .catch((error: unknown) => {
          throw closing.signal.aborted ? closedError(url.href) : error;
        });
      statistics.bytes += answer.received;
      return answer;
    });
  }

  async function throughGate<T>(origin: string, work: () => Promise<T>): Promise<T> {
    const gate = gates.get(origin) ?? new Gate(perOrigin);
    gates.set(origin, gate);
    try {
      return await gate.pass(work);
    } finally {
      if (gate.isIdle) gates.delete(origin);
    }
  }

  /** Loaded with the first question: a scan that finds all it needs in its cache starts twice as fast without. */
  async function wireOf(url: string): Promise<Wire> {
    if (closing.signal.aborted) throw closedError(url);
    wire ??= import("./wire.ts").then(({ openWire }) =>
      openWire({
        timeouts: { ...timeouts, ...options.timeouts },
        connections: perOrigin,
        lookup: options.lookup,
      }),
    );
    return wire;
  }

  return {
    statistics,
    get,
    async post(url, body, request) {
      const answer = await ask("POST", url, request, {}, JSON.stringify(body));
      return isMissing(answer) ? undefined : decode(url, request, answer.body);
    },
    async close() {
      closing.abort();
      await (await wire)?.close();
    },
  };
}

interface QuestionAt {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly body: string | undefined;
  /** Whether a redirect led from an encrypted connection to one that is not. */
  readonly isDowngraded: boolean;
}

function isMissing({ status }: Answer): boolean {
  return status === 404 || status === 410;
}

function conditionsOf(entry: Entry | undefined): Record<string, string> {
  if (entry?.etag !== undefined) return { "if-none-match": entry.etag };
  return entry?.modified === undefined ? {} : { "if-modified-since": entry.modified };
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

function header(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** In seconds. `no-cache` and `no-store` are read as "ask again each time"; a validator makes that cheap. */
function lifetimeOf(headers: Headers, otherwise: number): number {
  const control = header(headers, "cache-control");
  if (control !== undefined) {
    if (/no-store|no-cache/.test(control)) return 0;
    const lifetime = /(?<![\w-])max-age="?(\d+)/.exec(control)?.[1];
    const age = /^\d+$/.exec(header(headers, "age") ?? "")?.[0] ?? 0;
    if (lifetime !== undefined) return Math.max(Number(lifetime) - Number(age), 0);
  }
  const hasValidator = headers["etag"] !== undefined || headers["last-modified"] !== undefined;
  return hasValidator ? 0 : otherwise;
}

/** Whether another attempt might fare better. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof HttpError) || error instanceof FinalHttpError) return false;
  if (!(error instanceof RefusedError)) return true;
  const { status = 0, retryAfter = 0 } = error;
  const isPassing = status === 408 || status === 425 || status === 429 || status >= 500;
  return isPassing && retryAfter <= longestRetryAfter;
}

function refusal(url: string, { status, headers }: Answer, now: number): RefusedError {
  const hint =
    status === 401 || status === 403 ? ": the operator has no credentials for it, or they are refused" : "";
  return new RefusedError(url, status, `answered ${status}${hint}`, retryAfterOf(headers, now));
}

/** In milliseconds, from a number of seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
function retryAfterOf(headers: Headers, now: number): number | undefined {
  const text = header(headers, "retry-after");
  if (text === undefined) return undefined;
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.max(milliseconds, 0);
}

function delayAfter(attempt: number, failure: unknown): number {
  const asked = failure instanceof RefusedError ? failure.retryAfter : undefined;
  return asked ?? 250 * 4 ** (attempt - 1) * (0.75 + Math.random() / 2);
}

function limited(failure: unknown, now: number): RateLimitError | undefined {
  if (!(failure instanceof RefusedError) || failure.status !== 429 || failure.retryAfter === undefined)
    return undefined;
  return new RateLimitError(failure.message, new Date(now + failure.retryAfter), { cause: failure });
}

function closedError(url: string): FinalHttpError {
  return new FinalHttpError(url, undefined, "was not asked: the client is closed");
}
