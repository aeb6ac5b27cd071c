import { createHash, createHmac } from "node:crypto";
import { createServer } from "node:http";
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/rest";
import { afterEach, describe, expect, it } from "vitest";
import { startGithub, type GithubEmulator, type GithubOptions } from "../../demo/github/index.ts";

// What the emulator promises where the App depends on it, asked through the client that the App uses.

const repo = { owner: "acme", repo: "web" };
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function github(
  options: Partial<GithubOptions> & { files?: Record<string, string> } = {},
): Promise<GithubEmulator> {
  const { files = { "package.json": "{}\n" }, ...rest } = options;
  const started = await startGithub({
    repositories: [{ name: "acme/web", files, write: ["octocat"], read: ["hubot"] }],
    ...rest,
  });
  open.push(started);
  return started;
}

function as(emulator: GithubEmulator, token?: string): Octokit {
  return new Octokit({ baseUrl: emulator.url, log: quiet, ...(token === undefined ? {} : { auth: token }) });
}
const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

async function app(emulator: GithubEmulator, scope: object = {}, account = "acme"): Promise<Octokit> {
  const { appId, privateKey, url } = emulator;
  const auth = createAppAuth({ appId, privateKey, request: as(emulator).request.defaults({ baseUrl: url }) });
  const { token } = await auth({
    type: "installation",
    installationId: emulator.installationOf(account),
    ...scope,
  });
  return as(emulator, token);
}

/** A branch with one commit on top of main, through the Git data interface. */
async function branch(octokit: Octokit, name: string, files: Record<string, string>): Promise<string> {
  const { data: main } = await octokit.git.getRef({ ...repo, ref: "heads/main" });
  const { data: tree } = await octokit.git.createTree({
    ...repo,
    base_tree: main.object.sha,
    tree: Object.entries(files).map(([path, content]) => ({ path, content, mode: "100644" as const })),
  });
  const { data: commit } = await octokit.git.createCommit({
    ...repo,
    message: `Make ${name}`,
    tree: tree.sha,
    parents: [main.object.sha],
  });
  await octokit.git.createRef({ ...repo, ref: `refs/heads/${name}`, sha: commit.sha });
  return commit.sha;
}

async function refusal(work: Promise<unknown>): Promise<{ status: number; message: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error && "status" in error)
      return { status: Number(error.status), message: error.message };
    throw error;
  }
  throw new Error("it was not refused");
}

describe("git", () => {
  it("holds seeded files, links and submodules in one commit with the SHAs that git gives", async () => {
    const hub = await startGithub({
      repositories: [
        {
          name: "acme/web",
          files: {
            "a.txt": "hello\n",
            "bin/run": { content: "#!/bin/sh\n", executable: true },
            here: { link: "a.txt" },
            lib: { submodule: "0123456789012345678901234567890123456789" },
          },
        },
      ],
    });
    open.push(hub);
    const octokit = await app(hub);
    const { data } = await octokit.git.getTree({ ...repo, tree_sha: "main", recursive: "1" });
    expect(data.tree.map(({ path, mode, type }) => `${mode} ${type} ${path}`)).toEqual([
      "100644 blob a.txt",
      "040000 tree bin",
      "100755 blob bin/run",
      "120000 blob here",
      "160000 commit lib",
    ]);
    expect(data.tree[0]?.sha).toBe("ce013625030ba8dba906f756967f9e9ca394464a"); // git hash-object
    const { data: commits } = await octokit.repos.listCommits(repo);
    expect(commits.map(({ commit }) => commit.message)).toEqual(["Initial commit"]);
  });

  it("cuts a recursive tree that is too large, and says so", async () => {
    const hub = await github({ files: { "a/1": "1", "a/2": "2", "b/1": "1" }, treeLimit: 2 });
    const { data } = await (await app(hub)).git.getTree({ ...repo, tree_sha: "main", recursive: "1" });
    expect([data.truncated, data.tree.length]).toEqual([true, 2]);
  });

  it("gives no content above 1 MB through the contents interface", async () => {
    const hub = await github({ files: { big: "x".repeat(1_500_000) } });
    const { data } = await (await app(hub)).repos.getContent({ ...repo, path: "big" });
    expect(data).toMatchObject({ encoding: "none", content: "", size: 1_500_000 });
  });

  it("says that a repository without a commit is empty", async () => {
    const hub = await startGithub({ repositories: [{ name: "acme/web" }] });
    open.push(hub);
    const octokit = await app(hub);
    expect(await refusal(octokit.git.getRef({ ...repo, ref: "heads/main" }))).toMatchObject({ status: 409 });
    expect(await refusal(octokit.repos.listCommits(repo))).toMatchObject({ status: 409 });
  });
});

