import semver from "semver";
import { isMap, isScalar, isSeq, parseDocument, type YAMLSeq } from "yaml";
import { ResolutionError } from "../../../domain/errors.ts";
import { publishedSince } from "../../../domain/published.ts";
import { listOfTexts, tableOf } from "../../../text/data.ts";
import { replaceSpans } from "../../../text/spans.ts";
import type { Io } from "../../ecosystem.ts";
import { pnpmWorkspaceFile } from "../lockfiles.ts";
import { releasesOf } from "../registry.ts";
import { readYaml } from "../yaml.ts";
import type { RelockTask } from "./manager.ts";

/*
 * pnpm takes no releases that are younger than `minimumReleaseAge`, from 11 on a day where nothing is said, unless
 * `minimumReleaseAgeExclude` names them, and refuses a lockfile that has such from 11 on.
 * https://pnpm.io/settings#minimumreleaseage
 */

const table = "minimumReleaseAgeExclude";

/** In minutes, where nothing is said; `undefined` where no release can be excluded. */
function ageAskedBy(pnpm: string): number | undefined {
  if (semver.major(pnpm) >= 11) return 1_440;
  return semver.gte(pnpm, "10.19.0") ? 0 : undefined;
}

/** A release that pnpm would refuse for its age. */
export interface Young {
  readonly name: string;
  readonly version: string;
  readonly publishedAt: string;
}

/** Which of some releases a pnpm would refuse, with these files. What the registry tells no time of is none. */
export async function youngOf(
  releases: readonly Pick<Young, "name" | "version">[],
  pnpm: string,
  { files, registry, scopes }: Pick<RelockTask, "files" | "registry" | "scopes">,
  { http, asOf }: Io,
): Promise<readonly Young[]> {
  const byDefault = ageAskedBy(pnpm);
  if (byDefault === undefined || releases.length === 0) return [];
  const { minutes = byDefault, excluded } = policyIn(files[pnpmWorkspaceFile] ?? "");
  const limit = Date.now() - minutes * 60_000;
  if (minutes <= 0 || (asOf !== undefined && asOf.getTime() <= limit)) return [];
  const found = await Promise.all(
    releases.map(async (of): Promise<Young[]> => {
      if (excluded(of.name, of.version)) return [];
      const { name, version } = of;
      const at = { name, registry: scopes[name.slice(0, name.indexOf("/"))] ?? registry };
      // An answer that fails is pnpm's to tell of, where it needs it.
      const ask = (need: { dated: boolean }) => releasesOf(at, http, need);
      const publishedAt = await publishedSince(limit, version, ask).catch(() => undefined);
      return publishedAt === undefined ? [] : [{ name, version, publishedAt }];
    }),
  );
  return found.flat();
}

interface Policy {
  readonly minutes?: number;
  readonly excluded: (name: string, version: string) => boolean;
}

function policyIn(text: string): Policy {
  const { minimumReleaseAge: minutes, [table]: excludes } = tableOf(readYaml(pnpmWorkspaceFile, text).value);
  const rules = (listOfTexts(excludes) ?? []).map(ruleOf);
  return {
    ...(typeof minutes === "number" ? { minutes } : {}),
    // As pnpm has it, the first rule about a name decides.
    excluded(name, version) {
      const rule = rules.find((it) => it.matches(name));
      return rule !== undefined && (rule.versions.length === 0 || rule.versions.includes(version));
    },
  };
}

