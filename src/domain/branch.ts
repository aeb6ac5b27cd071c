import { createHash } from "node:crypto";
import type { UpdateGroup } from "./types.ts";

const app = "steeplejack";

/**
 * The branch of a group: `npm/runtime` makes `steeplejack/npm/runtime`.
 *
 * It has one level below the ecosystem, since git cannot hold both `a` and `a/b`, and ends in a digest of the key
 * where spelling it as a branch name lost something. `separator` stands instead of the two slashes.
 */
export function branchOf(key: string, separator: "-" | "_" | "/" = "/"): string {
  const [ecosystem = "", ...rest] = key.split("/");
  const leaf = rest.join("/");
  const slug = leaf
    .replace(/^(major|single):/, "$1-")
    .replaceAll("@", "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/\.{2,}/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .replace(/\.lock$/, "-lock")
    .slice(0, 80);
  const lossless = slug !== "" && slug === leaf.replace(/^(major|single):/, "$1-");
  const name = lossless ? slug : `${slug}-${sha1(key).slice(0, 6)}`;
  return [app, ecosystem, name].join(separator);
}

/** Whether a branch is one that `branchOf` made. */
export function isOurs(branch: string): boolean {
  return /^steeplejack[-_/]/.test(branch);
}

/** Tells two drafts of one key apart: the same packages at the same versions give the same digest. */
export function digestOf(group: UpdateGroup): string {
  const members = group.updates.map(
    ({ manifest, dependency, release, requirement }) =>
      `${manifest.path}\0${dependency.name}\0${dependency.scope}\0${release.version}\0${requirement}`,
  );
  return sha1(members.toSorted().join("\n")).slice(0, 16);
}

/** By what a pull request of the App is known again. */
export interface Marker {
  readonly key: string;
  readonly digest: string;
  /** Of the files that the pull request was made from: the same basis and digest make the same pull request. */
  readonly basis: string;
}

/** The line that holds the marker in a pull request's body. Nobody sees it in the rendered page. */
export function marker({ key, digest, basis }: Marker): string {
  const data = JSON.stringify({ key, digest, basis }).replaceAll("--", "-\\u002d").replaceAll(">", "\\u003e");
  return `<!-- steeplejack ${data} -->`;
}

/** What `marker` wrote, or `undefined` where there is none. Only the last one counts: the App writes it at the end. */
export function readMarker(body: string): Marker | undefined {
  const last = [...body.matchAll(/<!-- steeplejack (\{[^\n]*?\}) -->/g)].at(-1)?.[1];
  if (last === undefined) return undefined;
  const data: unknown = parse(last);
  if (typeof data !== "object" || data === null) return undefined;
  const { key, digest, basis } = { key: "", digest: "", basis: "", ...data };
  return [key, digest, basis].every((part) => typeof part === "string") && key !== ""
    ? { key, digest, basis }
    : undefined;
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
