import type { Octokit } from "@octokit/rest";
import type { Repository } from "../domain/types.ts";

export interface TreeEntry {
  readonly kind: "file" | "link" | "submodule";
  /** Git's, such as `100755` for what can be executed. */
  readonly mode: string;
  readonly sha: string;
  /** In bytes. */
  readonly size: number;
}

/**
 * Everything under a commit or a tree, by its path. One request for most repositories; where GitHub cuts the answer
 * (past 100,000 entries or 7 MB) the folders are asked one by one.
 */
export async function treeAt(
  octokit: Octokit,
  { owner, name, sha }: Repository & { readonly sha: string },
): Promise<ReadonlyMap<string, TreeEntry>> {
  const found = new Map<string, TreeEntry>();
  const ask = async (tree: string, recursive: boolean) => {
    const { data } = await octokit.git.getTree({
      owner,
      repo: name,
      tree_sha: tree,
      ...(recursive ? { recursive: "1" } : {}),
    });
    return data;
  };
  const keep = (prefix: string, entries: Awaited<ReturnType<typeof ask>>["tree"]): void => {
    for (const { path, mode, type, sha: entry, size } of entries) {
      if (type === "tree") continue;
      found.set(prefix + path, { kind: kindOf(mode), mode, sha: entry, size: size ?? 0 });
    }
  };
  const walk = async (tree: string, prefix: string): Promise<void> => {
    const whole = await ask(tree, true);
    if (!whole.truncated) return keep(prefix, whole.tree);
    const level = await ask(tree, false);
    keep(prefix, level.tree);
    for (const { path, type, sha: folder } of level.tree) {
      if (type === "tree") await walk(folder, `${prefix}${path}/`);
    }
  };
  await walk(sha, "");
  return found;
}

function kindOf(mode: string): TreeEntry["kind"] {
  if (mode === "120000") return "link";
  return mode === "160000" ? "submodule" : "file";
}
