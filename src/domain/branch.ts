import { createHash } from "node:crypto";
import { byText } from "../text/order.ts";
import { type MergeMethod, mergeMethods } from "./pull-request.ts";
import type { UpdateGroup, UpdateSize } from "./types.ts";

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

/** The branch that proposes a configuration. */
export const configurationBranch = `${app}/configure`;

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
  const period = group.period === undefined ? [] : [group.period];
  return sha1([...members.toSorted(), ...period].join("\n")).slice(0, 16);
}

/** By what a pull request of the App is known again, and what is remembered with it. */
export interface Marker {
  readonly key: string;
  /** Empty where the App has closed the pull request itself. */
  readonly digest: string;
  /** Of the files that the pull request was made from: the same basis and digest make the same pull request. */
  readonly basis: string;
  /** What it moves, each package once. Absent where that is too much to be kept. */
  readonly moves?: readonly Move[];
  /** The folders of its projects, the top as an empty text. Absent where they are many. */
  readonly roots?: readonly string[];
  /** The packages that were taken out of the group, at this version and no other. */
  readonly apart?: readonly Pinned[];
  /** The key of the group that it was taken out of. */
  readonly from?: string;
  /** What people said to ignore, here. */
  readonly ignore?: readonly Ignored[];
  /** A person asked to have it made anew on top of its base: `recreate` also where somebody else committed to it. */
  readonly wanted?: "rebase" | "recreate";
  /** A person asked to have it merged once its checks have passed; `usual` as the repository does it. */
  readonly merge?: "usual" | "squash";
  /** The configuration wants it merged without a person, under these conditions. */
  readonly automerge?: Automerge;
  /** The head with which it was put into the merge queue of its base. */
  readonly queued?: string;
  /** The packages of which it takes away what the repository's own code uses. */
  readonly breaks?: readonly string[];
  /** It mends a vulnerability. */
  readonly security?: true;
  /** The pull request that is merged before this is made anew, as its body tells. */
  readonly behind?: number;
}

/** When a pull request is merged without a person; checks must have passed in any case. */
export interface Automerge {
  readonly method?: MergeMethod;
  /** ISO 8601: not before. */
  readonly after?: string;
  /** From 0 to 1; see `AutomergePolicy`. */
  readonly confidence?: number;
}

/** A package goes from one version to another. */
export interface Move {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly size: UpdateSize;
}

export interface Pinned {
  readonly name: string;
  readonly version: string;
}

export interface Ignored {
  readonly name: string;
  /**
   * `*` for every version, `major 2.1.0` for those of the same major as 2.1.0, `minor 2.1.0` and `patch 2.1.0` likewise;
   * anything else is a range in the ecosystem's own syntax.
   */
  readonly what: string;
}

const mostMoves = 200;
const mostKept = 200;
const mostRoots = 20;
/** Of a list, in characters: the body of a pull request has room for 65,536. */
const longestList = 12_000;

/** What a group moves, for its marker. A package that takes several steps at once is told by its largest. */
export function movesOf({ updates }: UpdateGroup): readonly Move[] {
  const rank = { patch: 0, minor: 1, major: 2 };
  const steps = updates
    .map(({ dependency: { name }, from, release: { version: to }, size }): Move => ({ name, from, to, size }))
    .toSorted((a, b) => byText(a.name, b.name) || rank[b.size] - rank[a.size] || byText(a.to, b.to));
  return [...Map.groupBy(steps, ({ name }) => name).values()].flatMap(([first]) => first ?? []);
}

/** The line that holds the marker in a pull request's body. Nobody sees it in the rendered page. */
export function marker({ key, digest, basis, moves, roots, apart, ignore, breaks, ...rest }: Marker): string {
  const { from, wanted, merge, automerge, queued, security, behind } = rest;
  const data = JSON.stringify({
    key,
    digest,
    basis,
    ...listed(
      "moves",
      moves?.map((one) => [one.name, one.from, one.to, one.size]),
      mostMoves,
    ),
    ...listed(
      "roots",
      roots?.map((root) => [root]),
      mostRoots,
    ),
    ...listed(
      "apart",
      apart?.map(({ name, version }) => [name, version]),
      mostKept,
    ),
    ...(from === undefined ? {} : { from }),
    ...listed(
      "ignore",
      ignore?.map(({ name, what }) => [name, what]),
      mostKept,
    ),
    ...(wanted === undefined ? {} : { wanted }),
    ...(merge === undefined ? {} : { merge }),
    ...(automerge === undefined ? {} : { automerge }),
    ...(queued === undefined ? {} : { queued }),
    ...listed(
      "breaks",
      breaks?.map((name) => [name]),
      mostKept,
    ),
    ...(security === undefined ? {} : { security }),
    ...(behind === undefined ? {} : { behind }),
  });
  return `<!-- steeplejack ${data.replaceAll("--", "-\\u002d").replaceAll(">", "\\u003e")} -->`;
}

