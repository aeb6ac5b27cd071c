import { createHash } from "node:crypto";
import { diff3Merge } from "node-diff3";
import type { CommitRow, GithubStore, TreeEntry } from "./emulate.ts";

/** A file of a tree: text, bytes, or one of the things that are not plain files. `null` removes it. */
export type FileContent =
  | string
  | Buffer
  | { readonly content: string; readonly executable: true }
  | { readonly link: string }
  | { readonly submodule: string };

export type Leaf = Omit<TreeEntry, "path">;
type Leaves = ReadonlyMap<string, Leaf>;

export interface Person {
  readonly name: string;
  readonly email: string;
}

/** Git's object database of one repository, in emulate's store and with real SHAs. */
export interface Git {
  blob(content: Buffer): Leaf;
  leaf(content: FileContent): Leaf;
  /** Every file, link and submodule under a tree, by its path. */
  leaves(tree: string): Leaves;
  tree(leaves: Leaves): string;
  commit(of: {
    tree: string;
    parents: readonly string[];
    message: string;
    author: Person;
    at: Date;
  }): CommitRow;
  find(sha: string): CommitRow | undefined;
  text(sha: string): string;
  /** Commits that `to` has and `from` has not, oldest first. */
  between(from: string | undefined, to: string): readonly CommitRow[];
  mergeBase(a: string, b: string): string | undefined;
  /** The tree of both sides' changes since `base`, or the paths in conflict. */
  merge(
    base: string | undefined,
    ours: string,
    theirs: string,
  ): { tree: string } | { conflicts: readonly string[] };
  changes(
    from: string | undefined,
    to: string,
  ): {
    added: readonly string[];
    removed: readonly string[];
    modified: readonly string[];
  };
}

