import { fileURLToPath } from "node:url";
import { type AdapterOptions, type Adapters, createAdapters } from "../src/bin/adapters.ts";
import { messageOf } from "../src/domain/errors.ts";
import { npmVersions } from "../src/versions/semver.ts";

const ownRecords = fileURLToPath(new URL("advisories", import.meta.url));
/** In milliseconds. Whoever has no way to OSV should not wait for it. */
const patience = 4_000;

/**
 * The App's adapters with OSV as their source of advisories, or with the demo's own records where OSV does not answer.
 * `osv` is its address where it is not the public one.
 */
export async function adaptersWithAdvisories(
  options: AdapterOptions,
  osv?: string,
): Promise<{ readonly adapters: Adapters; readonly source: string }> {
  if (options.advisories !== undefined)
    return { adapters: createAdapters(options), source: options.advisories };
  const adapters = createAdapters({ ...options, advisories: osv });
  try {
    await soon(adapters.advisories.advisoriesFor({ osv: "npm", versions: npmVersions }, [asked]));
    return { adapters, source: "OSV, https://osv.dev" };
  } catch (error) {
    await adapters.close();
    return {
      adapters: createAdapters({ ...options, advisories: ownRecords }),
      source: `demo/advisories, a few records of the demo: OSV does not answer (${reasonOf(error)})`,
    };
  }
}

const asked = { name: "lodash", version: "4.17.15" };

async function soon<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${patience / 1_000} seconds`)), patience);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The innermost cause says it best: `getaddrinfo ENOTFOUND`. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message !== "" ? reasonOf(cause) : messageOf(error);
}
