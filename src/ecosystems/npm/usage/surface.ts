import type { ReleaseFiles } from "./release.ts";

/** What one path of a package exports. */
export interface Surface {
  /** By name; `default` is one of them. */
  readonly names: ReadonlyMap<string, Exported>;
  /** Whether there may be more names than could be read. */
  readonly isOpen: boolean;
  /** Whether the module is one value (`export =`, `module.exports = f`), which a default import gets. */
  readonly isAssigned: boolean;
}

export interface Exported {
  /** Whether it is there for the compiler only. */
  readonly isType: boolean;
  readonly isDeprecated: boolean;
}

/** While it is gathered, from a file and those that it exports again. */
export interface Gathered {
  readonly names: Map<string, Exported>;
  isOpen: boolean;
  isAssigned: boolean;
}

export function emptySurface(): Gathered {
  return { names: new Map(), isOpen: false, isAssigned: false };
}

/** What is read of a release. */
export interface Reading {
  readonly release: ReleaseFiles;
  readonly there: ReadonlySet<string>;
  readonly surfaces: Map<string, Gathered>;
}

export function readingOf(release: ReleaseFiles): Reading {
  return { release, there: new Set(release.paths), surfaces: new Map() };
}

/** Reads each file once. Of files that export each other again the answer is the one that is being made. */
export function readOnce(
  { release, surfaces }: Reading,
  path: string,
  gather: (text: string, surface: Gathered) => void,
): Gathered {
  const known = surfaces.get(path);
  if (known !== undefined) return known;
  const surface = emptySurface();
  surfaces.set(path, surface);
  const text = release.texts[path];
  if (text === undefined) surface.isOpen = true;
  else gather(text, surface);
  return surface;
}

/** A name that is a value and a type is a value; the one that is not deprecated counts. */
export function addName({ names }: Gathered, name: string, { isType, isDeprecated }: Exported): void {
  const known = names.get(name);
  names.set(name, {
    isType: isType && known?.isType !== false,
    isDeprecated: isDeprecated && known?.isDeprecated !== false,
  });
}

/** As `export *` does: all but the default. */
export function addAll(surface: Gathered, { names, isOpen }: Surface): void {
  for (const [name, exported] of names) if (name !== "default") addName(surface, name, exported);
  surface.isOpen ||= isOpen;
}
