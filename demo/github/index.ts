import { generateKeyPairSync } from "node:crypto";
import { moveBranch, watch, type Watch } from "./changes.ts";
import { outbox, type Delivery, type DeliveryAttempt } from "./deliveries.ts";
import { startEmulate, type RepositoryRow } from "./emulate.ts";
import { makeFront, type Fault, type Front, type RequestEntry } from "./front.ts";
import type { FileContent, Leaf, Person } from "./git.ts";
import { requireQueue } from "./queues.ts";
import { tagRelease } from "./routes.ts";
import { makeWorld, object, type Json, type World } from "./world.ts";

export type { FileContent };

export interface GithubOptions {
  readonly repositories: readonly RepositorySeed[];
  /** Where events go; `setWebhook` changes it later. */
  readonly webhookUrl?: string;
  /** Logins. Those that a repository names are there anyway. */
  readonly users?: readonly string[];
  readonly app?: {
    readonly id?: number;
    readonly slug?: string;
    /** What an installation grants; contents, pull requests, issues and statuses to write, if absent. */
    readonly permissions?: Readonly<Record<string, "read" | "write">>;
  };
  /** `false`: nobody has installed the App yet. Otherwise every owner has, for all repositories. */
  readonly installed?: boolean;
  /** A pull request's mergeability is `null` to the first who asks after its head or base moved. */
  readonly mergeableLater?: boolean;
  /** Entries after which a recursive tree is `truncated`; GitHub's 100,000 if absent. */
  readonly treeLimit?: number;
}

export interface RepositorySeed {
  /** `owner/name`. The owner is an organisation unless `users` has it. */
  readonly name: string;
  /** Path to content, made in one commit. Without it the repository is empty. */
  readonly files?: Readonly<Record<string, FileContent>>;
  readonly defaultBranch?: string;
  readonly private?: boolean;
  readonly archived?: boolean;
  readonly fork?: boolean;
  readonly deleteBranchOnMerge?: boolean;
  readonly allowAutoMerge?: boolean;
  /** Who may write, and who may only read. */
  readonly write?: readonly string[];
  readonly read?: readonly string[];
  readonly releases?: readonly ReleaseSeed[];
}

interface ReleaseSeed {
  readonly tag: string;
  readonly title?: string;
  readonly body: string;
  readonly prerelease?: boolean;
  readonly publishedAt?: string;
}

interface Push {
  /** `null` removes a file. */
  readonly files: Readonly<Record<string, FileContent | null>>;
  /** The default branch if absent; made from it where it does not exist yet. */
  readonly branch?: string;
  readonly message?: string;
  /** A login. */
  readonly by: string;
}

/**
 * GitHub, emulated in this process on a loopback port: the REST interface as the App uses it, with real git objects,
 * merges, ETags, limits and signed webhooks. Nothing in it is a mock: what is written can be read.
 */
export interface GithubEmulator {
  readonly url: string;
  readonly appId: number;
  /** The login that the App's pull requests and comments carry, such as `steeplejack[bot]`. */
  readonly botLogin: string;
  readonly privateKey: string;
  readonly webhookSecret: string;
  setWebhook(url: string | undefined): void;

  /** A personal token that acts as this user. */
  token(login: string): string;
  createRepository(seed: RepositorySeed): Promise<void>;
  /** Commits as a user and pushes. Gives the commit's SHA. */
  push(repository: string, push: Push): Promise<string>;
  /** Every text file of a branch. */
  files(repository: string, branch?: string): Readonly<Record<string, string>>;
  /** Names and SHAs. */
  branches(repository: string): Readonly<Record<string, string>>;
  release(repository: string, release: ReleaseSeed): Promise<void>;
  /**
   * Has a check run of another App end, one that was asked for again, else a new one; the check suite completes when none
   * is left.
   */
  check(
    repository: string,
    sha: string,
    name: string,
    conclusion: "success" | "failure" | "cancelled",
    output?: { readonly title: string; readonly summary: string },
  ): Promise<void>;
  /** The check runs that have not ended. */
  queuedChecks(repository: string): readonly { readonly sha: string; readonly name: string }[];
  /** Asks for a check on the branch before it can be merged. */
  requireCheck(repository: string, branch: string, name: string): void;
  /** Asks for that check on branches that are up to date. */
  requireUpToDate(repository: string, branch: string, name: string): void;
  /** Has all that is merged into the branch go through a merge queue. */
  requireMergeQueue(repository: string, branch: string): void;
  /** Asks for an approving review before the branch can be merged into. */
  requireReview(repository: string, branch: string): void;

