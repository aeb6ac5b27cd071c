import { createHash } from "node:crypto";
import { z } from "zod";
import { RateLimitError } from "../domain/errors.ts";
import type { Cache } from "../domain/ports.ts";

export type Fetch = typeof globalThis.fetch;

const Kept = z.object({
  etag: z.string().optional(),
  /** Whether the ETag was what GitHub's usual hash gives, so that it can be told for another token. */
  predictable: z.boolean(),
  type: z.string(),
  link: z.string().optional(),
  body: z.string(),
});
type Kept = z.infer<typeof Kept>;

interface Settings {
  readonly cache: Cache;
  /** Who asks, such as `installation 1 acme/web`: nobody is answered from what another was told. */
  readonly scope: string;
  readonly fetch: Fetch;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** Waits until a request that changes something may be sent. */
  readonly turn?: (method: string, url: string) => Promise<void>;
  /** Told how many requests are left, with every answer that says so. */
  readonly left?: (left: RequestsLeft) => void;
}

/** Of the requests that GitHub answers in an hour. */
export interface RequestsLeft {
  readonly limit: number;
  readonly remaining: number;
  /** When there are all of them again. */
  readonly reset: Date;
}

/**
 * A `fetch` for GitHub's REST interface. A `GET` is conditional on what is cached, and a 304 gives that as a 200; what a
 * SHA names never changes and is asked once. Failures of the server or the network are retried; a request to wait
 * throws `RateLimitError`. https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
 */
export function cachedFetch(settings: Settings): Fetch {
  const { cache } = settings;
  const inTurn = turnstile(mostAtATime);
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = new Headers(init?.headers);
    const method = init?.method ?? "GET";
    const send = () => inTurn(() => persist(settings, url, { ...init, method, headers }));
    if (method !== "GET" && !isQuestion(url, init?.body)) await settings.turn?.(method, url);
    if (method !== "GET" || isAboutTheApp(url)) return send();

    const key = `github-1 ${settings.scope} ${headers.get("accept") ?? ""} ${url}`;
    const kept = readKept(await cache.get(key));
    const forEver = isImmutable(url);
    if (kept !== undefined && forEver) return answer(url, kept);
    const known = kept === undefined ? undefined : etagFor(kept, headers);
    if (known !== undefined) headers.set("if-none-match", known);
    const response = await send();
    if (response.status === 304 && kept !== undefined) return answer(url, kept);
    if (response.status !== 200) return response;

    headers.delete("if-none-match");
    const body = await response.text();
    const etag = response.headers.get("etag") ?? undefined;
    const link = response.headers.get("link") ?? undefined;
    const fresh: Kept = {
      ...(etag === undefined ? {} : { etag }),
      predictable: etag !== undefined && bare(etag) === hashOf(headers, body),
      type: response.headers.get("content-type") ?? "application/json",
      ...(link === undefined ? {} : { link }),
      body,
    };
    if (etag !== undefined || forEver) await cache.set(key, JSON.stringify(fresh));
    return answer(url, fresh, response.headers);
  };
}

/** Whether a request of the GraphQL interface changes nothing. */
function isQuestion(url: string, body: unknown): boolean {
  return url.endsWith("/graphql") && typeof body === "string" && body.startsWith('{"query":"query');
}

/** Answers to the App's own key: its token is another each minute. */
function isAboutTheApp(url: string): boolean {
  return /^(\/api\/v3)?\/app(\/|$)/.test(new URL(url).pathname);
}

/** Trees, blobs, commits and comparisons that are named by full SHAs. */
function isImmutable(url: string): boolean {
  const sha = "[0-9a-f]{40}";
  return new RegExp(`/git/(trees|blobs|commits)/${sha}(\\?|$)|/compare/${sha}\\.\\.\\.${sha}(\\?|$)`).test(
    url,
  );
}

function answer(url: string, { body, type, link, etag }: Kept, told?: Headers): Response {
  const headers = new Headers(told ?? { "content-type": type });
  if (link !== undefined) headers.set("link", link);
  if (etag !== undefined) headers.set("etag", etag);
  const response = new Response(body, { status: 200, headers });
  // Octokit turns pages by the address that was answered, which a made answer does not have.
  return Object.defineProperty(response, "url", { value: url });
}

