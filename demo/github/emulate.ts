import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createEmulator } from "emulate";

/**
 * The inside of `emulate@0.12.2` that the emulator reaches into. The package has no interface for what is missing
 * from its GitHub, so its plug-in is patched while it starts; `load` fails clearly when a new version looks different.
 */
export interface Inside {
  readonly app: App;
  readonly store: GithubStore;
  readonly tokens: Map<string, Identity>;
  readonly webhooks: { dispatch: Dispatch };
  readonly baseUrl: string;
}

type Dispatch = (
  event: string,
  action: string | undefined,
  payload: Record<string, unknown>,
  owner: string,
  repository?: string,
) => Promise<void>;

interface App {
  fetch(request: Request): Promise<Response>;
  readonly middleware: unknown[];
}

/** Who a token stands for. */
export interface Identity {
  readonly login: string;
  readonly id: number;
  readonly scopes: readonly string[];
  readonly installation?: {
    readonly installationId: number;
    readonly appId: number;
    readonly accountId: number;
    readonly accountType: AccountType;
    readonly permissions: Readonly<Record<string, string>>;
    readonly repositoryIds: readonly number[];
    readonly repositorySelection: "all" | "selected";
  };
}

type AccountType = "User" | "Organization";

interface Rows<T> {
  insert(row: Omit<T, "id" | "created_at" | "updated_at"> & Record<string, unknown>): T;
  get(id: number): T | undefined;
  findBy(field: keyof T & string, value: unknown): T[];
  update(id: number, row: Partial<T>): T | undefined;
  delete(id: number): boolean;
  all(): T[];
}

interface Row {
  readonly id: number;
  readonly created_at: string;
  readonly updated_at: string;
}
export interface AccountRow extends Row {
  readonly login: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly type?: string;
}
export interface RepositoryRow extends Row {
  readonly name: string;
  readonly full_name: string;
  readonly owner_id: number;
  readonly owner_type: AccountType;
  readonly private: boolean;
  readonly archived: boolean;
  readonly fork: boolean;
  readonly default_branch: string;
  readonly delete_branch_on_merge: boolean;
  readonly allow_auto_merge: boolean;
  readonly pushed_at: string | null;
  readonly open_issues_count: number;
}
export interface PullRow extends Row {
  readonly node_id: string;
  readonly auto_merge?: { readonly merge_method: string } | null;
  readonly number: number;
  readonly repo_id: number;
  readonly title: string;
  readonly body: string | null;
  readonly state: "open" | "closed";
  readonly merged: boolean;
  readonly merged_at: string | null;
  readonly merged_by_id: number | null;
  readonly merge_commit_sha: string | null;
  readonly closed_at: string | null;
  readonly user_id: number;
  readonly draft: boolean;
  readonly head_ref: string;
  readonly head_sha: string;
  readonly head_repo_id: number;
  readonly base_ref: string;
  readonly base_sha: string;
  readonly base_repo_id: number;
  readonly mergeable: boolean | null;
  readonly mergeable_state: string;
  readonly commits: number;
  readonly additions: number;
  readonly deletions: number;
  readonly changed_files: number;
  readonly comments: number;
}
interface IssueRow extends Row {
  readonly number: number;
  readonly repo_id: number;
  readonly title: string;
  readonly body: string | null;
  readonly state: string;
  readonly is_pull_request: boolean;
  readonly milestone_id: number | null;
  readonly assignee_ids: readonly number[];
  readonly closed_at: string | null;
  readonly closed_by_id: number | null;
  readonly comments: number;
}
interface CommentRow extends Row {
  readonly repo_id: number;
  readonly issue_number: number | null;
  readonly body: string;
}
export interface TreeEntry {
  readonly path: string;
  readonly mode: string;
  readonly type: "blob" | "tree" | "commit";
  readonly sha: string;
  readonly size?: number;
}
export interface CommitRow extends Row {
  readonly repo_id: number;
  readonly sha: string;
  readonly tree_sha: string;
  readonly parent_shas: readonly string[];
  readonly message: string;
  readonly author_name: string;
  readonly author_email: string;
  readonly author_date: string;
  readonly committer_name: string;
  readonly committer_email: string;
  readonly committer_date: string;
}
interface InstallationRow extends Row {
  readonly installation_id: number;
  readonly app_id: number;
  readonly account_type: AccountType;
  readonly account_id: number;
  readonly account_login: string;
  readonly repository_selection: "all" | "selected";
  readonly repository_ids: readonly number[];
  readonly permissions: Readonly<Record<string, string>>;
  readonly events: readonly string[];
  readonly suspended_at: string | null;
}
interface CheckSuiteRow extends Row {
  readonly repo_id: number;
  readonly head_sha: string;
  readonly status: string;
  readonly conclusion: string | null;
}
interface CheckRunRow extends Row {
  readonly repo_id: number;
  readonly head_sha: string;
  readonly name: string;
  readonly status: string;
  readonly conclusion: string | null;
}

