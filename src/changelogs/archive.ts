import { Parser, type ReadEntry } from "tar";
import type { HttpClient } from "../domain/ports.ts";

/** The changelog of a package. */
export interface Changelog {
  /** Its name, such as `CHANGELOG.md`. */
  readonly file: string;
  readonly text: string;
}

const largestArchive = 50_000_000;
const largestContent = 1_000_000_000;
const mostEntries = 200_000;
const largestChangelog = 1_000_000;
/** Small enough that what one slice unpacks to stays within memory, whatever it is. */
const slice = 65_536;

/** The changelog at the top of a published archive, or `undefined`. Throws `HttpError`, also for a broken archive. */
export async function archivedChangelog(http: HttpClient, tarball: string): Promise<Changelog | undefined> {
  const answer = await http.get(tarball, {
    read: (body) => ({ changelog: changelogIn(body) ?? null }),
    accept: "*/*",
    cacheAs: "changelog-1",
    maxBytes: largestArchive,
    immutable: true,
  });
  return answer?.changelog ?? undefined;
}

/** Reads a tar or tgz from memory. Links are not followed and nothing is written. Throws `Error` on a broken one. */
export function changelogIn(archive: Buffer): Changelog | undefined {
  const found: { file: string; chunks: Buffer[] }[] = [];
  const failures: Error[] = [];
  let entries = 0;
  let content = 0;
  const parser = new Parser({
    strict: true,
    onReadEntry(entry: ReadEntry) {
      entries += 1;
      content += entry.size;
      const file = /^[^/]+\/([^/]+)$/.exec(entry.path)?.[1];
      if (file === undefined || !isChangelog(file) || !["File", "OldFile"].includes(entry.type)) {
        entry.resume();
        return;
      }
      const chunks: Buffer[] = [];
      let kept = 0;
      found.push({ file, chunks });
      entry.on("data", (chunk: Buffer) => {
        if (kept < largestChangelog) chunks.push(chunk.subarray(0, largestChangelog - kept));
        kept += chunk.length;
      });
    },
  });
  parser.on("error", (error: Error) => failures.push(error));
  for (let at = 0; at < archive.length && failures.length === 0; at += slice) {
    parser.write(archive.subarray(at, at + slice));
    if (entries > mostEntries || content > largestContent) throw new Error("the archive holds too much");
  }
  if (failures.length === 0) parser.end();
  if (failures[0] !== undefined) throw failures[0];

  const [best] = found.toSorted((a, b) => rank(a.file) - rank(b.file) || (a.file < b.file ? -1 : 1));
  return best === undefined ? undefined : { file: best.file, text: decode(Buffer.concat(best.chunks)) };
}

const names = ["changelog", "changes", "history", "releases", "release-notes", "releasenotes", "news"];
const kinds = ["md", "markdown", "mdx", "rst", "txt", ""];

function parts(file: string): readonly [name: number, kind: number] {
  const [, name = "", kind = ""] = /^([a-z_-]+)(?:\.([a-z]+))?$/.exec(file.toLowerCase()) ?? [];
  return [names.indexOf(name.replaceAll("_", "-")), kinds.indexOf(kind)];
}

function isChangelog(file: string): boolean {
  return parts(file).every((place) => place >= 0);
}

function rank(file: string): number {
  const [name, kind] = parts(file);
  return name * kinds.length + kind;
}

function decode(bytes: Buffer): string {
  return bytes.toString("utf8").replace(/^\ufeff/, "");
}
