import { createHash } from "node:crypto";
import type { UpdateGroup } from "./types.ts";

const prefix = "steeplejack/";

/**
 * The branch of a group: `npm/runtime` makes `steeplejack/npm/runtime`.
 *
 * It has one level below the ecosystem, since git cannot hold both `a` and `a/b`, and ends in a digest of the key
 * where spelling it as a branch name lost something.
 */
export function branchOf(key: string): string {
  const [ecosystem = "", ...rest] = key.split("/");
  const leaf = rest.join("/");
  const slug = leaf
    .replaceAll("@", "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/\.{2,}|\.lock$/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  const short = slug.slice(0, 80);
  const lossless = short === leaf || short === leaf.replace(/^major:/, "major-");
  return `${prefix}${ecosystem}/${lossless ? short : `${short}-${sha1(key).slice(0, 6)}`}`;
}

/** Whether a branch is one that `branchOf` made. */
export function isOurs(branch: string): boolean {
  return branch.startsWith(prefix);
}

/** Tells two drafts of one key apart: the same packages at the same versions give the same digest. */
export function digestOf(group: UpdateGroup): string {
  const members = group.updates.map(
    ({ manifest, dependency, release, requirement }) =>
      `${manifest.path}\0${dependency.name}\0${dependency.scope}\0${release.version}\0${requirement}`,
  );
  return sha1(members.toSorted().join("\n")).slice(0, 16);
}

/** The line in a pull request's body by which it is known again. Nobody sees it in the rendered page. */
export function marker(of: { key: string; digest: string }): string {
  return `<!-- steeplejack ${JSON.stringify({ key: of.key, digest: of.digest }).replaceAll("--", "-\\u002d").replaceAll(">", "\\u003e")} -->`;
}

/** What `marker` wrote, or `undefined` where there is none. Only the last one counts: the App writes it at the end. */
export function readMarker(body: string): { key: string; digest: string } | undefined {
  const last = [...body.matchAll(/<!-- steeplejack (\{[^\n]*?\}) -->/g)].at(-1)?.[1];
  if (last === undefined) return undefined;
  const data: unknown = parse(last);
  if (typeof data !== "object" || data === null || !("key" in data) || !("digest" in data)) return undefined;
  const { key, digest } = data;
  return typeof key === "string" && typeof digest === "string" ? { key, digest } : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a marker that was edited by hand is no marker
  }
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
