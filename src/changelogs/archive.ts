import type { HttpClient } from "../domain/ports.ts";
import { filesIn } from "../text/archive.ts";

/** The changelog of a package. */
export interface Changelog {
  /** Its name, such as `CHANGELOG.md`. */
  readonly file: string;
  readonly text: string;
}

const largestArchive = 50_000_000;
const largestChangelog = 1_000_000;

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

/** The changelog of a tar or tgz. Throws `Error` on a broken one. */
export function changelogIn(archive: Buffer): Changelog | undefined {
  const found = filesIn(archive, (path) => (isChangelog(top(path)) ? largestChangelog : 0));
  const [best] = found
    .map(({ path, bytes }) => ({ file: top(path), bytes }))
    .toSorted((a, b) => rank(a.file) - rank(b.file) || (a.file < b.file ? -1 : 1));
  return best === undefined ? undefined : { file: best.file, text: decode(best.bytes) };
}

/** The name of a file at the top of an archive. */
function top(path: string): string {
  return /^[^/]+\/([^/]+)$/.exec(path)?.[1] ?? "";
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