export function gitOf(store: GithubStore, repository: number): Git {
  const mine = <T extends { readonly repo_id: number }>(rows: readonly T[]): T | undefined =>
    rows.find((row) => row.repo_id === repository);
  const find = (sha: string) => mine(store.commits.findBy("sha", sha));

  const blob = (content: Buffer): Leaf => {
    const sha = hash("blob", content);
    const size = content.byteLength;
    if (mine(store.blobs.findBy("sha", sha)) === undefined) {
      const text = content.toString("utf8");
      const plain = !text.includes("\0") && Buffer.from(text).equals(content);
      store.blobs.insert({
        repo_id: repository,
        sha,
        size,
        node_id: `B_${sha}`,
        content: plain ? text : content.toString("base64"),
        encoding: plain ? "utf-8" : "base64",
      });
    }
    return { mode: "100644", type: "blob", sha, size };
  };

  const leaf = (content: FileContent): Leaf => {
    if (typeof content === "string" || Buffer.isBuffer(content)) return blob(Buffer.from(content));
    if ("submodule" in content) return { mode: "160000", type: "commit", sha: content.submodule };
    if ("link" in content) return { ...blob(Buffer.from(content.link)), mode: "120000" };
    return { ...blob(Buffer.from(content.content)), mode: "100755" };
  };

  const leaves = (tree: string): Leaves => {
    const found = new Map<string, Leaf>();
    const walk = (sha: string, prefix: string): void => {
      for (const entry of mine(store.trees.findBy("sha", sha))?.tree ?? []) {
        if (entry.type === "tree") walk(entry.sha, `${prefix}${entry.path}/`);
        else
          found.set(prefix + entry.path, {
            mode: entry.mode,
            type: entry.type,
            sha: entry.sha,
            ...(entry.size === undefined ? {} : { size: entry.size }),
          });
      }
    };
    walk(tree, "");
    return found;
  };

  const tree = (all: Leaves): string => {
    const folders = new Map<string, Map<string, Leaf>>();
    const entries: TreeEntry[] = [];
    for (const [path, value] of all) {
      const slash = path.indexOf("/");
      if (slash === -1) {
        entries.push({ path, ...value });
        continue;
      }
      const folder = folders.get(path.slice(0, slash)) ?? new Map<string, Leaf>();
      folders.set(path.slice(0, slash), folder.set(path.slice(slash + 1), value));
    }
    for (const [path, inside] of folders) {
      entries.push({ path, mode: "040000", type: "tree", sha: tree(inside) });
    }
    const sha = hash("tree", treeBytes(entries));
    if (mine(store.trees.findBy("sha", sha)) === undefined) {
      const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
      store.trees.insert({ repo_id: repository, sha, node_id: `T_${sha}`, tree: sorted, truncated: false });
    }
    return sha;
  };

  const ancestors = (sha: string | undefined): Map<string, CommitRow> => {
    const seen = new Map<string, CommitRow>();
    const waiting = sha === undefined ? [] : [sha];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const row = seen.has(next) ? undefined : find(next);
      if (row === undefined) continue;
      seen.set(next, row);
      waiting.push(...row.parent_shas);
    }
    return seen;
  };

  return {
    blob,
    leaf,
    leaves,
    tree,
    find,
    commit: ({ tree: treeSha, parents, message, author, at }) => {
      const who = `${author.name} <${author.email}> ${Math.floor(at.getTime() / 1000)} +0000`;
      const text = [
        `tree ${treeSha}`,
        ...parents.map((parent) => `parent ${parent}`),
        `author ${who}`,
        `committer ${who}`,
        "",
        message.endsWith("\n") ? message : `${message}\n`,
      ].join("\n");
      const sha = hash("commit", Buffer.from(text));
      const date = at.toISOString();
      return (
        find(sha) ??
        store.commits.insert({
          repo_id: repository,
          sha,
          node_id: `C_${sha}`,
          message,
          author_name: author.name,
          author_email: author.email,
          author_date: date,
          committer_name: author.name,
          committer_email: author.email,
          committer_date: date,
          tree_sha: treeSha,
          parent_shas: parents,
          user_id: null,
        })
      );
    },
    text: (sha) => {
      const row = mine(store.blobs.findBy("sha", sha));
      if (row === undefined) return "";
      return row.encoding === "base64" ? Buffer.from(row.content, "base64").toString("utf8") : row.content;
    },
    between: (from, to) => {
      const known = ancestors(from);
      const fresh = [...ancestors(to).values()].filter((row) => !known.has(row.sha));
      return fresh.toSorted((a, b) => a.id - b.id);
    },
    mergeBase: (a, b) => {
      const shared = ancestors(a);
      const common = [...ancestors(b).values()].filter((row) => shared.has(row.sha));
      const covered = new Set(common.flatMap((row) => row.parent_shas));
      return common.filter((row) => !covered.has(row.sha)).toSorted((x, y) => y.id - x.id)[0]?.sha;
    },
    merge: (base, ours, theirs) => {
      const [before, left, right] = [base, ours, theirs].map((sha) =>
        sha === undefined ? new Map<string, Leaf>() : leaves(sha),
      );
      const merged = new Map<string, Leaf>();
      const conflicts: string[] = [];
      for (const path of new Set([
        ...(before?.keys() ?? []),
        ...(left?.keys() ?? []),
        ...(right?.keys() ?? []),
      ])) {
        const [was, a, b] = [before?.get(path), left?.get(path), right?.get(path)];
        const kept = same(a, b) || same(was, b) ? a : same(was, a) ? b : "both";
        if (kept !== "both") {
          if (kept !== undefined) merged.set(path, kept);
          continue;
        }
        const text = a?.type === "blob" && b?.type === "blob" ? mergeText(was, a, b) : undefined;
        if (text === undefined || a === undefined) conflicts.push(path);
        else merged.set(path, { ...blob(Buffer.from(text)), mode: a.mode });
      }
      const files = [...merged.keys()];
      conflicts.push(...files.filter((path) => files.some((other) => other.startsWith(`${path}/`))));
      return conflicts.length > 0 ? { conflicts: conflicts.toSorted() } : { tree: tree(merged) };
    },
    changes: (from, to) => {
      const before = from === undefined ? new Map<string, Leaf>() : leaves(from);
      const after = leaves(to);
      return {
        added: [...after.keys()].filter((path) => !before.has(path)).toSorted(),
        removed: [...before.keys()].filter((path) => !after.has(path)).toSorted(),
        modified: [...after]
          .filter(([path, value]) => before.has(path) && !same(before.get(path), value))
          .map(([path]) => path)
          .toSorted(),
      };
    },
  };

  function mergeText(was: Leaf | undefined, a: Leaf, b: Leaf): string | undefined {
    if (a.mode === "120000" || b.mode === "120000") return undefined;
    const lines = (value: Leaf | undefined) =>
      value === undefined ? [] : (mine(store.blobs.findBy("sha", value.sha))?.content ?? "").split("\n");
    const regions = diff3Merge(lines(a), lines(was), lines(b), { excludeFalseConflicts: true });
    const out: string[] = [];
    for (const region of regions) {
      if (region.ok === undefined) return undefined;
      out.push(...region.ok);
    }
    return out.join("\n");
  }
}

function same(a: Leaf | undefined, b: Leaf | undefined): boolean {
  return a?.sha === b?.sha && a?.mode === b?.mode;
}

function hash(type: string, content: Buffer): string {
  return createHash("sha1").update(`${type} ${content.byteLength}\0`).update(content).digest("hex");
}

/** https://git-scm.com/book/en/v2/Git-Internals-Git-Objects: folders sort as if their name ended in a slash. */
function treeBytes(entries: readonly TreeEntry[]): Buffer {
  return Buffer.concat(
    entries
      .toSorted((a, b) => Buffer.compare(sortKey(a), sortKey(b)))
      .flatMap((entry) => [
        Buffer.from(`${entry.mode.replace(/^0+/, "")} ${entry.path}\0`),
        Buffer.from(entry.sha, "hex"),
      ]),
  );
}

function sortKey(entry: TreeEntry): Buffer {
  return Buffer.from(entry.type === "tree" ? `${entry.path}/` : entry.path);
}