/**
 * GitHub's ETags change with the token, and an installation's token lives for an hour: the ETag that was kept would be of
 * no use the next day. They are a SHA-256 of what the answer varies with and of the body, so the one for the
 * token of now can be told. That is not documented: where it is wrong the answer is a 200, as it would be without.
 */
function etagFor(kept: Kept, headers: Headers): string | undefined {
  return kept.predictable ? `W/"${hashOf(headers, kept.body)}"` : kept.etag;
}

function hashOf(headers: Headers, body: string): string {
  const varied = ["accept", "authorization", "cookie"].flatMap((name) => headers.get(name) ?? []);
  const prefix = varied.map((value) => `${value}:`).join("");
  return createHash("sha256").update(prefix).update(body).digest("hex");
}

function bare(etag: string): string {
  return etag.replace(/^W\//, "").replaceAll('"', "");
}

function readKept(text: string | undefined): Kept | undefined {
  if (text === undefined) return undefined;
  try {
    return Kept.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // half a line from a full disk: asked again
  }
}

const patience = [500, 1_500, 4_000];
const secondsToAnswer = 30;

/** GitHub refuses more than 100 requests at a time, and one App may scan several repositories at once. */
const mostAtATime = 16;

/** Lets so many run at a time; the others wait for their turn. */
function turnstile(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((go) => void waiting.push(go));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

/** Retries with patience; all but a comment can be sent twice, since what is asked for is then there. */
async function persist(settings: Settings, url: string, init: RequestInit): Promise<Response> {
  const again = !(init.method === "POST" && url.endsWith("/comments"));
  for (const pause of again ? patience : []) {
    const response = await attempt(settings, url, init).catch((error: unknown) => {
      if (error instanceof RateLimitError || init.signal?.aborted === true) throw error;
      return undefined;
    });
    if (response !== undefined && response.status < 500) return response;
    await settings.sleep(pause);
  }
  return attempt(settings, url, init);
}

async function attempt({ fetch, now, left }: Settings, url: string, init: RequestInit): Promise<Response> {
  const timeout = AbortSignal.timeout(secondsToAnswer * 1000);
  const signal =
    init.signal === undefined || init.signal === null ? timeout : AbortSignal.any([init.signal, timeout]);
  const response = await fetch(url, { ...init, signal });
  const told = readLeft(response.headers);
  if (told !== undefined) left?.(told);
  if (response.status !== 403 && response.status !== 429) return response;
  const until = await waitAskedBy(response.clone(), now());
  if (until === undefined) return response;
  throw new RateLimitError(`GitHub asks to wait until ${until.toISOString()}`, until);
}

/** Searches and the like have limits of their own. */
function readLeft(headers: Headers): RequestsLeft | undefined {
  const [limit, remaining, reset] = ["limit", "remaining", "reset"].map((name) =>
    Number(headers.get(`x-ratelimit-${name}`) ?? Number.NaN),
  );
  if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
  if (![limit, remaining, reset].every(Number.isFinite)) return undefined;
  if ((headers.get("x-ratelimit-resource") ?? "core") !== "core") return undefined;
  return { limit, remaining, reset: new Date(reset * 1000) };
}

/** When to come back, or `undefined` when the refusal is about something else. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
async function waitAskedBy(response: Response, now: Date): Promise<Date | undefined> {
  const after = Number(response.headers.get("retry-after") ?? Number.NaN);
  if (Number.isFinite(after)) return new Date(now.getTime() + after * 1000);
  const reset = Number(response.headers.get("x-ratelimit-reset") ?? Number.NaN);
  if (response.headers.get("x-ratelimit-remaining") === "0" && Number.isFinite(reset)) {
    return new Date(Math.max(reset * 1000, now.getTime()) + 1000);
  }
  const text = await response.text();
  const secondary = response.status === 429 || /secondary rate limit|abuse detection/i.test(text);
  return secondary ? new Date(now.getTime() + 60_000) : undefined;
}
