import type { Breakage, Impact, Place } from "../../../domain/impact.ts";
import { messageOf } from "../../../domain/errors.ts";
import { codeExports } from "./code.ts";
import { declaredExports } from "./declarations.ts";
import { type Entry, entryOf } from "./entries.ts";
import type { ReleaseFiles } from "./release.ts";
import type { Surface } from "./surface.ts";
import { itself, type Uses } from "./uses.ts";

/**
 * What of the uses of a package another release breaks. Said is only what is sure by name: what was exported before, and
 * is not among all that is exported after.
 */
export function impactOf(
  name: string,
  uses: ReadonlyMap<string, Uses>,
  before: ReleaseFiles,
  after: ReleaseFiles,
): Impact {
  const breaks: Breakage[] = [];
  const unseen = new Set<string>();
  let used = 0;
  for (const [subpath, of] of [...uses].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const specifier = subpath === "." ? name : `${name}${subpath.slice(1)}`;
    const found = compareAt(specifier, subpath, of, before, after);
    used += found.used;
    breaks.push(...found.breaks);
    for (const sentence of found.unseen) unseen.add(sentence);
  }
  return { kind: "known", used, breaks, unseen: [...unseen] };
}

type Known = Extract<Impact, { kind: "known" }>;
type Compared = Pick<Known, "used" | "breaks" | "unseen">;

function compareAt(
  specifier: string,
  subpath: string,
  uses: Uses,
  before: ReleaseFiles,
  after: ReleaseFiles,
): Compared {
  // What is imported for its effects alone is one thing that is used.
  const least = Math.max(uses.names.size, 1);
  const [old, fresh] = [entryOf(before, subpath), entryOf(after, subpath)];
  if (old === undefined)
    return { used: least, breaks: [], unseen: [`what ${specifier} was could not be told`] };
  if (fresh === undefined) {
    if (subpath === "." || after.isCut)
      return { used: least, breaks: [], unseen: [`what ${specifier} is now could not be told`] };
    return { used: least, breaks: [{ name: specifier, how: "path", places: uses.imports }], unseen: [] };
  }
  const isUnloadable = uses.requires.length > 0 && !old.isModuleOnly && fresh.isModuleOnly;
  const loading: Breakage[] = isUnloadable
    ? [{ name: specifier, how: "require", places: uses.requires }]
    : [];
  try {
    const surfaces = surfacesOf(specifier, [before, old], [after, fresh]);
    if (surfaces === undefined)
      return { used: least, breaks: loading, unseen: [`the exports of ${specifier} could not be told`] };
    const named = compareNames(specifier, uses, surfaces, fresh);
    return { ...named, used: Math.max(named.used, least), breaks: [...loading, ...named.breaks] };
  } catch (error) {
    const why = messageOf(error).split("\n")[0] ?? "";
    return {
      used: least,
      breaks: loading,
      unseen: [`the exports of ${specifier} could not be read: ${why}`],
    };
  }
}

/** Of both by their types, else of both by their code, else each by what there is. */
function surfacesOf(
  specifier: string,
  old: readonly [ReleaseFiles, Entry],
  fresh: readonly [ReleaseFiles, Entry],
): readonly [Surface, Surface] | undefined {
  const isCoded = old[1].code !== undefined && fresh[1].code !== undefined;
  const isTyped = old[1].types !== undefined && fresh[1].types !== undefined;
  const before = surfaceOf(specifier, old, isTyped || !isCoded);
  const after = surfaceOf(specifier, fresh, isTyped || !isCoded);
  return before === undefined || after === undefined ? undefined : [before, after];
}

function surfaceOf(
  specifier: string,
  [release, { types, code }]: readonly [ReleaseFiles, Entry],
  byTypes: boolean,
): Surface | undefined {
  if (types !== undefined && (byTypes || code === undefined))
    return declaredExports(release, types, specifier);
  return code === undefined ? undefined : codeExports(release, code);
}

function compareNames(
  specifier: string,
  uses: Uses,
  [before, after]: readonly [Surface, Surface],
  fresh: Entry,
): Compared {
  const isInterop = before.isAssigned || !before.names.has("default");
  const isSame = isInterop && (after.isAssigned || !after.names.has("default"));
  const names = new Map(uses.names);
  // The default import of a module that has none is the module.
  if (isSame)
    for (const [name, places] of uses.ofDefault) names.set(name, [...(names.get(name) ?? []), ...places]);
  const breaks: Breakage[] = [];
  const missing: string[] = [];
  for (const [name, places] of [...names].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const how = breaksOf(name, isInterop, [before, after], fresh);
    if (how === "untold") missing.push(shownAs(name, specifier));
    else if (how !== undefined)
      breaks.push({
        name: shownAs(name, specifier),
        how,
        places: inOrder(places),
      });
  }
  const unseen = [
    ...(missing.length === 0
      ? []
      : [`whether ${few(missing)} still ${missing.length === 1 ? "exists" : "exist"} could not be told`]),
    ...(uses.escapes.length === 0
      ? []
      : [`${specifier} is used as a whole at ${few(placesOf(uses.escapes))}`]),
    ...(isSame || uses.ofDefault.size === 0
      ? []
      : [`the properties of the default export of ${specifier} were not looked at`]),
  ];
  return { used: names.size, breaks, unseen };
}

function shownAs(name: string, specifier: string): string {
  if (name === itself) return `${specifier} as a function`;
  return name === "default" ? `the default of ${specifier}` : name;
}

type How = Breakage["how"] | "untold" | undefined;

function breaksOf(
  name: string,
  isInterop: boolean,
  [before, after]: readonly [Surface, Surface],
  fresh: Entry,
): How {
  if (name === "default") return defaultBreaks(isInterop, after, fresh);
  return name === itself ? callBreaks(before, after) : nameBreaks(name, before, after);
}

/** A module that is called was assigned a function; one that has a default may be both. */
function callBreaks(before: Surface, after: Surface): How {
  if (!before.isAssigned || after.isAssigned) return undefined;
  return after.isOpen || after.names.has("default") ? "untold" : "gone";
}

function nameBreaks(name: string, before: Surface, after: Surface): How {
  const [was, is] = [before.names.get(name), after.names.get(name)];
  if (is === undefined) return was === undefined || after.isOpen ? "untold" : "gone";
  if (is.isType && was?.isType === false) return "type";
  return is.isDeprecated && was?.isDeprecated === false ? "deprecated" : undefined;
}

/** CommonJS always has a default to import: itself. */
function defaultBreaks(isInterop: boolean, after: Surface, fresh: Entry): How {
  if (after.isAssigned || after.names.has("default")) return undefined;
  if (after.isOpen) return isInterop && !fresh.isModuleOnly ? undefined : "untold";
  return isInterop && !fresh.isModuleOnly ? undefined : "gone";
}

/** Each once. */
function inOrder(places: readonly Place[]): readonly Place[] {
  const distinct = new Map(places.map((place) => [`${place.path}:${place.line}`, place]));
  return [...distinct.values()].toSorted((a, b) =>
    a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1,
  );
}

function placesOf(places: readonly Place[]): readonly string[] {
  return inOrder(places).map(({ path, line }) => `${path}:${line}`);
}

function few(all: readonly string[]): string {
  const shown = all.slice(0, 3).join(", ");
  return all.length > 3 ? `${shown} and ${all.length - 3} more` : shown;
}