describe("pull requests", () => {
  it("tell their files, commits and counts", async () => {
    const hub = await github();
    const octokit = await app(hub);
    const sha = await branch(octokit, "one", { "package.json": '{ "a": 1 }\n', "b.txt": "b\n" });
    const { data: pull } = await octokit.pulls.create({ ...repo, head: "one", base: "main", title: "One" });
    expect(pull).toMatchObject({
      commits: 1,
      changed_files: 2,
      additions: 2,
      deletions: 1,
      head: { sha },
      mergeable: true,
      mergeable_state: "clean",
      user: { login: "steeplejack[bot]", type: "Bot" },
    });
    const of = { ...repo, pull_number: pull.number };
    expect(
      (await octokit.pulls.listFiles(of)).data.map(({ filename, status }) => `${status} ${filename}`),
    ).toEqual(["added b.txt", "modified package.json"]);
    expect((await octokit.pulls.listCommits(of)).data.map((one) => one.sha)).toEqual([sha]);
  });

  it("follow their head, and close with it", async () => {
    const hub = await github();
    const octokit = await app(hub);
    await branch(octokit, "one", { "b.txt": "b\n" });
    const { data: pull } = await octokit.pulls.create({ ...repo, head: "one", base: "main", title: "One" });
    const sha = await hub.push("acme/web", { branch: "one", files: { "c.txt": "c\n" }, by: "octocat" });
    const of = { ...repo, pull_number: pull.number };
    expect((await octokit.pulls.get(of)).data).toMatchObject({ head: { sha }, commits: 2, changed_files: 2 });
    await octokit.git.deleteRef({ ...repo, ref: "heads/one" });
    expect((await octokit.pulls.get(of)).data).toMatchObject({ state: "closed", merged: false });
    await hub.settled();
    expect(
      hub.deliveries.map(({ event, action }) => (action === undefined ? event : `${event}.${action}`)),
    ).toEqual([
      "create",
      "push",
      "pull_request.opened",
      "push",
      "pull_request.synchronize",
      "push",
      "delete",
      "pull_request.closed",
    ]);
    expect(hub.deliveries[4]?.payload).toMatchObject({
      after: sha,
      number: pull.number,
      pull_request: { head: { sha } },
      sender: { login: "octocat" },
    });
  });

  it.each(["merge", "squash", "rebase"] as const)("join both sides by %s", async (merge_method) => {
    const hub = await github({
      files: { "package.json": '{\n  "a": 1,\n  "x": 0,\n  "y": 0,\n  "b": 1\n}\n' },
    });
    const octokit = await app(hub);
    await branch(octokit, "one", { "package.json": '{\n  "a": 2,\n  "x": 0,\n  "y": 0,\n  "b": 1\n}\n' });
    await branch(octokit, "two", { "package.json": '{\n  "a": 1,\n  "x": 0,\n  "y": 0,\n  "b": 2\n}\n' });
    for (const head of ["one", "two"]) {
      const { data: pull } = await octokit.pulls.create({ ...repo, head, base: "main", title: head });
      const { data } = await octokit.pulls.merge({ ...repo, pull_number: pull.number, merge_method });
      expect(data.merged).toBe(true);
      expect((await octokit.pulls.get({ ...repo, pull_number: pull.number })).data).toMatchObject({
        state: "closed",
        merged: true,
        merge_commit_sha: data.sha,
      });
    }
    expect(hub.files("acme/web")["package.json"]).toBe('{\n  "a": 2,\n  "x": 0,\n  "y": 0,\n  "b": 2\n}\n');
    const { data: log } = await octokit.repos.listCommits(repo);
    expect(log).toHaveLength({ merge: 5, squash: 3, rebase: 3 }[merge_method]);
  });

  it("cannot be merged over a conflict, nor with another head than was seen", async () => {
    const hub = await github();
    const octokit = await app(hub);
    const seen = await branch(octokit, "one", { "package.json": '{ "one": 1 }\n' });
    const { data: pull } = await octokit.pulls.create({ ...repo, head: "one", base: "main", title: "One" });
    const of = { ...repo, pull_number: pull.number };
    await hub.push("acme/web", { branch: "one", files: { "c.txt": "" }, by: "octocat" });
    expect(await refusal(octokit.pulls.merge({ ...of, sha: seen }))).toMatchObject({ status: 409 });
    await hub.push("acme/web", { files: { "package.json": '{ "two": 2 }\n' }, by: "octocat" });
    expect((await octokit.pulls.get(of)).data).toMatchObject({ mergeable: false, mergeable_state: "dirty" });
    expect(await refusal(octokit.pulls.merge(of))).toMatchObject({ status: 405 });
  });

  it("are blocked without a required check and unstable with a red one", async () => {
    const hub = await github();
    const octokit = await app(hub);
    const sha = await branch(octokit, "one", { "b.txt": "b\n" });
    const { data: pull } = await octokit.pulls.create({ ...repo, head: "one", base: "main", title: "One" });
    const state = async () =>
      (await octokit.pulls.get({ ...repo, pull_number: pull.number })).data.mergeable_state;
    hub.requireCheck("acme/web", "main", "test");
    expect(await state()).toBe("blocked");
    await hub.check("acme/web", sha, "test", "success");
    expect(await state()).toBe("clean");
    await octokit.repos.createCommitStatus({ ...repo, sha, state: "failure", context: "lint" });
    expect(await state()).toBe("unstable");
  });

  it("are refused twice for one branch, for an unknown head, and with a body that is too long", async () => {
    const hub = await github();
    const octokit = await app(hub);
    await branch(octokit, "one", { "b.txt": "b\n" });
    const draft = { ...repo, head: "one", base: "main", title: "One" };
    expect(await refusal(octokit.pulls.create({ ...draft, body: "x".repeat(65_537) }))).toMatchObject({
      status: 422,
    });
    await octokit.pulls.create(draft);
    const twice = await refusal(octokit.pulls.create(draft));
    expect(twice.status).toBe(422);
    expect(twice.message).toContain("A pull request already exists for acme:one.");
    expect(await refusal(octokit.pulls.create({ ...draft, head: "nowhere" }))).toMatchObject({ status: 422 });
    expect(hub.branches("acme/web")).not.toHaveProperty("nowhere");
  });

  it("are issues too: read, changed, labelled and listed there", async () => {
    const hub = await github();
    const octokit = await app(hub, { permissions: { contents: "write", pull_requests: "write" } });
    await branch(octokit, "one", { "b.txt": "b\n" });
    const { data: pull } = await octokit.pulls.create({ ...repo, head: "one", base: "main", title: "One" });
    const issue = { ...repo, issue_number: pull.number };
    await octokit.issues.addLabels({ ...issue, labels: ["dependencies"] });
    await octokit.issues.update({ ...issue, title: "Two" });
    const shown = {
      number: pull.number,
      title: "Two",
      labels: [{ name: "dependencies" }],
      pull_request: { url: pull.url },
    };
    expect((await octokit.issues.get(issue)).data).toMatchObject(shown);
    expect((await as(hub, hub.token("hubot")).issues.listForRepo(repo)).data).toMatchObject([shown]);
    expect((await octokit.pulls.get({ ...repo, pull_number: pull.number })).data).toMatchObject({
      title: "Two",
      labels: [{ name: "dependencies" }],
    });
  });

  it("are merged by a PUT without a body", async () => {
    const hub = await github();
    const octokit = await app(hub);
    await branch(octokit, "one", { "b.txt": "b\n" });
    const { data: pull } = await octokit.pulls.create({ ...repo, head: "one", base: "main", title: "One" });
    const response = await fetch(`${hub.url}/repos/acme/web/pulls/${pull.number}/merge`, {
      method: "PUT",
      headers: { authorization: `token ${hub.token("octocat")}` },
    });
    expect(response.status).toBe(200);
  });
});

