import { execFile } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, realpathSync, type Stats } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import { promisify } from "node:util";
import { ManifestError } from "../domain/errors.ts";
import type { FileEntry, FileReader } from "../domain/ports.ts";

const maxBytes = 50_000_000;
/** In milliseconds: longer than a tick of any file system's clock. */
const settled = 3_000;
const skipped = new Set(["node_modules", ".git", "bower_components"]);

/**
 * The files of a folder on this machine: those that git would track where it is a checkout, else all but
 * `node_modules`. Nothing outside the folder is read, and no link is followed.
 */
export function localFiles(folder: string): FileReader {
  let listed: Promise<readonly FileEntry[]> | undefined;
  const readings = new Map<string, Reading>();
  const stamps = new Map<string, string | undefined>();
  let real: string | undefined;
  return {
    list: () => (listed ??= list(folder)),
    async read(path) {
      const reading = readings.get(path) ?? read(folder, (real ??= realpathSync.native(folder)), path);
      readings.set(path, reading);
      return reading.text;
    },
    stamp(path) {
      const reading = readings.get(path);
      if (reading !== undefined) return reading.stamp;
      if (!stamps.has(path)) stamps.set(path, stampOf(statOf(join(folder, path))));
      return stamps.get(path);
    },
  };
}

interface Reading {
  readonly text: string | undefined;
  /** Of the moment before it was read. */
  readonly stamp: string | undefined;
}

/** As git tells whether a file has changed: who writes to it, or puts another in its place, changes one of these. */
function stampOf(found: Stats | undefined): string | undefined {
  if (found?.isFile() !== true) return "none";
  const { dev, ino, size, mtimeMs, ctimeMs } = found;
  // Two changes within one tick of a file system's clock look alike: what is younger is no proof.
  if (Math.max(mtimeMs, ctimeMs) > Date.now() - settled) return undefined;
  return [dev, ino, size, mtimeMs, ctimeMs].join(" ");
}

async function list(folder: string): Promise<readonly FileEntry[]> {
  const entries = (await tracked(folder)) ?? entriesOf(folder, walk(folder, ""));
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function entriesOf(folder: string, paths: readonly string[]): FileEntry[] {
  return paths.flatMap((path): FileEntry[] => {
    const found = statOf(join(folder, path));
    if (found?.isSymbolicLink() === true) return [{ path, kind: "link" }];
    return found?.isFile() === true ? [{ path, kind: "file" }] : [];
  });
}

/**
 * What git tracks or would track; `undefined` where it is no checkout or git is not there. Git's index tells the kind
 * of each file: to ask the disk for those of 100,000 takes seconds.
 */
async function tracked(folder: string): Promise<FileEntry[] | undefined> {
  try {
    const known = new Map<string, FileEntry>();
    const others: string[] = [];
    const gone: string[] = []; // but not yet from the index
    for (const line of await ask(folder)) {
      const tag = line[0];
      const path = tag === "?" ? line.slice(2) : line.slice(line.indexOf("\t") + 1);
      const kind = kinds.get(line.slice(2, 5));
      if (!isWanted(path)) continue;
      if (tag === "?") others.push(path);
      else if (tag === "R") gone.push(path);
      else if (kind !== undefined) known.set(path, { path, kind });
    }
    for (const path of gone) known.delete(path);
    return [...known.values(), ...entriesOf(folder, others)];
  } catch {
    return undefined; // no checkout or no git: the folder is walked instead
  }
}

/** By the beginning of the mode. A submodule, 160000, is another repository. */
const kinds = new Map<string, FileEntry["kind"]>([
  ["100", "file"],
  ["120", "link"],
]);

/** Each file of the index, once more with `R` where it is deleted, and with `?` those that it does not know. */
async function ask(folder: string): Promise<string[]> {
  // The settings of a checkout can name programs for git to run: none of those is asked for here.
  const safe = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];
  const question = ["ls-files", "-z", "-t", "--stage", "--deleted", "--others", "--exclude-standard"];
  const options = { cwd: folder, maxBuffer: 512_000_000 };
  const { stdout } = await promisify(execFile)("git", [...safe, ...question], options);
  return stdout.split("\0").filter((line) => line !== "");
}

function isWanted(path: string): boolean {
  return !path.split("/").some((part) => skipped.has(part));
}

function walk(folder: string, inner: string): string[] {
  return readdirSync(join(folder, inner), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(inner, entry.name);
    if (!entry.isDirectory()) return [path];
    return skipped.has(entry.name) ? [] : walk(folder, path);
  });
}

/** Without waiting: manifests are small and many, and to come back to each costs more than to read it. */
function read(folder: string, real: string, path: string): Reading {
  if (path.startsWith("/") || path.split("/").includes("..")) {
    throw new ManifestError(path, "lies outside the repository");
  }
  const target = join(folder, path);
  const found = statOf(target);
  const stamp = stampOf(found);
  if (found?.isFile() !== true) return { text: undefined, stamp };
  if (relative(real, realpathSync.native(target)).split(sep)[0] === "..")
    throw new ManifestError(path, "leads out of the repository");
  if (found.size > maxBytes) {
    throw new ManifestError(path, `is ${found.size} bytes large, and ${maxBytes} are the limit`);
  }
  return { text: readFileSync(target, "utf8"), stamp };
}

function statOf(target: string): Stats | undefined {
  try {
    return lstatSync(target, { throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return undefined;
    throw error;
  }
}
