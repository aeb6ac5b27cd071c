import { setTimeout as wait } from "node:timers/promises";
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/rest";
import { RateLimitError } from "../domain/errors.ts";
import type { Cache } from "../domain/ports.ts";
import type { Repository } from "../domain/types.ts";
import { cachedFetch, type Fetch, type RequestsLeft } from "./fetch.ts";
import type { Pace } from "./pace.ts";

export interface ConnectionOptions {
  readonly cache: Cache;
  /** GitHub's own REST interface if absent; `https://HOST/api/v3` for GitHub Enterprise Server. */
  readonly baseUrl?: string;
  readonly fetch?: Fetch;
  readonly now?: () => Date;
  /** Waits this many milliseconds before a retry. */
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
  /** For what the App changes; as fast as can be, if absent. */
  readonly pace?: Pick<Pace, "turn">;
}

/** GitHub, as the App sees it. */
export interface Github {
  /**
   * A client whose token reaches one repository and grants no more than these permissions:
   * contents, pull requests and checks to write, if absent, and statuses to read; comments and labels on pull requests
   * need no more.
   */
  forRepository(installationId: number, repository: Repository, permissions?: Permissions): Octokit;
  /** A client that can do no more than list the repositories of an installation. */
  forInstallation(installationId: number): Octokit;
  /** How many requests an installation had left when GitHub last answered; `undefined` before that, or where the hour is over. */
  requestsLeft(installationId: number): RequestsLeft | undefined;
  /** A client with the App's own key: it knows the App and its installations, and no repository. */
  readonly app: Octokit;
}

type Permissions = Readonly<Record<string, "read" | "write">>;

/** Without these nothing can be proposed. */
const atLeast: Permissions = { metadata: "read", contents: "write", pull_requests: "write" };
const forUpdates: Permissions = {
  ...atLeast,
  issues: "read",
  checks: "write",
  statuses: "read",
};

/**
 * Connects as a GitHub App. Requests throw `RateLimitError` when GitHub asks to wait, and Octokit's `RequestError`
 * when it refuses or keeps failing; no error's text has a token in it.
 */
export function createGithub(
  app: { readonly appId: number; readonly privateKey: string } & ConnectionOptions,
): Github {
  const own = connect(app, "app");
  const auth = createAppAuth({
    appId: app.appId,
    privateKey: app.privateKey,
    request: own.request,
    log: silent,
  });
  own.hook.before("request", async (request) => {
    if (request.url.endsWith("/access_tokens")) return; // auth-app signs these itself
    const { token } = await auth({ type: "app" });
    request.headers.authorization = `bearer ${token}`;
  });
  const now = app.now ?? (() => new Date());
  const left = new Map<number, RequestsLeft>();
  // GitHub gives no token at all where one of the permissions was not granted: what is new waits to be accepted.
  const narrow = new Set<number>();
  const tokenFor = async (wanted: InstallationScope, refresh: boolean): Promise<string> => {
    const isNarrow = wanted.permissions === forUpdates && narrow.has(wanted.installationId);
    const asked = isNarrow ? { ...wanted, permissions: atLeast } : wanted;
    try {
      return (await auth({ type: "installation", ...asked, refresh })).token;
    } catch (error) {
      if (statusOf(error) !== 422 || asked.permissions !== forUpdates) throw error;
      narrow.add(wanted.installationId);
      return tokenFor(wanted, refresh);
    }
  };
  const scoped = (scope: string, wanted: InstallationScope): Octokit =>
    connect(app, scope, (refresh) => tokenFor(wanted, refresh), {
      turn: async (method, url) => app.pace?.turn(String(wanted.installationId), method, url),
      left: (told) => void left.set(wanted.installationId, told),
    });
  return {
    app: own,
    requestsLeft: (installationId) => {
      const known = left.get(installationId);
      return known !== undefined && known.reset > now() ? known : undefined;
    },
    forRepository: (installationId, { owner, name }, permissions = forUpdates) =>
      scoped(`installation ${installationId} ${owner}/${name}`, {
        installationId,
        repositoryNames: [name],
        permissions,
      }),
    forInstallation: (installationId) =>
      scoped(`installation ${installationId}`, { installationId, permissions: { metadata: "read" } }),
  };
}

interface InstallationScope {
  readonly installationId: number;
  readonly repositoryNames?: string[];
  readonly permissions: Permissions;
}

/** Connects with a person's token, for the command line. Without one, public repositories can be read, slowly. */
export function connectWithToken(options: { readonly token?: string } & ConnectionOptions): Octokit {
  const { token } = options;
  return connect(options, "token", token === undefined ? undefined : async () => token);
}

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** `tokenFor(true)` asks for a new token, after the last one was refused. */
function connect(
  options: ConnectionOptions,
  scope: string,
  tokenFor?: (refresh: boolean) => Promise<string>,
  watch: Pick<Parameters<typeof cachedFetch>[0], "turn" | "left"> = {},
): Octokit {
  const octokit = new Octokit({
    ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
    log: silent,
    userAgent: "steeplejack",
    request: {
      fetch: cachedFetch({
        cache: options.cache,
        scope,
        fetch: options.fetch ?? globalThis.fetch,
        now: options.now ?? (() => new Date()),
        sleep: options.sleep ?? ((milliseconds) => wait(milliseconds)),
        ...watch,
      }),
    },
  });
  octokit.hook.wrap("request", async (request, parameters) => {
    const send = async (refresh: boolean) => {
      if (tokenFor !== undefined) parameters.headers.authorization = `token ${await tokenFor(refresh)}`;
      return request(parameters);
    };
    try {
      return await send(false);
    } catch (error) {
      const limited = causeOf(error);
      if (limited !== undefined) throw limited;
      // A token can be revoked before its hour is over: when permissions or repositories of the installation change.
      if (tokenFor !== undefined && scope !== "token" && statusOf(error) === 401) return send(true);
      throw error;
    }
  });
  return octokit;
}

/** Octokit wraps what `fetch` throws. */
function causeOf(error: unknown): RateLimitError | undefined {
  if (error instanceof RateLimitError) return error;
  return error instanceof Error && error.cause instanceof RateLimitError ? error.cause : undefined;
}

/** The status of an answer that Octokit threw, or `undefined` for any other error. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("status" in error)) return undefined;
  return typeof error.status === "number" ? error.status : undefined;
}