/** `name`, `@scope/*`, or `name@1.0.0 || 1.0.1`. */
function ruleOf(text: string): { matches: (name: string) => boolean; versions: readonly string[] } {
  const at = text.indexOf("@", 1);
  const name = at === -1 ? text : text.slice(0, at);
  const versions =
    at === -1
      ? []
      : text
          .slice(at + 1)
          .split("||")
          .map((it) => it.trim());
  const pattern = new RegExp(
    `^${name
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  );
  return { matches: (it) => pattern.test(it), versions };
}

/** The releases of registries that are in a lockfile (version 9) and not in the one before. */
export function newIn(lockfile: string, before: string): { name: string; version: string }[] {
  const known = new Set(keysIn(before));
  return keysIn(lockfile).flatMap((key) => {
    const at = key.indexOf("@", 1);
    const [name, version] = [key.slice(0, at), key.slice(at + 1)];
    return known.has(key) || semver.valid(version) === null ? [] : [{ name, version }];
  });
}

function keysIn(lockfile: string): string[] {
  const packages = /^packages:\r?\n([^]*?)(?:^\S|(?![^]))/gm;
  return [...lockfile.matchAll(packages)].flatMap(([, block = ""]) =>
    [...block.matchAll(/^ {2}'?(@?[^@'\s]+@[^'\s]+?)'?:\r?$/gm)].map(([, key = ""]) => key),
  );
}

/** The text of a `pnpm-workspace.yaml` that lets these releases in, and is otherwise as it was. */
export function withExclusions(text: string, young: readonly Young[]): string {
  return young.reduce((all, { name, version }) => withExclusion(all, name, version), text);
}

function withExclusion(text: string, name: string, version: string): string {
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const top = parseDocument(text).contents;
  const list = isMap(top) ? top.get(table, true) : undefined;
  if (isSeq(list) && list.items.length > 0) return withItem(text, list, name, version, end);
  const entry = `${table}:${end}  - ${quoted(`${name}@${version}`)}${end}`;
  // A key with an empty list, or with nothing, gives way.
  const without = text.replace(
    new RegExp(`^${table}:[ \\t]*(?:\\[\\s*\\]|~|null)?[ \\t]*(?:#.*)?(?:\\r?\\n|$)`, "m"),
    "",
  );
  return `${without}${without === "" || without.endsWith("\n") ? "" : end}${entry}`;
}

function withItem(text: string, list: YAMLSeq, name: string, version: string, end: string): string {
  const items = list.items.flatMap((it) =>
    isScalar(it) && typeof it.value === "string" && it.range ? [{ text: it.value, range: it.range }] : [],
  );
  const same = items.find((it) => it.text.startsWith(`${name}@`));
  if (same !== undefined) {
    const [from, to] = same.range;
    return replaceSpans(text, [
      { span: { start: from, end: to }, text: quoted(`${same.text} || ${version}`) },
    ]);
  }
  const last = items.at(-1)?.range[1] ?? list.range?.[1] ?? text.length;
  const item = quoted(`${name}@${version}`);
  if (list.flow === true) return `${text.slice(0, last)}, ${item}${text.slice(last)}`;
  const first = items[0]?.range[0] ?? last;
  const indent = /([ \t]*)-[ \t]+$/.exec(text.slice(0, first))?.[1] ?? "  ";
  const rest = text.indexOf("\n", last);
  const at = rest === -1 ? text.length : rest + 1;
  const gap = rest === -1 ? end : "";
  return `${text.slice(0, at)}${gap}${indent}- ${item}${end}${text.slice(at)}`;
}

function quoted(text: string): string {
  return /^[a-z\d][\w.-]*@[\w.+-]+$/i.test(text) ? text : `'${text}'`;
}

/** For people. */
export function whyLetIn(young: readonly Young[]): string {
  const few = young.slice(0, 10).map(({ name, version }) => `${name}@${version}`);
  const more = young.length > few.length ? ` and ${young.length - few.length} more` : "";
  return `lets in ${few.join(", ")}${more}, younger than pnpm's minimumReleaseAge allows, since it mends an advisory`;
}

export function tooYoung(young: readonly Young[], moves: RelockTask["moves"]): ResolutionError {
  const [first] = young;
  const more = young.length > 1 ? ` and ${young.length - 1} more` : "";
  const names = new Set(moves.map(({ name }) => name));
  return new ResolutionError(
    `pnpm would refuse it: ${first?.name}@${first?.version}${more} is younger than its \`minimumReleaseAge\` allows, published ${first?.publishedAt}`,
    { suspects: young.map(({ name }) => name).filter((name) => names.has(name)) },
  );
}