  /** Installs the App for an account, for all its repositories or for those named. Gives the installation's id. */
  install(account: string, repositories?: readonly string[]): Promise<number>;
  uninstall(account: string): Promise<void>;
  addRepositories(account: string, names: readonly string[]): Promise<void>;
  removeRepositories(account: string, names: readonly string[]): Promise<void>;
  installationOf(account: string): number;

  readonly deliveries: readonly Delivery[];
  /** Resolves when no delivery is under way. */
  settled(): Promise<void>;
  redeliver(id: string): Promise<DeliveryAttempt>;

  readonly requests: readonly RequestEntry[];
  /** The requests that count against an installation's or a user's limit; those of the App's own key have another. */
  counted(): readonly RequestEntry[];
  forgetRequests(): void;
  /** Leaves an account's installation this many requests until `reset`. */
  limit(account: string, remaining: number, reset?: Date): void;
  fault(fault: Fault): void;
  clearFaults(): void;
  /** Every answer takes this many milliseconds longer. */
  latency(milliseconds: number): void;
  /** Every installation token given so far is refused from now on, as after an hour. */
  expireTokens(): void;
  close(): Promise<void>;
}

const permissionsByDefault = {
  metadata: "read",
  contents: "write",
  pull_requests: "write",
  issues: "write",
  statuses: "write",
  checks: "write",
} as const;

