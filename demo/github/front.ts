import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { mergeWaiting } from "./automerge.ts";
import { docs, flush, type Watch } from "./changes.ts";
import type { Identity, Inside, RepositoryRow } from "./emulate.ts";
import { answerGraphql } from "./graphql.ts";
import { advanceQueues } from "./queue.ts";
import {
  forbidden,
  installationRepositories,
  levelOf,
  notFound,
  route,
  textOf,
  type Call,
} from "./routes.ts";
import { list, object, type Json, type World } from "./world.ts";

export interface RequestEntry {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  /** Whose limit it draws on: `installation 1`, `user octocat`, `app`, `anonymous`. */
  readonly bucket: string;
  /** Whether it was taken off the limit: a 304 is not. */
  readonly counted: boolean;
}

/** What goes wrong on purpose. */
export interface Fault {
  readonly status: number;
  readonly method?: string;
  /** Matched against the path with its query; all requests if absent. */
  readonly path?: RegExp;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
  /** How many requests it meets; one if absent. */
  readonly times?: number;
  /** Does what was asked and then loses the answer, as a connection that breaks on the way back. */
  readonly after?: boolean;
}

export interface Front {
  readonly requests: RequestEntry[];
  readonly faults: (Fault & { left: number })[];
  latency: number;
  limit(bucket: string): Bucket;
  /** Runs what changes something alone, and then tells what became of it. */
  change<T>(repository: RepositoryRow | undefined, actor: string, work: () => Promise<T>): Promise<T>;
}

interface Bucket {
  limit: number;
  used: number;
  /** Seconds since 1970. */
  reset: number;
}

/** Stands before emulate's routes: tokens, scope, limits, ETags, faults, and the log of it all. */
export function makeFront(
  inside: Inside,
  world: World,
  watched: Watch,
  options: { readonly treeLimit: number },
): Front {
  const inner = inside.app.fetch.bind(inside.app);
  const buckets = new Map<string, Bucket>();
  let turn: Promise<unknown> = Promise.resolve();

  const front: Front = {
    requests: [],
    faults: [],
    latency: 0,
    limit: (name) => {
      const now = Math.floor(Date.now() / 1000);
      const found = buckets.get(name);
      if (found !== undefined && found.reset > now) return found;
      const fresh = { limit: name === "anonymous" ? 60 : 5000, used: 0, reset: now + 3600 };
      buckets.set(name, fresh);
      return fresh;
    },
    change: (repository, actor, work) => {
      const run = turn.then(async () => {
        try {
          return await work();
        } finally {
          if (repository !== undefined) {
            await watched.look(repository, actor);
            await mergeWaiting(world, repository, `${world.slug}[bot]`);
            await advanceQueues(world, repository);
            await watched.look(repository, actor);
          }
          await flush(world);
          world.before = undefined;
        }
      });
      turn = run.catch(() => undefined);
      return run;
    },
  };

  inside.app.fetch = async (request) => {
    const url = new URL(request.url);
    url.pathname = url.pathname.replace(/^\/api\/v3(?=\/)/, "");
    const text = request.method === "GET" || request.method === "HEAD" ? "" : await request.text();
    if (front.latency > 0) await wait(front.latency);
    const authorization = request.headers.get("authorization");
    const token = authorization?.replace(/^(bearer|token) /i, "");
    const identity = token === undefined ? undefined : world.tokens.get(token);
    const bucket = bucketOf(token, identity);
    const limit = front.limit(bucket);
    const path = url.pathname + url.search;

    const fault = front.faults.find(
      (one) =>
        one.left > 0 &&
        (one.method === undefined || one.method === request.method) &&
        (one.path === undefined || one.path.test(path)),
    );
    if (fault !== undefined) fault.left -= 1;
    const answer = async (): Promise<Response> => {
      if (fault !== undefined && fault.after !== true) return failure(fault);
      if (token !== undefined && identity === undefined && !token.startsWith("eyJ")) {
        return Response.json(
          { message: "Bad credentials", documentation_url: docs, status: "401" },
          { status: 401 },
        );
      }
      if (limit.used >= limit.limit) {
        const whose = bucket.startsWith("installation ") ? `installation ID ${bucket.slice(13)}` : bucket;
        return Response.json(
          { message: `API rate limit exceeded for ${whose}.`, documentation_url: docs },
          { status: 403 },
        );
      }
      const answered = await handle(request, url, text, token, identity);
      return fault === undefined ? answered : failure(fault);
    };
    const response = await conditional(request, await answer());
    const counted = response.status !== 304 && response.status !== 401;
    if (counted && fault === undefined) limit.used = Math.min(limit.limit, limit.used + 1);
    const rate: Record<string, string> = {
      "x-ratelimit-limit": String(limit.limit),
      "x-ratelimit-remaining": String(limit.limit - limit.used),
      "x-ratelimit-used": String(limit.used),
      "x-ratelimit-reset": String(limit.reset),
      "x-ratelimit-resource": "core",
      "x-github-media-type": "github.v3; format=json",
      vary: "Accept, Authorization, Cookie",
    };
    for (const [name, value] of Object.entries(rate))
      if (!response.headers.has(name) || !(name in (fault?.headers ?? {}))) response.headers.set(name, value);
    for (const [name, value] of Object.entries(fault?.headers ?? {})) response.headers.set(name, value);
    front.requests.push({ method: request.method, path, status: response.status, bucket, counted });
    return response;
  };

  async function handle(
    request: Request,
    url: URL,
    text: string,
    token: string | undefined,
    identity: Identity | undefined,
  ): Promise<Response> {
    const [, owner, name, rest = ""] = /^\/repos\/([^/]+)\/([^/]+)(\/.*)?$/.exec(url.pathname) ?? [];
    const repository =
      owner === undefined || name === undefined
        ? undefined
        : world.repository(`${decodeURIComponent(owner)}/${decodeURIComponent(name)}`);
    const actor = identity?.installation === undefined ? (identity?.login ?? "ghost") : `${world.slug}[bot]`;
    const forward: Call["forward"] = (body, as) => {
      const at = new URL(url);
      if (repository !== undefined) at.pathname = `/repos/${repository.full_name}${as?.path ?? rest}`;
      const headers = new Headers(request.headers);
      headers.delete("content-length");
      if (token !== undefined && identity !== undefined && repository !== undefined)
        headers.set("authorization", `token ${fitting(world, repository, rest, token, identity)}`);
      const method = as?.method ?? request.method;
      const sent = body === undefined ? text : JSON.stringify(body);
      // octokit sends nothing where GitHub needs nothing; emulate wants JSON.
      return inner(
        new Request(at, {
          method,
          headers,
          ...(method === "GET" || method === "HEAD"
            ? {}
            : { body: sent === "" && method !== "DELETE" ? "{}" : sent }),
        }),
      );
    };
    if (url.pathname === "/graphql" || url.pathname === "/api/graphql")
      return answerGraphql({ world, identity, actor, asked: parse(text) ?? {} }, (...work) =>
        front.change(...work),
      );
    if (repository === undefined) {
      const call: Call = { world, method: request.method, url, body: {}, identity, actor, forward };
      return url.pathname === "/installation/repositories" ? installationRepositories(call) : forward();
    }
    const refusal = reach(world, repository, request.method, rest, token, identity);
    if (refusal !== undefined) return refusal;
    const body = parse(text);
    if (body === undefined)
      return Response.json({ message: "Problems parsing JSON", documentation_url: docs }, { status: 400 });
    const call: Call = { world, method: request.method, url, body, identity, actor, forward };
    const reads = request.method === "GET" || request.method === "HEAD";
    if (reads && rest !== "/issues")
      return shaped(world, repository, rest, request, await route(call, repository, rest), options);
    return front.change(reads ? undefined : repository, actor, async () => {
      world.before = rowAt(world, repository, rest);
      return shaped(world, repository, rest, request, await route(call, repository, rest), options);
    });
  }

  return front;
}

