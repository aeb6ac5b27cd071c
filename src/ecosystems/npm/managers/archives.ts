import { createHash } from "node:crypto";
import { posix } from "node:path";
import { gzipSync } from "node:zlib";
import { Header } from "tar";
import { ResolutionError } from "../../../domain/errors.ts";
import { readPackageJson } from "../manifest.ts";

/** An archive that is kept in the repository, and the requirement for it. */
export interface KeptArchive {
  readonly manifest: string;
  readonly name: string;
  readonly requirement: string;
  /** From the project's root. */
  readonly path: string;
}

/**
 * What is shown in an archive's place: files of a repository are read as text, so that the archive itself is never
 * here. It has nothing in it but a manifest that says what the lockfile says of the package.
 */
export interface StandIn {
  readonly bytes: Uint8Array;
  /** As lockfiles write it. */
  readonly integrity: string;
}

/** What a package manager sees in place of the archives of a repository. */
export interface StandIns {
  readonly archives: Readonly<Record<string, Uint8Array>>;
  /** A lockfile that it made of them, with what it said of the archives before. */
  readonly restored: (lockfile: string) => string;
}

export function archivesIn(files: Readonly<Record<string, string>>): readonly KeptArchive[] {
  return Object.entries(files).flatMap(([manifest, text]) => {
    if (manifest !== "package.json" && !manifest.endsWith("/package.json")) return [];
    return readPackageJson(manifest, text)
      .requirements.filter(({ requirement }) => isArchive(requirement))
      .map(({ name, requirement }) => {
        const path = posix.join(posix.dirname(manifest), requirement.replace(/^file:/, ""));
        return { manifest, name, requirement, path };
      });
  });
}

/** The same manifest makes the same archive. */
export function standInOf(manifest: Readonly<Record<string, unknown>>): StandIn {
  const content = Buffer.from(JSON.stringify(manifest));
  const header = Buffer.alloc(512);
  const head = { path: "package/package.json", mode: 0o644, size: content.length, mtime: new Date(0) };
  new Header({ ...head, type: "File" }).encode(header);
  const end = Buffer.alloc(((512 - (content.length % 512)) % 512) + 1_024);
  const bytes = gzipSync(Buffer.concat([header, content, end]));
  return { bytes, integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}` };
}

/** Throws a `ResolutionError` where the package manager would have to look into one. */
export function assertNoArchives(files: Readonly<Record<string, string>>): void {
  const [found] = archivesIn(files);
  if (found !== undefined) throw unreadable(found, "no lockfile can be made anew without");
}

/** For one that the lockfile says nothing of. */
export function unknown(archive: KeptArchive): ResolutionError {
  return unreadable(archive, "the lockfile says nothing of it");
}

function unreadable({ manifest, requirement }: KeptArchive, why: string): ResolutionError {
  const message = `${manifest} needs ${requirement}, an archive that is kept in the repository: archives are not read, and ${why}`;
  return new ResolutionError(message, { isHopeless: true });
}

function isArchive(requirement: string): boolean {
  return /\.(?:tgz|tar\.gz|tar)$/.test(requirement) && !/^(?:[a-z+]+:)?\/\//.test(requirement);
}
