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
  const stored = await cache.get(key).catch(() => undefined);
  const end = stored?.indexOf("\n") ?? -1;
  try {
    if (stored !== undefined && (await isAsItWas(stored.slice(0, end), files)))
      return JSON.parse(stored.slice(end + 1)) as T;
  } catch {
    // damaged, or a file that cannot be read any longer: it is done anew
  }
  const watched = watch(files);
  const made = await work(watched.files);
  const seen = await watched.seen().catch(() => undefined);
  if (seen !== undefined)
    await cache.set(key, `${JSON.stringify(seen)}\n${JSON.stringify(made)}`).catch(() => undefined);
  return made;
}

/** The digests of what was read, `null` where there was no file, and the stamps. The list of files has no path. */
type Seen = readonly (readonly [path: string, digest: string | null, stamp?: string])[];
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
    seen: () =>
      Promise.all(
        [...paths].map(async (path) => {
          const stamp = stampAt(path, files);
          const digest = await digestAt(path, files);
          return stamp === undefined ? ([path, digest] as const) : ([path, digest, stamp] as const);
        }),
      ),
  };
}

async function isAsItWas(line: string, files: FileReader): Promise<boolean> {
  const seen = JSON.parse(line) as Seen;
  const same = await Promise.all(
    seen.map(
      async ([path, digest, stamp]) =>
        (stamp !== undefined && stampAt(path, files) === stamp) || (await digestAt(path, files)) === digest,
    ),
  );
  return same.every(Boolean);
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