function bucketOf(token: string | undefined, identity: Identity | undefined): string {
  if (identity?.installation !== undefined) return `installation ${identity.installation.installationId}`;
  if (identity !== undefined) return `user ${identity.login}`;
  return token?.startsWith("eyJ") === true ? "app" : "anonymous";
}

function failure(fault: Fault): Response {
  return Response.json(
    { message: fault.message ?? "Server Error", documentation_url: docs },
    { status: fault.status },
  );
}

/** The refusal of a token that does not reach so far, as https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api has it. */
function reach(
  world: World,
  repository: RepositoryRow,
  method: string,
  rest: string,
  token: string | undefined,
  identity: Identity | undefined,
): Response | undefined {
  const reads = method === "GET" || method === "HEAD";
  if (token?.startsWith("eyJ") === true) return undefined;
  if (identity === undefined) return repository.private ? notFound() : undefined;
  const { installation } = identity;
  if (installation !== undefined) {
    const covered =
      installation.accountId === repository.owner_id &&
      installation.accountType === repository.owner_type &&
      (installation.repositorySelection === "all" || installation.repositoryIds.includes(repository.id));
    if (covered) return undefined;
    if (repository.private) return notFound();
    return reads ? undefined : forbidden();
  }
  const level = levelOf(world, repository, identity.login);
  if (level === "none") return notFound();
  const open = /^\/(issues|pulls)(\/\d+\/comments|\/comments\/\d+)?$|\/reactions$/;
  if (reads || level !== "read" || open.test(rest)) return undefined;
  return Response.json(
    { message: "Must have push access to Repository", documentation_url: docs },
    { status: 403 },
  );
}

/**
 * The token for emulate's own checks. What belongs to a pull request under `/issues`, and labels, may be
 * written with either permission; emulate asks for `issues` only, and reads public repositories with any.
 */
