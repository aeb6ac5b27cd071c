import { tableOf, textOf } from "../../text/data.ts";
import type { HttpClient } from "../../domain/ports.ts";
import type { Publication } from "../../domain/types.ts";
import { type Pick, pick } from "../../text/pick.ts";

/** What a `package.json` may be published as: it has a name, a version and a description, and is not private. */
export function publicationOf(manifest: Readonly<Record<string, unknown>>): Publication | undefined {
  const [name, version, description] = ["name", "version", "description"].map((key) => textOf(manifest[key]));
  const isPrivate = manifest["private"] !== undefined && manifest["private"] !== false;
  // `{{name}}` is a template's.
  if (isPrivate || !name || name.includes("{{") || !version || !description) return undefined;
  return { name, description };
}

const wanted: Pick = { description: "value", versions: { "*": { description: "value" } } };

/**
 * Whether a registry has the package with this description, now or in an earlier release: many applications have a name
 * that somebody else has published under. https://github.com/dependabot/dependabot-core asks the same. The document of
 * the newest release is small and mostly says so; that of all releases can have many megabytes.
 */
export async function isPublished(
  { description }: Publication,
  address: string,
  http: HttpClient,
): Promise<boolean> {
  const request = { accept: "application/json", cacheAs: "npm-descriptions-1", read: readDescriptions };
  for (const url of [`${address}/latest`, address]) {
    const descriptions = await http.get(url, request);
    if (descriptions?.some((known) => known.includes(description)) === true) return true;
  }
  return false;
}

function readDescriptions(body: Buffer): readonly string[] {
  const document = tableOf(pick(body.toString("utf8"), wanted));
  const versions = Object.values(tableOf(document["versions"])).map((version) => tableOf(version));
  const all = [document, ...versions].flatMap(({ description }) => textOf(description) ?? []);
  return [...new Set(all)];
}
