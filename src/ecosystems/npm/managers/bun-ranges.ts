import { readJsonc } from "../../../text/json.ts";
import { type Edit, replaceSpans } from "../../../text/spans.ts";
import { type BunLock, parseBunLock } from "./bun-lockfile.ts";
import type { Pin, Pins, Ranged } from "./pins.ts";

/**
 * A lockfile that bun made for exact versions, with what the manifests require in its workspaces and catalogs: nothing
 * else in it tells what was asked for. Where a package is installed in several versions bun may place them otherwise as
 * soon as a range lets it.
 */
export function withBunRanges(path: string, lockfile: string, { pins, isAll }: Pins): Ranged {
  // Only what comes before the packages is looked into, as bun writes it: they are nearly all of it.
  const json = readJsonc(path, lockfile.replace(/^ {2}"packages": \{[^]*$/m, "}"));
  const edits = pins.flatMap((pin): Edit[] => {
    const found = json.stringAt(placeOf(pin));
    if (found?.raw !== pin.pinned) return [];
    return [{ span: found.span, text: JSON.stringify(pin.requirement).slice(1, -1) }];
  });
  const versions = versionsIn(parseBunLock(path, lockfile));
  const isSettled = pins.every(({ name }) => versions.get(name)?.size === 1);
  return {
    text: replaceSpans(lockfile, edits),
    isSettled: isAll && isSettled && edits.length === pins.length,
  };
}

function placeOf({ of, name }: Pin): readonly string[] {
  if ("folder" in of) return ["workspaces", of.folder, of.section, name];
  return of.catalog === "default" ? ["catalog", name] : ["catalogs", of.catalog, name];
}

/** What is installed under each name, wherever it is. */
function versionsIn({ packages }: BunLock): ReadonlyMap<string, ReadonlySet<string>> {
  const all = new Map<string, Set<string>>();
  for (const [place, { name, reference }] of packages) {
    const called = /(?:@[^/]+\/)?[^/]+$/.exec(place)?.[0] ?? place;
    all.set(called, (all.get(called) ?? new Set()).add(`${name}@${reference}`));
  }
  return all;
}