function fitting(
  world: World,
  repository: RepositoryRow,
  rest: string,
  token: string,
  identity: Identity,
): string {
  const { installation } = identity;
  if (installation === undefined) return token;
  const number = /^\/issues\/(\d+)(\/|$)/.exec(rest)?.[1];
  const either =
    /^\/(labels|issues\/comments)(\/|$)/.test(rest) ||
    (number !== undefined && world.pull(repository, Number(number)) !== undefined);
  const { issues, pull_requests: pulls } = installation.permissions;
  const best = [issues, pulls].includes("write") ? "write" : (issues ?? pulls);
  const permissions = { ...installation.permissions };
  if (either && best !== undefined) Object.assign(permissions, { issues: best, pull_requests: best });
  else if (number !== undefined) delete permissions["pull_requests"];
  const derived = `${token}~${repository.id}~${number ?? rest.split("/")[1]}`;
  world.tokens.set(derived, { ...identity, installation: { ...installation, permissions } });
  return derived;
}

function rowAt(world: World, repository: RepositoryRow, rest: string): World["before"] {
  const comment = /^\/issues\/comments\/(\d+)$/.exec(rest)?.[1];
  if (comment !== undefined) return copy(world.store.comments.get(Number(comment)));
  const number = /^\/(?:issues|pulls)\/(\d+)$/.exec(rest)?.[1];
  return copy(
    world.store.issues.findBy("repo_id", repository.id).find((one) => one.number === Number(number)),
  );
}

function copy(row: { readonly title?: string; readonly body: string | null } | undefined): World["before"] {
  return row === undefined
    ? undefined
    : { ...(row.title === undefined ? {} : { title: row.title }), body: row.body };
}

/** Corrects the answers of emulate's own routes. */
async function shaped(
  world: World,
  repository: RepositoryRow,
  rest: string,
  request: Request,
  response: Response,
  options: { readonly treeLimit: number },
): Promise<Response> {
  const accept = request.headers.get("accept") ?? "";
  if (response.status === 403 && object(await response.clone().json())["message"] === "Forbidden")
    return forbidden();
  if (request.method !== "GET") return response;
  const empty = !world.store.refs
    .findBy("repo_id", repository.id)
    .some((row) => row.ref.startsWith("refs/heads/"));
  if (empty && rest.startsWith("/git/"))
    return Response.json({ message: "Git Repository is empty.", documentation_url: docs }, { status: 409 });
  if (!response.ok) return response;
  if (/^\/commits\/[^/]+$/.test(rest) && /application\/vnd\.github(\.v3)?\.sha/.test(accept)) {
    const sha = textOf(object(await response.json())["sha"]);
    return new Response(sha, {
      headers: { "content-type": "application/vnd.github.sha; charset=utf-8", etag: `"${sha}"` },
    });
  }
  if (rest.startsWith("/contents")) {
    if (/application\/vnd\.github(\.v3)?\.raw/.test(accept)) {
      return new Response(await response.arrayBuffer(), {
        headers: { "content-type": "application/vnd.github.raw; charset=utf-8" },
      });
    }
    const shown: unknown = await response.clone().json();
    const tooLarge = !Array.isArray(shown) && Number(object(shown)["size"]) > 1_048_576;
    return tooLarge ? Response.json({ ...object(shown), content: "", encoding: "none" }) : response;
  }
  if (rest.startsWith("/git/trees/")) {
    const shown = object(await response.clone().json());
    const entries = list(shown["tree"] ?? []);
    const cut = new URL(request.url).searchParams.has("recursive") && entries.length > options.treeLimit;
    return cut
      ? Response.json({ ...shown, tree: entries.slice(0, options.treeLimit), truncated: true })
      : response;
  }
  return response;
}

/**
 * GitHub's ETag is a hash of the `Accept`, `Authorization` and `Cookie` of the request and of the body, so that it changes
 * with the token: https://github.com/eclipse-csi/otterdog/issues/201. A 304 tells the same headers and has no body.
 */
async function conditional(request: Request, response: Response): Promise<Response> {
  const body = Buffer.from(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  if (request.method === "GET" && response.status === 200) {
    const varied = ["accept", "authorization", "cookie"].flatMap((name) => request.headers.get(name) ?? []);
    const hash = createHash("sha256")
      .update(varied.map((value) => `${value}:`).join(""))
      .update(body);
    if (!headers.has("etag")) headers.set("etag", `W/"${hash.digest("hex")}"`);
    const known = (request.headers.get("if-none-match") ?? "")
      .split(",")
      .map((one) => one.trim().replace(/^W\//, ""));
    if (known.includes(headers.get("etag")?.replace(/^W\//, "") ?? "")) {
      headers.delete("content-type");
      return new Response(null, { status: 304, headers });
    }
  }
  return new Response([204, 205, 304].includes(response.status) ? null : body, {
    status: response.status,
    headers,
  });
}

function parse(text: string): Json | undefined {
  if (text === "") return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? object(parsed) : {};
  } catch {
    return undefined; // answered with 400
  }
}