export interface GithubStore {
  readonly users: Rows<AccountRow>;
  readonly orgs: Rows<AccountRow>;
  readonly repos: Rows<RepositoryRow>;
  readonly collaborators: Rows<
    Row & { readonly repo_id: number; readonly user_id: number; readonly permission: string }
  >;
  readonly issues: Rows<IssueRow>;
  readonly pullRequests: Rows<PullRow>;
  readonly comments: Rows<CommentRow>;
  readonly branches: Rows<Row & { readonly repo_id: number; readonly name: string; readonly sha: string }>;
  readonly branchProtections: Rows<
    Row & {
      readonly repo_id: number;
      readonly branch_name: string;
      readonly required_status_checks: { readonly contexts: readonly string[] } | null;
      readonly required_pull_request_reviews: object | null;
      /** Whether the checks must have passed on top of the base's head. */
      readonly strict: boolean;
    }
  >;
  readonly reviews: Rows<
    Row & { readonly repo_id: number; readonly pull_number: number; readonly state: string }
  >;
  readonly refs: Rows<Row & { readonly repo_id: number; readonly ref: string; readonly sha: string }>;
  readonly commits: Rows<CommitRow>;
  readonly trees: Rows<
    Row & { readonly repo_id: number; readonly sha: string; readonly tree: readonly TreeEntry[] }
  >;
  readonly blobs: Rows<
    Row & {
      readonly repo_id: number;
      readonly sha: string;
      readonly content: string;
      readonly encoding: string;
      readonly size: number;
    }
  >;
  readonly releases: Rows<
    Row & {
      readonly repo_id: number;
      readonly tag_name: string;
      readonly draft: boolean;
      readonly target_commitish: string;
    }
  >;
  readonly checkSuites: Rows<CheckSuiteRow>;
  readonly checkRuns: Rows<CheckRunRow>;
  readonly appInstallations: Rows<InstallationRow>;
}

type Register = (
  app: App,
  store: unknown,
  webhooks: Inside["webhooks"],
  baseUrl: string,
  tokens: Map<string, Identity>,
) => void;
interface Module {
  readonly githubPlugin: { register: Register };
  readonly getGitHubStore: (store: unknown) => GithubStore;
}

let turn: Promise<unknown> = Promise.resolve();

/** Starts emulate's GitHub with `extend` called on its inside before the first request. One at a time: the plug-in is a singleton. */
export async function startEmulate(
  seed: Record<string, unknown>,
  extend: (inside: Inside) => void,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const start = turn.then(async () => {
    const { githubPlugin, getGitHubStore } = await load();
    const original = githubPlugin.register;
    githubPlugin.register = (app, store, webhooks, baseUrl, tokens) => {
      original(app, store, webhooks, baseUrl, tokens);
      app.middleware.splice(3, 1); // its own limiter: one bucket for each token, and none of the headers' truth
      extend({ app, store: getGitHubStore(store), webhooks, baseUrl, tokens });
    };
    try {
      return await createEmulator({ service: "github", port: 0, hostname: "127.0.0.1", seed });
    } finally {
      githubPlugin.register = original;
    }
  });
  turn = start.catch(() => undefined);
  return start;
}

async function load(): Promise<Module> {
  const entry = fileURLToPath(import.meta.resolve("emulate"));
  const chunk = /await import\("(\.\/dist-[A-Z0-9]+\.js)"\);\s*return \{\s*plugin: mod\.githubPlugin/.exec(
    readFileSync(entry, "utf8"),
  )?.[1];
  const found: unknown =
    chunk === undefined ? undefined : await import(pathToFileURL(join(dirname(entry), chunk)).href);
  if (!isModule(found))
    throw new Error("emulate is not the version that demo/github was written for (0.12.2)");
  return found;
}

function isModule(found: unknown): found is Module {
  if (typeof found !== "object" || found === null) return false;
  if (!("githubPlugin" in found) || !("getGitHubStore" in found)) return false;
  const plugin = found.githubPlugin;
  return (
    typeof found.getGitHubStore === "function" &&
    typeof plugin === "object" &&
    plugin !== null &&
    "register" in plugin &&
    typeof plugin.register === "function"
  );
}