describe("events", () => {
  it("are signed, carry a UUID each, and can be delivered again", async () => {
    const got: { id: string; good: boolean }[] = [];
    let status = 500;
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const signature = createHmac("sha256", hub.webhookSecret).update(Buffer.concat(parts)).digest("hex");
        got.push({
          id: String(request.headers["x-github-delivery"]),
          good: request.headers["x-hub-signature-256"] === `sha256=${signature}`,
        });
        response.writeHead(status).end("noted");
      });
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const address = server.address();
    const hub = await github();
    open.push({ close: () => new Promise((done) => void server.close(() => done())) });
    hub.setWebhook(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`);
    for (const name of ["a", "b", "c"])
      await hub.push("acme/web", { files: { [name]: name }, by: "octocat" });
    await hub.settled();
    expect(new Set(got.map(({ id }) => id)).size).toBe(3);
    expect(got.every(({ good }) => good)).toBe(true);
    status = 202;
    const [first] = hub.deliveries;
    await hub.redeliver(first?.id ?? "");
    expect(first?.attempts).toEqual([
      { redelivery: false, status: 500, answer: "noted" },
      { redelivery: true, status: 202, answer: "noted" },
    ]);
    expect(got.at(-1)).toEqual({ id: first?.id, good: true });
  });

  it("tell a push with its commits, from whatever moved the branch", async () => {
    const hub = await github({ files: { "a.txt": "a", "b.txt": "b" } });
    const before = hub.branches("acme/web")["main"];
    const after = await hub.push("acme/web", {
      files: { "a.txt": "A", "b.txt": null, "c.txt": "c" },
      message: "Mix",
      by: "octocat",
    });
    const octokit = await app(hub);
    await octokit.git.createRef({ ...repo, ref: "refs/heads/side", sha: after });
    await octokit.git.updateRef({ ...repo, ref: "heads/side", sha: before ?? "", force: true });
    await hub.settled();
    const pushes = hub.deliveries.filter(({ event }) => event === "push").map(({ payload }) => payload);
    expect(pushes).toMatchObject([
      {
        ref: "refs/heads/main",
        before,
        after,
        created: false,
        deleted: false,
        forced: false,
        commits: [{ id: after, message: "Mix", added: ["c.txt"], removed: ["b.txt"], modified: ["a.txt"] }],
        head_commit: { id: after },
        pusher: { name: "octocat" },
        repository: { full_name: "acme/web", default_branch: "main" },
        installation: { id: hub.installationOf("acme") },
      },
      { ref: "refs/heads/side", created: true, commits: [], head_commit: { id: after } },
      {
        ref: "refs/heads/side",
        before: after,
        after: before,
        forced: true,
        sender: { login: "steeplejack[bot]" },
      },
    ]);
  });

  it("tell a comment on a pull request from one on an issue, and what an edit changed", async () => {
    const hub = await github();
    const octokit = await app(hub);
    await branch(octokit, "one", { "b.txt": "b\n" });
    const { data: pull } = await octokit.pulls.create({ ...repo, head: "one", base: "main", title: "One" });
    const { data: issue } = await octokit.issues.create({ ...repo, title: "Dashboard", body: "- [ ] a" });
    const person = as(hub, hub.token("hubot"));
    await person.issues.createComment({ ...repo, issue_number: pull.number, body: "rebase" });
    await person.issues.createComment({ ...repo, issue_number: issue.number, body: "hello" });
    await octokit.issues.update({ ...repo, issue_number: issue.number, body: "- [x] a" });
    await octokit.pulls.update({ ...repo, pull_number: pull.number, title: "Two" });
    await hub.settled();
    const told = hub.deliveries.map(({ payload }) => payload);
    expect(told.slice(-4)).toMatchObject([
      {
        action: "created",
        issue: { number: pull.number, pull_request: { url: pull.url } },
        comment: { body: "rebase", user: { login: "hubot" } },
      },
      { action: "created", issue: { number: issue.number } },
      { action: "edited", issue: { body: "- [x] a" }, changes: { body: { from: "- [ ] a" } } },
      { action: "edited", pull_request: { title: "Two" }, changes: { title: { from: "One" } } },
    ]);
    expect(told.at(-3)).not.toHaveProperty("issue.pull_request");
  });

  it("tell installations and their repositories", async () => {
    const hub = await startGithub({
      repositories: [
        { name: "acme/web", files: { a: "a" } },
        { name: "acme/api", files: { a: "a" } },
      ],
      installed: false,
    });
    open.push(hub);
    await hub.install("acme", ["web"]);
    await hub.addRepositories("acme", ["api"]);
    const octokit = await app(hub);
    const { data } = await octokit.apps.listReposAccessibleToInstallation();
    expect([data.total_count, data.repositories.map((one) => one.full_name)]).toEqual([
      2,
      ["acme/web", "acme/api"],
    ]);
    await hub.removeRepositories("acme", ["web"]);
    expect((await octokit.apps.listReposAccessibleToInstallation()).data.total_count).toBe(1);
    await hub.uninstall("acme");
    expect(await refusal(octokit.apps.listReposAccessibleToInstallation())).toMatchObject({ status: 401 });
    await hub.settled();
    expect(hub.deliveries.map(({ event, payload }) => ({ event, ...payload }))).toMatchObject([
      {
        event: "installation",
        action: "created",
        repositories: [{ full_name: "acme/web" }],
        installation: { account: { login: "acme" } },
      },
      {
        event: "installation_repositories",
        action: "added",
        repositories_added: [{ full_name: "acme/api" }],
      },
      {
        event: "installation_repositories",
        action: "removed",
        repositories_removed: [{ full_name: "acme/web" }],
      },
      { event: "installation", action: "deleted" },
    ]);
  });

  it("tell statuses and when a check suite is complete, with its pull requests", async () => {
    const hub = await github();
    const octokit = await app(hub);
    const sha = await branch(octokit, "one", { "b.txt": "b\n" });
    const { data: pull } = await octokit.pulls.create({ ...repo, head: "one", base: "main", title: "One" });
    await octokit.repos.createCommitStatus({ ...repo, sha, state: "success", context: "lint" });
    await hub.check("acme/web", sha, "test", "failure");
    expect((await octokit.repos.getCombinedStatusForRef({ ...repo, ref: sha })).data).toMatchObject({
      state: "success",
      total_count: 1,
    });
    await hub.settled();
    expect(hub.deliveries.slice(-4).map(({ event, payload }) => ({ event, ...payload }))).toMatchObject([
      { event: "status", sha, state: "success", branches: [{ name: "one" }] },
      { event: "check_run", action: "created" },
      {
        event: "check_run",
        action: "completed",
        check_run: { conclusion: "failure", pull_requests: [{ number: pull.number }] },
      },
      {
        event: "check_suite",
        action: "completed",
        check_suite: {
          conclusion: "failure",
          head_sha: sha,
          pull_requests: [{ number: pull.number }],
          app: { slug: "github-actions" },
        },
      },
    ]);
  });
});

describe("who may do what", () => {
  it("refuses a bad or an expired token with 401", async () => {
    const hub = await github();
    expect(await refusal(as(hub, "ghp_wrong").repos.get(repo))).toMatchObject({ status: 401 });
    const octokit = await app(hub);
    hub.expireTokens();
    expect(await refusal(octokit.repos.get(repo))).toMatchObject({ status: 401 });
  });

  it("hides a private repository outside the token's scope, and names a missing permission", async () => {
    const hub = await startGithub({
      repositories: [
        { name: "acme/web", private: true, files: { a: "a" } },
        { name: "acme/api", private: true, files: { a: "a" } },
      ],
    });
    open.push(hub);
    const octokit = await app(hub, { repositoryNames: ["web"], permissions: { contents: "read" } });
    expect((await octokit.repos.get(repo)).status).toBe(200);
    expect(await refusal(octokit.repos.get({ owner: "acme", repo: "api" }))).toMatchObject({ status: 404 });
    const write = await refusal(octokit.git.createBlob({ ...repo, content: "x" }));
    expect(write.status).toBe(403);
    expect(write.message).toContain("Resource not accessible by integration");
    expect(await refusal(octokit.pulls.list(repo))).toMatchObject({ status: 403 });
    expect(await refusal(as(hub).repos.get(repo))).toMatchObject({ status: 404 });
  });

  it("knows a user's permission", async () => {
    const hub = await github({ users: ["stranger"] });
    const octokit = await app(hub);
    const level = async (username: string) =>
      (await octokit.repos.getCollaboratorPermissionLevel({ ...repo, username })).data.permission;
    expect([await level("octocat"), await level("hubot"), await level("stranger")]).toEqual([
      "write",
      "read",
      "read",
    ]);
    expect(
      await refusal(as(hub, hub.token("hubot")).issues.createLabel({ ...repo, name: "x" })),
    ).toMatchObject({ status: 403 });
  });

  it("counts a reaction of one person once", async () => {
    const hub = await github();
    const person = as(hub, hub.token("octocat"));
    const { data: issue } = await person.issues.create({ ...repo, title: "Hello" });
    const { data: comment } = await person.issues.createComment({
      ...repo,
      issue_number: issue.number,
      body: "hi",
    });
    const octokit = await app(hub);
    const like = { ...repo, comment_id: comment.id, content: "+1" } as const;
    expect((await octokit.reactions.createForIssueComment(like)).status).toBe(201);
    expect((await octokit.reactions.createForIssueComment(like)).status).toBe(200);
    expect(
      (await octokit.reactions.listForIssueComment({ ...repo, comment_id: comment.id })).data,
    ).toMatchObject([{ content: "+1", user: { login: "steeplejack[bot]" } }]);
  });
});

describe("auto-merge", () => {
  const enable = `mutation ($id: ID!, $mergeMethod: PullRequestMergeMethod) {
    enablePullRequestAutoMerge(input: { pullRequestId: $id, mergeMethod: $mergeMethod }) { clientMutationId }
  }`;
  const opened = async (allowAutoMerge: boolean) => {
    const hub = await startGithub({
      repositories: [{ name: "acme/web", files: { a: "1" }, write: ["octocat"], allowAutoMerge }],
    });
    open.push(hub);
    const octokit = await app(hub);
    await branch(octokit, "change", { a: "2" });
    const { data } = await octokit.pulls.create({ ...repo, title: "Change", head: "change", base: "main" });
    return { hub, octokit, id: data.node_id, sha: data.head.sha };
  };

  it("merges what waits for a check and a review, once both are there", async () => {
    const { hub, octokit, id, sha } = await opened(true);
    hub.requireCheck("acme/web", "main", "test");
    hub.requireReview("acme/web", "main");
    await octokit.graphql(enable, { id, mergeMethod: "SQUASH" });
    const state = async () => (await octokit.pulls.get({ ...repo, pull_number: 1 })).data;
    expect((await state()).auto_merge).toMatchObject({ merge_method: "squash" });

    await hub.check("acme/web", sha, "test", "success");
    expect((await state()).merged).toBe(false);
    await as(hub, hub.token("octocat")).pulls.createReview({ ...repo, pull_number: 1, event: "APPROVE" });
    expect((await state()).merged).toBe(true);
  });

  it("is refused where it is not allowed, and where nothing is left to wait for", async () => {
    const forbidden = await opened(false);
    await expect(forbidden.octokit.graphql(enable, { id: forbidden.id })).rejects.toThrow(/not allowed/);
    const clean = await opened(true);
    await expect(clean.octokit.graphql(enable, { id: clean.id })).rejects.toThrow(/clean status/);
    await expect(clean.octokit.graphql(enable, { id: "nobody" })).rejects.toThrow(/Could not resolve/);
  });
});

describe("limits and faults", () => {
  it("answers 304 to a known ETag without counting it", async () => {
    const hub = await github();
    const octokit = await app(hub);
    const first = await octokit.repos.get(repo);
    const again = await refusal(
      octokit.repos.get({ ...repo, headers: { "if-none-match": first.headers.etag ?? "" } }),
    );
    expect(again.status).toBe(304);
    expect(hub.requests.slice(-2).map(({ status, counted, bucket }) => [status, counted, bucket])).toEqual([
      [200, true, `installation ${hub.installationOf("acme")}`],
      [304, false, `installation ${hub.installationOf("acme")}`],
    ]);
    expect(first.headers).toMatchObject({
      "x-ratelimit-limit": "5000",
      "x-ratelimit-remaining": "4999",
      "x-ratelimit-used": "1",
      "x-ratelimit-resource": "core",
    });
    await octokit.issues.create({ ...repo, title: "Hello" });
    expect(
      (await octokit.repos.get({ ...repo, headers: { "if-none-match": first.headers.etag ?? "" } })).status,
    ).toBe(200);
  });

  it("makes an ETag of the token and the body, and a commit's SHA its own", async () => {
    const hub = await github();
    const url = `${hub.url}/repos/acme/web/branches`;
    const headers = { accept: "application/json", authorization: `token ${hub.token("octocat")}` };
    const response = await fetch(url, { headers });
    const hash = createHash("sha256")
      .update(`${headers.accept}:${headers.authorization}:${await response.text()}`)
      .digest("hex");
    expect(response.headers.get("etag")).toBe(`W/"${hash}"`);
    const sha = hub.branches("acme/web")["main"];
    const commit = await fetch(`${hub.url}/repos/acme/web/commits/main`, {
      headers: { accept: "application/vnd.github.sha" },
    });
    expect([await commit.text(), commit.headers.get("etag")]).toEqual([sha, `"${sha}"`]);
  });

  it("refuses with 403 when nothing is left of the limit", async () => {
    const hub = await github();
    const octokit = await app(hub);
    hub.limit("acme", 1);
    await octokit.repos.get(repo);
    const over = await refusal(octokit.repos.get(repo));
    expect(over.status).toBe(403);
    expect(over.message).toContain("API rate limit exceeded");
  });

  it("fails as told, so often as told", async () => {
    const hub = await github();
    const octokit = await app(hub);
    hub.fault({ status: 502, path: /\/repos\/acme\/web$/, times: 2 });
    hub.fault({
      status: 403,
      path: /\/git\//,
      headers: { "retry-after": "7" },
      message: "You have exceeded a secondary rate limit",
    });
    const statuses = [];
    for (let n = 0; n < 3; n++)
      statuses.push((await octokit.repos.get(repo).catch((error: { status: number }) => error)).status);
    expect(statuses).toEqual([502, 502, 200]);
    expect(await refusal(octokit.git.getRef({ ...repo, ref: "heads/main" }))).toMatchObject({ status: 403 });
  });

  it("can do what was asked and lose the answer", async () => {
    const hub = await github();
    const octokit = await app(hub);
    hub.fault({ status: 502, method: "POST", after: true });
    expect(await refusal(octokit.issues.create({ ...repo, title: "Hello" }))).toMatchObject({ status: 502 });
    expect((await octokit.issues.listForRepo(repo)).data).toHaveLength(1);
  });
});

it("lists releases, and makes the tag of a new one", async () => {
  const hub = await startGithub({
    repositories: [
      {
        name: "acme/web",
        files: { a: "a" },
        releases: [{ tag: "v1.0.0", body: "First", publishedAt: "2026-01-01T00:00:00Z" }],
      },
    ],
  });
  open.push(hub);
  const octokit = await app(hub);
  await octokit.repos.createRelease({ ...repo, tag_name: "v1.1.0", body: "Second" });
  expect(
    (await octokit.repos.listReleases(repo)).data.map(({ tag_name, body }) => `${tag_name} ${body}`),
  ).toEqual(["v1.1.0 Second", "v1.0.0 First"]);
  expect((await octokit.repos.getReleaseByTag({ ...repo, tag: "v1.0.0" })).data).toMatchObject({
    body: "First",
    published_at: "2026-01-01T00:00:00Z",
  });
  expect((await octokit.git.listMatchingRefs({ ...repo, ref: "tags/" })).data.map(({ ref }) => ref)).toEqual([
    "refs/tags/v1.0.0",
    "refs/tags/v1.1.0",
  ]);
});
