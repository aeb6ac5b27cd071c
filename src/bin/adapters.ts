import { homedir } from "node:os";
import { join } from "node:path";
import { diskCache } from "../cache/disk.ts";
import { memoryCache } from "../cache/memory.ts";
import { authorizations, operatorNpm } from "../config/npm.ts";
import { asNpmCredentials, operatorSecrets, type Secret } from "../config/secrets.ts";
import type { AdvisorySource, Cache, HttpClient, ToolLimits, Tools } from "../domain/ports.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";
import { ecosystems } from "../ecosystems/index.ts";
import { publicRegistry } from "../ecosystems/npm/registry.ts";
import { createHttpClient, type HttpStatistics } from "../http/client.ts";
import type { createTools, ToolsOptions } from "../tools/tools.ts";

/** What the command line and the server have in common: how the world is reached. */
export interface Adapters {
  readonly ecosystems: readonly Ecosystem[];
  readonly http: HttpClient;
  readonly statistics: HttpStatistics;
  readonly cache: Cache;
  readonly advisories: AdvisorySource;
  readonly tools: Tools;
  /** The operator's. */
  readonly secrets: readonly Secret[];
  close(): Promise<void>;
}

export interface AdapterOptions {
  readonly env: NodeJS.ProcessEnv;
  /** A folder or a zip of OSV records, `none`, or the address of an OSV server; the public one by default. */
  readonly advisories?: string | undefined;
  /** Where answers are kept from one run to the next; `undefined` keeps them in memory. */
  readonly cacheFolder: string | undefined;
  /** In place of a file in that folder, such as one that several workers share. */
  readonly cache?: Cache;
  /** Hosts besides those in the settings whose addresses may be private. */
  readonly trustedHosts?: readonly string[];
}

const publicOsv = "https://api.osv.dev";
const publicGithub = "https://api.github.com";
const userAgent = "steeplejack (dependency updates)";

export function createAdapters(options: AdapterOptions): Adapters {
  const { env, advisories, cacheFolder } = options;
  const settings = operatorNpm(env);
  const secrets = operatorSecrets(env);
  const npm = { ...settings, credentials: { ...settings.credentials, ...asNpmCredentials(secrets) } };
  const disk = cacheFolder === undefined || options.cache !== undefined ? undefined : diskCache(cacheFolder);
  const cache = options.cache ?? disk ?? memoryCache(256);
  const osvAddress = advisories !== undefined && /^https?:/.test(advisories) ? advisories : undefined;
  // Only these may be private addresses: what the operator gave, and what the program itself names, which a company's
  // network may well answer from a mirror of its own.
  const trusted = [
    publicRegistry,
    publicOsv,
    publicGithub,
    npm.registry,
    ...Object.values(npm.scopes),
    osvAddress,
  ].flatMap((address) => (address === undefined || !URL.canParse(address) ? [] : [new URL(address).host]));
  const trustedHosts = [
    ...trusted,
    ...(env["STEEPLEJACK_TRUSTED_HOSTS"] ?? "").split(/[\s,]+/).filter(Boolean),
  ];
  const credentials = authorizations(npm.credentials);
  const http = createHttpClient({
    cache,
    userAgent,
    trustedHosts,
    credentials,
  });
  const npmCache = cacheFolder === undefined ? undefined : join(cacheFolder, "npm");
  const kept =
    cacheFolder === undefined || npmCache === undefined
      ? {}
      : {
          caches: [npmCache],
          programs: join(cacheFolder, "programs"),
          compiled: join(cacheFolder, "compiled"),
        };
  const tools = lateTools({ http, trustedHosts, ...kept });
  return {
    secrets,
    ecosystems: ecosystems({
      npm: {
        ...(npm.registry === undefined ? {} : { registry: npm.registry }),
        scopes: npm.scopes,
        credentials: npm.credentials,
        ...(npmCache === undefined ? {} : { cache: npmCache }),
      },
    }),
    http,
    statistics: http.statistics,
    cache,
    advisories: sourceOf(advisories, osvAddress, http),
    tools,
    async close() {
      await tools.close();
      await http.close();
      disk?.close();
    },
  };
}

function sourceOf(choice: string | undefined, address: string | undefined, http: HttpClient): AdvisorySource {
  if (choice === "none") return { advisoriesFor: async () => [], problems: () => [] };
  return lateSource(async () => {
    if (choice !== undefined && address === undefined) {
      const { advisoryFolder } = await import("../advisories/folder.ts");
      return advisoryFolder(choice);
    }
    const { osvApi } = await import("../advisories/api.ts");
    return osvApi({ http, ...(address === undefined ? {} : { baseUrl: address }) });
  });
}

/** A source that is loaded with the first question: to load code is most of the time of a small scan. */
function lateSource(load: () => Promise<AdvisorySource>): AdvisorySource {
  let loading: Promise<AdvisorySource> | undefined;
  let loaded: AdvisorySource | undefined;
  return {
    async advisoriesFor(ecosystem, packages) {
      loaded = await (loading ??= load());
      return loaded.advisoriesFor(ecosystem, packages);
    },
    problems: () => loaded?.problems() ?? [],
  };
}

/** Tools that are loaded with the first call: a scan needs none. */
function lateTools(options: ToolsOptions): ReturnType<typeof createTools> {
  let loading: Promise<ReturnType<typeof createTools>> | undefined;
  const load = () => (loading ??= import("../tools/tools.ts").then((found) => found.createTools(options)));
  return {
    call: async <Output>(module: URL, input: unknown, limits: ToolLimits) =>
      (await load()).call<Output>(module, input, limits),
    run: async (program, order, limits) => (await load()).run(program, order, limits),
    runNative: async (program, order, limits) => (await load()).runNative(program, order, limits),
    close: async () => (await loading)?.close(),
  };
}

/** `STEEPLEJACK_CACHE`, else the folder for caches of the person's own machine. */
export function cacheFolderOf(env: NodeJS.ProcessEnv): string {
  return env["STEEPLEJACK_CACHE"] ?? join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "steeplejack");
}
