/* oxlint-disable typescript/no-unsafe-type-assertion -- a cache gives back what was put in under the same key, which names its kind */
import { hash } from "node:crypto";
import type { Cache, FileReader } from "../domain/ports.ts";

/**
 * What `work` makes of files, which must be plain JSON and depend on nothing else. Where every file that it read last
 * time is as it was, that is what it made last time; `name` says of what, and in which revision. A cache that fails is
 * done without.
 */
export async function recall<T>(
  name: readonly unknown[],
  files: FileReader,
  cache: Cache,
  work: (files: FileReader) => Promise<T>,
): Promise<T> {
  const key = `recall ${digestOf(JSON.stringify(name))}`;
  const keep = (seen: Seen, made: string) =>
    cache.set(key, `${JSON.stringify(seen)}\n${made}`).catch(() => undefined);
  const stored = await cache.get(key).catch(() => undefined);
  if (stored !== undefined) {
    try {
      const [line, made] = halves(stored);
      const seen = JSON.parse(line) as Seen;
      const now = await lookedAt(seen, files);
      if (now !== undefined) {
        // After a checkout the files are the same and their stamps are not.
        if (now.some(([, , stamp], at) => stamp !== seen[at]?.[2])) await keep(now, made);
        return JSON.parse(made) as T;
      }
    } catch {
      // damaged, or a file that cannot be read any longer: it is done anew
    }
  }
  const watched = watch(files);
  const made = await work(watched.files);
  const seen = await watched.seen().catch(() => undefined);
  if (seen !== undefined) await keep(seen, JSON.stringify(made));
  return made;
}

function halves(stored: string): [line: string, made: string] {
  const end = stored.indexOf("\n");
  return [stored.slice(0, end), stored.slice(end + 1)];
}

/** The digests of what was read, `null` where there was no file, and the stamps. The list of files has no path. */
type Seen = readonly Look[];
type Look = readonly [path: string, digest: string | null, stamp?: string];
const listed = "";

function watch(files: FileReader): { readonly files: FileReader; seen(): Promise<Seen> } {
  const paths = new Set<string>();
  return {
    files: {
      ...files,
      list() {
        paths.add(listed);
        return files.list();
      },
      read(path) {
        paths.add(path);
        return files.read(path);
      },
    },
    seen: () => Promise.all([...paths].map((path) => look(path, files))),
  };
}

/** What is there now in place of what was seen; `undefined` where a file is another. */
async function lookedAt(seen: Seen, files: FileReader): Promise<Seen | undefined> {
  const now = await Promise.all(
    seen.map(async (before) => {
      const [path, , stamp] = before;
      return stamp !== undefined && stampAt(path, files) === stamp ? before : look(path, files);
    }),
  );
  return now.every(([, digest], at) => digest === seen[at]?.[1]) ? now : undefined;
}

async function look(path: string, files: FileReader): Promise<Look> {
  const digest = await digestAt(path, files);
  const stamp = stampAt(path, files);
  return stamp === undefined ? [path, digest] : [path, digest, stamp];
}

function stampAt(path: string, files: FileReader): string | undefined {
  return path === listed ? undefined : files.stamp?.(path);
}

async function digestAt(path: string, files: FileReader): Promise<string | null> {
  if (path === listed) return digestOf(JSON.stringify(await files.list()));
  const text = await files.read(path);
  return text === undefined ? null : digestOf(text);
}

function digestOf(text: string): string {
  return hash("sha256", text, "base64url");
}
