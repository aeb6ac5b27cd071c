import type { Octokit } from "@octokit/rest";
import { ManifestError } from "../domain/errors.ts";
import type { Cache, FileReader } from "../domain/ports.ts";
import type { Repository } from "../domain/types.ts";
import { textsOf } from "./texts.ts";
import { treeAt, type TreeEntry } from "./tree.ts";

const mebibyte = 1024 * 1024;

/**
 * The files of one commit, over GitHub's Git data interface and without a clone. Each blob is fetched once.
 * `read` throws `ManifestError` for a file over `maxBytes` (10 MiB), for one that is not UTF-8, and for a path that leaves the repository.
 */
export function githubFiles(
  octokit: Octokit,
  {
    owner,
    name,
    sha,
    maxBytes = 10 * mebibyte,
    cache,
  }: Repository & {
    readonly sha: string;
    readonly maxBytes?: number;
    /** For the texts of many files at once, which are fetched in another way than one. */
    readonly cache?: Cache;
  },
): FileReader {
  let listed: Promise<ReadonlyMap<string, TreeEntry>> | undefined;
  const entries = () => {
    listed ??= treeAt(octokit, { owner, name, sha });
    listed.catch(() => (listed = undefined));
    return listed;
  };
  const texts = new Map<string, Promise<string>>();
  return {
    list: async () =>
      [...(await entries())]
        .filter(([path, entry]) => entry.kind !== "submodule" && isInside(path))
        .map(([path, entry]) => ({
          path,
          size: entry.size,
          kind: entry.kind === "link" ? ("link" as const) : ("file" as const),
        }))
        .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    read: async (path) => {
      if (!isInside(path)) throw new ManifestError(path, "leads out of the repository");
      const entry = (await entries()).get(path);
      if (entry === undefined || entry.kind !== "file") return undefined;
      if (entry.size > maxBytes) {
        const mib = (bytes: number) => `${(bytes / mebibyte).toFixed(1)} MiB`;
        throw new ManifestError(path, `${mib(entry.size)} is over the limit of ${mib(maxBytes)}`);
      }
      const text = texts.get(entry.sha) ?? blob(octokit, { owner, name }, path, entry.sha);
      texts.set(entry.sha, text);
      text.catch(() => texts.delete(entry.sha));
      return text;
    },
    ...(cache === undefined ? {} : { prefetch: (paths) => prefetch(paths, cache) }),
  };

  async function prefetch(paths: readonly string[], kept: Cache): Promise<void> {
    const tree = await entries();
    const wanted = paths.flatMap((path) => {
      const entry = tree.get(path);
      const isNew = entry?.kind === "file" && entry.size <= maxBytes && !texts.has(entry.sha);
      return isNew ? [[entry.sha, entry] as const] : [];
    });
    const found = await textsOf(octokit, { owner, name }, [...new Map(wanted).values()], kept);
    for (const [blobSha, text] of found) texts.set(blobSha, Promise.resolve(text));
  }
}

function isInside(path: string): boolean {
  if (path === "" || path.startsWith("/") || path.includes("\\") || path.includes("\0")) return false;
  return !path
    .split("/")
    .some((part) => part === ".." || part === "." || part === "" || part.toLowerCase() === ".git");
}

async function blob(
  octokit: Octokit,
  { owner, name }: Repository,
  path: string,
  sha: string,
): Promise<string> {
  const { data } = await octokit.git.getBlob({ owner, repo: name, file_sha: sha });
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(data.content, "base64"),
    );
  } catch (error) {
    throw new ManifestError(path, "it is not UTF-8 text", { cause: error });
  }
}