export async function startGithub(options: GithubOptions): Promise<GithubEmulator> {
  const appId = options.app?.id ?? 4242;
  const slug = options.app?.slug ?? "steeplejack";
  const webhookSecret = "a webhook secret";
  const privateKey = privateKeyOfApp();
  const users = new Set([
    ...(options.users ?? []),
    ...options.repositories.flatMap((one) => [...(one.write ?? []), ...(one.read ?? [])]),
  ]);
  const organisations = new Set(
    options.repositories.map(({ name }) => ownerOf(name)).filter((login) => !users.has(login)),
  );
  const box = outbox(webhookSecret, appId, options.webhookUrl);
  const permissions = options.app?.permissions ?? permissionsByDefault;

  const started: { world?: World; front?: Front; watched?: Watch } = {};
  const server = await startEmulate(
    {
      tokens: {},
      github: {
        users: [...users].map((login) => ({
          login,
          name: login,
          email: `${login}@users.noreply.github.com`,
        })),
        orgs: [...organisations].map((login) => ({ login, name: login })),
        apps: [
          {
            app_id: appId,
            slug,
            name: slug,
            private_key: privateKey,
            permissions,
            events: ["*"],
            installations: [],
          },
        ],
      },
    },
    (inside) => {
      const world = makeWorld(inside, {
        appId,
        slug,
        outbox: box,
        mergeableLater: options.mergeableLater ?? false,
      });
      const watched = watch(world);
      const front = makeFront(inside, world, watched, { treeLimit: options.treeLimit ?? 100_000 });
      Object.assign(started, { world, front, watched });
    },
  );
  const { world, front, watched } = started;
  if (world === undefined || front === undefined || watched === undefined)
    throw new Error("emulate did not call its plug-in");
  const { store } = world;

  store.users.insert({
    login: `${slug}[bot]`,
    node_id: `BOT_${appId}`,
    type: "Bot",
    site_admin: false,
    name: `${slug}[bot]`,
    email: `${appId}+${slug}[bot]@users.noreply.github.com`,
  });

  const repositoryAt = (name: string): RepositoryRow => {
    const found = world.repository(name);
    if (found === undefined) throw new Error(`no repository ${name}`);
    return found;
  };
  const installationAt = (account: string) => {
    const found = store.appInstallations.all().find((one) => one.account_login === account);
    if (found === undefined) throw new Error(`the App is not installed for ${account}`);
    return found;
  };
  const protect = (name: string, branch: string, rule: Json) => {
    const repo_id = repositoryAt(name).id;
    const there = store.branchProtections
      .findBy("repo_id", repo_id)
      .find((one) => one.branch_name === branch);
    if (there !== undefined) return void store.branchProtections.update(there.id, rule);
    store.branchProtections.insert({
      repo_id,
      branch_name: branch,
      required_status_checks: null,
      required_pull_request_reviews: null,
      strict: false,
      enforce_admins: false,
      restrictions: null,
      required_linear_history: false,
      allow_force_pushes: false,
      allow_deletions: false,
      required_signatures: false,
      ...rule,
    });
    return undefined;
  };
  const queuedIn = (name: string) =>
    store.checkRuns.findBy("repo_id", repositoryAt(name).id).filter(({ status }) => status !== "completed");
  const shownInstallation = async (account: string): Promise<Json> => {
    const row = installationAt(account);
    return {
      id: row.installation_id,
      account: { id: row.account_id, login: account, type: row.account_type },
      repository_selection: row.repository_selection,
      app_id: appId,
      app_slug: slug,
      target_id: row.account_id,
      target_type: row.account_type,
      permissions: row.permissions,
      events: row.events,
      suspended_at: row.suspended_at,
    };
  };
  const covered = (account: string): readonly RepositoryRow[] => {
    const row = installationAt(account);
    const owned = store.repos
      .all()
      .filter((one) => one.owner_id === row.account_id && one.owner_type === row.account_type);
    return row.repository_selection === "all"
      ? owned
      : owned.filter((one) => row.repository_ids.includes(one.id));
  };
  const tell = async (
    account: string,
    event: string,
    action: string,
    more: Json,
    installation?: Json,
  ): Promise<void> => {
    const sender = { id: installationIdOf(account), login: account, type: "User" };
    box.send(event, action, {
      action,
      installation: installation ?? (await shownInstallation(account)),
      ...more,
      sender,
    });
  };
  const installationIdOf = (account: string) => installationAt(account).installation_id;
  const revoke = (matches: (installationId: number) => boolean): void => {
    for (const [token, identity] of world.tokens) {
      const id = identity.installation?.installationId ?? 0;
      if (id !== 0 && matches(id)) world.tokens.delete(token);
    }
  };
  const addInstallation = (account: string, names?: readonly string[]): number => {
    const user = store.users.findBy("login", account)[0];
    const row = user ?? store.orgs.findBy("login", account)[0];
    if (row === undefined) throw new Error(`no account ${account}`);
    const id = 9001 + store.appInstallations.all().length;
    store.appInstallations.insert({
      installation_id: id,
      app_id: appId,
      account_type: user === undefined ? "Organization" : "User",
      account_id: row.id,
      account_login: account,
      repository_selection: names === undefined ? "all" : "selected",
      repository_ids: (names ?? []).map((name) => repositoryAt(`${account}/${name}`).id),
      permissions,
      events: ["*"],
      suspended_at: null,
    });
    return id;
  };

  const seed = (wanted: RepositorySeed): RepositoryRow => {
    const [owner, name] = [ownerOf(wanted.name), wanted.name.slice(wanted.name.indexOf("/") + 1)];
    const user = store.users.findBy("login", owner)[0];
    const account = user ?? store.orgs.findBy("login", owner)[0];
    if (account === undefined) throw new Error(`no account ${owner}`);
    const branch = wanted.defaultBranch ?? "main";
    const row = store.repos.insert({
      node_id: `R_${wanted.name}`,
      name,
      full_name: wanted.name,
      owner_id: account.id,
      owner_type: user === undefined ? "Organization" : "User",
      private: wanted.private ?? false,
      visibility: wanted.private === true ? "private" : "public",
      archived: wanted.archived ?? false,
      fork: wanted.fork ?? false,
      default_branch: branch,
      delete_branch_on_merge: wanted.deleteBranchOnMerge ?? false,
      pushed_at: null,
      open_issues_count: 0,
      description: null,
      forked_from_id: null,
      homepage: null,
      language: null,
      languages: {},
      topics: [],
      forks_count: 0,
      stargazers_count: 0,
      watchers_count: 0,
      size: 0,
      has_issues: true,
      has_projects: false,
      has_wiki: false,
      has_pages: false,
      has_downloads: false,
      has_discussions: false,
      disabled: false,
      allow_rebase_merge: true,
      allow_squash_merge: true,
      allow_merge_commit: true,
      allow_auto_merge: wanted.allowAutoMerge ?? false,
      allow_forking: true,
      is_template: false,
      license: null,
    });
    for (const [logins, permission] of [
      [wanted.write ?? [], "push"],
      [wanted.read ?? [], "pull"],
    ] as const) {
      for (const login of logins) {
        const member = store.users.findBy("login", login)[0];
        if (member === undefined) throw new Error(`no user ${login}`);
        store.collaborators.insert({ repo_id: row.id, user_id: member.id, permission });
      }
    }
    if (wanted.files !== undefined) {
      const git = world.git(row);
      const tree = git.tree(
        new Map(Object.entries(wanted.files).map(([path, content]) => [path, git.leaf(content)])),
      );
      const commit = git.commit({
        tree,
        parents: [],
        message: "Initial commit",
        author: person(owner),
        at: new Date(),
      });
      moveBranch(world, row, branch, commit.sha);
    }
    for (const release of wanted.releases ?? []) addRelease(row, release);
    watched.learn(row);
    return row;
  };
  const addRelease = (row: RepositoryRow, release: ReleaseSeed): void => {
    const at = release.publishedAt ?? new Date().toISOString();
    const made = store.releases.insert({
      repo_id: row.id,
      node_id: `RE_${release.tag}`,
      tag_name: release.tag,
      target_commitish: row.default_branch,
      name: release.title ?? release.tag,
      body: release.body,
      draft: false,
      prerelease: release.prerelease ?? false,
      author_id: store.users.all()[0]?.id ?? 0,
      published_at: at,
    });
    Object.assign(made, { created_at: at }); // the list is sorted by it
    tagRelease(world, row, release.tag, row.default_branch);
  };

  for (const wanted of options.repositories) seed(wanted);
  if (options.installed !== false)
    for (const account of new Set(options.repositories.map(({ name }) => ownerOf(name))))
      addInstallation(account);
  const changedRepositories = (account: string, ids: readonly number[]): void => {
    const row = installationAt(account);
    store.appInstallations.update(row.id, { repository_ids: ids, repository_selection: "selected" });
    for (const [token, identity] of world.tokens) {
      const { installation } = identity;
      if (installation?.installationId !== row.installation_id) continue;
      const repositoryIds =
        installation.repositorySelection === "all"
          ? ids
          : installation.repositoryIds.filter((id) => ids.includes(id));
      world.tokens.set(token, {
        ...identity,
        installation: { ...installation, repositoryIds, repositorySelection: "selected" },
      });
    }
  };

  return {
    url: server.url,
    appId,
    botLogin: `${slug}[bot]`,
    privateKey,
    webhookSecret,
    setWebhook: (url) => {
      box.url = url;
    },
    token: (login) => {
      const user = store.users.findBy("login", login)[0];
      if (user === undefined) throw new Error(`no user ${login}`);
      world.tokens.set(`ghp_${login}`, { login, id: user.id, scopes: ["repo"] });
      return `ghp_${login}`;
    },
    createRepository: async (wanted) => {
      const row = seed(wanted);
      const account = ownerOf(wanted.name);
      const installation = store.appInstallations.all().find((one) => one.account_login === account);
      if (installation?.repository_selection !== "all") return;
      await tell(account, "installation_repositories", "added", {
        repository_selection: "all",
        repositories_added: [brief(row)],
        repositories_removed: [],
      });
    },
    push: (name, { files, branch, message, by }) => {
      const row = repositoryAt(name);
      return front.change(row, by, async () => {
        const git = world.git(row);
        const target = branch ?? row.default_branch;
        const parent = world.branch(row, target) ?? world.branch(row, row.default_branch);
        const leaves = new Map<string, Leaf>(
          parent === undefined ? [] : git.leaves(git.find(parent)?.tree_sha ?? ""),
        );
        for (const [path, content] of Object.entries(files)) {
          if (content === null) leaves.delete(path);
          else leaves.set(path, git.leaf(content));
        }
        const commit = git.commit({
          tree: git.tree(leaves),
          parents: parent === undefined ? [] : [parent],
          message: message ?? `Change ${Object.keys(files).join(", ")}`,
          author: person(by),
          at: new Date(),
        });
        moveBranch(world, row, target, commit.sha);
        return commit.sha;
      });
    },
    files: (name, branch) => {
      const row = repositoryAt(name);
      const git = world.git(row);
      const sha = world.branch(row, branch ?? row.default_branch);
      const leaves = sha === undefined ? new Map<string, Leaf>() : git.leaves(git.find(sha)?.tree_sha ?? "");
      return Object.fromEntries(
        [...leaves]
          .filter(([, leaf]) => leaf.type === "blob")
          .map(([path, leaf]) => [path, git.text(leaf.sha)]),
      );
    },
    branches: (name) =>
      Object.fromEntries(
        store.branches
          .findBy("repo_id", repositoryAt(name).id)
          .toSorted((a, b) => (a.name < b.name ? -1 : 1))
          .map((row) => [row.name, row.sha] as const),
      ),
    release: (name, release) =>
      front.change(repositoryAt(name), "ghost", async () => {
        addRelease(repositoryAt(name), release);
      }),
    check: (name, sha, title, conclusion, output) =>
      front.change(repositoryAt(name), "ghost", async () => {
        const queued = queuedIn(name).find((run) => run.head_sha === sha && run.name === title);
        const body = {
          name: title,
          head_sha: sha,
          status: "completed",
          conclusion,
          ...(output && { output }),
        };
        const made =
          queued === undefined
            ? await world.ask(repositoryAt(name), "POST", "/check-runs", body)
            : await world.ask(repositoryAt(name), "PATCH", `/check-runs/${queued.id}`, body);
        if (!made.ok) throw new Error(`no check on ${sha}: ${JSON.stringify(object(await made.json()))}`);
      }),
    queuedChecks: (name) => queuedIn(name).map(({ head_sha: sha, name: title }) => ({ sha, name: title })),
    requireCheck: (name, branch, title) =>
      protect(name, branch, { required_status_checks: { contexts: [title] } }),
    requireUpToDate: (name, branch, title) =>
      protect(name, branch, { required_status_checks: { contexts: [title] }, strict: true }),
    requireMergeQueue: (name, branch) => requireQueue(world, repositoryAt(name), branch),
    requireReview: (name, branch) =>
      protect(name, branch, { required_pull_request_reviews: { required_approving_review_count: 1 } }),
    install: async (account, names) => {
      const id = addInstallation(account, names);
      await tell(account, "installation", "created", { repositories: covered(account).map(brief) });
      return id;
    },
    uninstall: async (account) => {
      const installation = await shownInstallation(account);
      const row = installationAt(account);
      const repositories = covered(account).map(brief);
      revoke((id) => id === row.installation_id);
      const sender = { login: account, type: "User" };
      store.appInstallations.delete(row.id);
      box.send("installation", "deleted", { action: "deleted", installation, repositories, sender });
    },
    addRepositories: async (account, names) => {
      const rows = names.map((name) => repositoryAt(`${account}/${name}`));
      changedRepositories(account, [...new Set([...covered(account), ...rows].map((row) => row.id))]);
      await tell(account, "installation_repositories", "added", {
        repository_selection: "selected",
        repositories_added: rows.map(brief),
        repositories_removed: [],
      });
    },
    removeRepositories: async (account, names) => {
      const rows = names.map((name) => repositoryAt(`${account}/${name}`));
      const left = covered(account).filter((row) => !rows.includes(row));
      changedRepositories(
        account,
        left.map((row) => row.id),
      );
      await tell(account, "installation_repositories", "removed", {
        repository_selection: "selected",
        repositories_added: [],
        repositories_removed: rows.map(brief),
      });
    },
    installationOf: installationIdOf,
    deliveries: box.deliveries,
    settled: () => box.settled(),
    redeliver: (id) => box.redeliver(id),
    requests: front.requests,
    counted: () => front.requests.filter((one) => one.counted && one.bucket !== "app"),
    forgetRequests: () => {
      front.requests.length = 0;
    },
    limit: (account, remaining, reset) => {
      const bucket = front.limit(`installation ${installationIdOf(account)}`);
      bucket.used = bucket.limit - remaining;
      if (reset !== undefined) bucket.reset = Math.floor(reset.getTime() / 1000);
    },
    fault: (fault) => {
      front.faults.push({ ...fault, left: fault.times ?? 1 });
    },
    clearFaults: () => {
      front.faults.length = 0;
    },
    latency: (milliseconds) => {
      front.latency = milliseconds;
    },
    expireTokens: () => revoke(() => true),
    close: async () => {
      await box.settled();
      await server.close();
    },
  };
}

function ownerOf(fullName: string): string {
  return fullName.slice(0, fullName.indexOf("/"));
}

function brief(row: RepositoryRow): Json {
  return {
    id: row.id,
    node_id: `R_${row.id}`,
    name: row.name,
    full_name: row.full_name,
    private: row.private,
  };
}

function person(login: string): Person {
  return { name: login, email: `${login}@users.noreply.github.com` };
}

let key: string | undefined;

/** One key for the process: making one takes longer than all the rest. */
function privateKeyOfApp(): string {
  key ??= generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  }).privateKey;
  return key;
}