function listed(
  name: string,
  rows: readonly (readonly string[])[] | undefined,
  most: number,
): Readonly<Record<string, readonly (readonly string[])[]>> {
  if (rows === undefined || rows.length === 0 || rows.length > most) return {};
  return JSON.stringify(rows).length > longestList ? {} : { [name]: rows };
}

/** What `marker` wrote, or `undefined` where there is none. Only the last one counts: the App writes it at the end. */
export function readMarker(body: string): Marker | undefined {
  const last = [...body.matchAll(/<!-- steeplejack (\{[^\n]*?\}) -->/g)].at(-1)?.[1];
  if (last === undefined) return undefined;
  const data: unknown = parse(last);
  if (typeof data !== "object" || data === null) return undefined;
  const read: Record<string, unknown> = { digest: "", basis: "", ...data };
  const { key, digest, basis, from, wanted, merge, automerge, queued, security, behind, ...lists } = read;
  if (typeof key !== "string" || typeof digest !== "string" || typeof basis !== "string" || key === "")
    return undefined;
  const moves = rowsOf(lists["moves"], 4).flatMap(([name = "", before = "", to = "", size = ""]): Move[] =>
    isSize(size) ? [{ name, from: before, to, size }] : [],
  );
  const roots = rowsOf(lists["roots"], 1).flat();
  const apart = rowsOf(lists["apart"], 2).map(([name = "", version = ""]): Pinned => ({ name, version }));
  const breaks = rowsOf(lists["breaks"], 1).flat();
  const ignore = rowsOf(lists["ignore"], 2).map(([name = "", what = ""]): Ignored => ({ name, what }));
  return {
    key,
    digest,
    basis,
    ...(moves.length === 0 ? {} : { moves }),
    ...(roots.length === 0 ? {} : { roots }),
    ...(apart.length === 0 ? {} : { apart }),
    ...(typeof from === "string" ? { from } : {}),
    ...(ignore.length === 0 ? {} : { ignore }),
    ...(wanted === "rebase" || wanted === "recreate" ? { wanted } : {}),
    ...(merge === "usual" || merge === "squash" ? { merge } : {}),
    ...(typeof automerge === "object" && automerge !== null ? { automerge: readAutomerge(automerge) } : {}),
    ...(typeof queued === "string" ? { queued } : {}),
    ...(breaks.length === 0 ? {} : { breaks }),
    ...(security === true ? { security } : {}),
    ...(typeof behind === "number" ? { behind } : {}),
  };
}

function readAutomerge(data: object): Automerge {
  const { method, after, confidence }: Record<string, unknown> = { ...data };
  const known = mergeMethods.find((one) => one === method);
  return {
    ...(known === undefined ? {} : { method: known }),
    ...(typeof after === "string" ? { after } : {}),
    ...(typeof confidence === "number" ? { confidence } : {}),
  };
}

/** A body with another marker in place of its own, and what that tells people above all else. */
export function withMarker(body: string, next: Marker): string {
  const own = body.replace(waiting, "");
  const at = own.lastIndexOf("<!-- steeplejack ");
  const told = next.behind === undefined ? "" : `${waitingFor(next.behind)}\n\n`;
  return `${told}${at === -1 ? `${own.trimEnd()}\n\n` : own.slice(0, at)}${marker(next)}\n`;
}

const waitingFor = (number: number | string): string =>
  `> Waits for #${number}, which is merged first. Then this is made anew on top of that, and checked.`;
const waiting = new RegExp(`^${waitingFor("\\d+")}(\r?\n){2}`);

/** The rows of a list, where each has so many texts. */
function rowsOf(value: unknown, width: number): readonly (readonly string[])[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((row: unknown): string[][] => {
    if (!Array.isArray(row) || row.length !== width) return [];
    const texts = row.filter((text: unknown) => typeof text === "string");
    return texts.length === width ? [texts] : [];
  });
}

function isSize(text: string): text is UpdateSize {
  return text === "major" || text === "minor" || text === "patch";
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
