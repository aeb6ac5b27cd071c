import { execFile } from "node:child_process";
import { lstat, readFile, readdir, realpath } from "node:fs/promises";
import { join, posix, relative, sep } from "node:path";
import { promisify } from "node:util";
import { ManifestError } from "../domain/errors.ts";
import type { FileEntry, FileReader } from "../domain/ports.ts";

const maxBytes = 50_000_000;
const skipped = new Set(["node_modules", ".git", "bower_components"]);

/**
 * The files of a folder on this machine: those that git would track where it is a checkout, else all but
 * `node_modules`. Nothing outside the folder is read, and no link is followed.
 */
export function localFiles(folder: string): FileReader {
  let listed: Promise<readonly FileEntry[]> | undefined;
  const texts = new Map<string, Promise<string | undefined>>();
  return {
    list: () => (listed ??= list(folder)),
    read(path) {
      const known = texts.get(path) ?? read(folder, path);
      texts.set(path, known);
      return known;
    },
  };
}

async function list(folder: string): Promise<readonly FileEntry[]> {
  const paths = (await tracked(folder)) ?? (await walk(folder, ""));
  const entries = await Promise.all(
    paths.map(async (path): Promise<FileEntry[]> => {
      const found = await lstat(join(folder, path)).catch(ifMissing);
      if (found === undefined) return []; // deleted, but not yet from git's index
      if (found.isSymbolicLink()) return [{ path, kind: "link" }];
      return found.isFile() ? [{ path, kind: "file" }] : [];
    }),
  );
  return entries.flat().toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** What git tracks or would track; `undefined` where it is no checkout or git is not there. */
async function tracked(folder: string): Promise<string[] | undefined> {
  // The settings of a checkout can name programs for git to run: none of those is asked for here.
  const safe = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];
  const question = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  try {
    const options = { cwd: folder, maxBuffer: 512_000_000 };
    const { stdout } = await promisify(execFile)("git", [...safe, ...question], options);
    return [...new Set(stdout.split("\0"))].filter((path) => path !== "" && isWanted(path));
  } catch {
    return undefined; // no checkout or no git: the folder is walked instead
  }
}

/** Asking for the kind of each of 100,000 files takes seconds; of what nobody claims it is not needed. */
function isWanted(path: string): boolean {
  return !path.split("/").some((part) => skipped.has(part));
}

async function walk(folder: string, inner: string): Promise<string[]> {
  const entries = await readdir(join(folder, inner), { withFileTypes: true });
  const paths = await Promise.all(
    entries.map(async (entry) => {
      const path = posix.join(inner, entry.name);
      if (!entry.isDirectory()) return [path];
      return skipped.has(entry.name) ? [] : walk(folder, path);
    }),
  );
  return paths.flat();
}

async function read(folder: string, path: string): Promise<string | undefined> {
  if (path.startsWith("/") || path.split("/").includes("..")) {
    throw new ManifestError(path, "lies outside the repository");
  }
  const target = join(folder, path);
  const found = await lstat(target).catch(ifMissing);
  if (found === undefined || !found.isFile()) return undefined;
  const [root, real] = await Promise.all([realpath(folder), realpath(target)]);
  if (relative(root, real).split(sep)[0] === "..")
    throw new ManifestError(path, "leads out of the repository");
  if (found.size > maxBytes) {
    throw new ManifestError(path, `is ${found.size} bytes large, and ${maxBytes} are the limit`);
  }
  return readFile(target, "utf8");
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}
