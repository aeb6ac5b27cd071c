import { afterEach, describe, expect, it } from "vitest";
import type { GithubEmulator } from "../../demo/github/index.ts";
import { marker } from "../../src/domain/branch.ts";
import { memoryCache } from "../../src/cache/memory.ts";
import type { Forge } from "../../src/domain/ports.ts";
import { connectWithToken } from "../../src/github/client.ts";
import { githubFiles } from "../../src/github/files.ts";
import { githubForge } from "../../src/github/forge.ts";
import { repositoryState } from "../../src/github/repository.ts";
import { draft, hub, web } from "./hub.ts";

const repo = { owner: "acme", repo: "web" };
const branch = "steeplejack/npm/runtime";
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A new forge is a new job: nothing is remembered but the cache. */
async function start(options: Parameters<typeof hub>[0] = {}) {
  const { github, app, installation } = await hub(options);
  open.push(github);
  const octokit = app.forRepository(installation, web);
  const forge = (): Forge =>
    githubForge(octokit, {
      ...web,
      baseBranch: "main",
      baseSha: github.branches("acme/web")["main"] ?? "",
      login: github.botLogin,
    });
  const person = connectWithToken({
    token: github.token("octocat"),
    baseUrl: github.url,
    cache: memoryCache(),
  });
  const pull = async (pull_number = 1) => (await person.pulls.get({ ...repo, pull_number })).data;
  return { github, octokit, forge, person, pull };
}

/** A manifest of two lines that merge apart. */
const bumped = draft({ changes: [{ path: "package.json", content: '{\n  "a": "2",\n\n\n  "b": "1"\n}\n' }] });

const writes = (github: GithubEmulator) =>
  github.requests
    .filter(({ method, bucket }) => method !== "GET" && bucket.startsWith("installation"))
    .map(({ method, path }) => `${method} ${path.replace("/repos/acme/web", "")}`);

describe("proposing", () => {
  it("opens one pull request with one commit, and its labels", async () => {
    const { github, forge, pull, person } = await start();
    const base = github.branches("acme/web")["main"];
    const proposal = await forge().propose(draft());
    expect(proposal).toEqual({ outcome: "opened", number: 1, url: `${github.url}/acme/web/pull/1` });
    expect(await pull()).toMatchObject({
      title: "Bump a from 1 to 2",
      body: draft().body,
      user: { login: "steeplejack[bot]" },
      head: { ref: branch },
      base: { ref: "main", sha: base },
      commits: 1,
      changed_files: 1,
      mergeable_state: "clean",
      labels: [
        { name: "dependencies", color: "0366d6", description: "Pull requests that update a dependency file" },
        { name: "javascript", color: "168700" },
      ],
    });
    expect(github.files("acme/web", branch)).toEqual({ "package.json": '{ "a": "2" }\n' });
    const { data: commits } = await person.pulls.listCommits({ ...repo, pull_number: 1 });
    expect(commits.map(({ commit, author }) => [commit.message, author?.login])).toEqual([
      ["Bump a from 1 to 2", "steeplejack[bot]"],
    ]);
    expect(await forge().openPullRequests()).toEqual([
      {
        number: 1,
        url: proposal.url,
        branch,
        title: "Bump a from 1 to 2",
        key: "npm/runtime",
        digest: "d1",
        basis: "b1",
        labels: ["dependencies", "javascript"],
      },
    ]);
  });

  it("keeps a file executable and every other file as it was", async () => {
    const { github, forge, octokit } = await start({
      repositories: [
        {
          name: "acme/web",
          files: { "run.sh": { content: "1\n", executable: true }, "docs/x": "x", here: { link: "docs/x" } },
          write: ["octocat"],
        },
      ],
    });
    await forge().propose(
      draft({
        changes: [
          { path: "run.sh", content: "2\n" },
          { path: "docs/new/y", content: "y" },
        ],
      }),
    );
    const { data } = await octokit.git.getTree({
      ...repo,
      tree_sha: github.branches("acme/web")[branch] ?? "",
      recursive: "1",
    });
    expect(
      data.tree.filter(({ type }) => type === "blob").map(({ mode, path }) => `${mode} ${path}`),
    ).toEqual(["100644 docs/new/y", "100644 docs/x", "120000 here", "100755 run.sh"]);
  });

  it("will not write through a link", async () => {
    const { forge } = await start({
      repositories: [
        { name: "acme/web", files: { "package.json": { link: "/etc/passwd" } }, write: ["octocat"] },
      ],
    });
    await expect(forge().propose(draft())).rejects.toThrow("package.json is a link, not a file");
  });

  it("sends a large lockfile too", async () => {
    const { github, forge } = await start();
    const content = `${"x".repeat(99)}\n`.repeat(15_000);
    await forge().propose(draft({ changes: [{ path: "package-lock.json", content }] }));
    expect(github.files("acme/web", branch)["package-lock.json"]).toBe(content);
  });

  it("changes nothing the second time", async () => {
    const { github, forge } = await start();
    await forge().propose(draft());
    github.forgetRequests();
    expect(await forge().propose(draft())).toMatchObject({ outcome: "unchanged", number: 1 });
    expect(writes(github)).toEqual([]);
  });

  it("updates the same pull request when its content is new", async () => {
    const { github, forge, pull } = await start();
    await forge().propose(draft());
    const next = draft({
      digest: "d2",
      title: "Bump a from 1 to 3",
      changes: [{ path: "package.json", content: '{ "a": "3" }\n' }],
    });
    expect(await forge().propose(next)).toMatchObject({ outcome: "updated", number: 1 });
    expect(await pull()).toMatchObject({ title: "Bump a from 1 to 3", body: next.body, commits: 1 });
    expect(github.files("acme/web", branch)).toEqual({ "package.json": '{ "a": "3" }\n' });
    expect(await forge().propose(next)).toMatchObject({ outcome: "unchanged" });
  });

  it("rewrites only the words when only they are new", async () => {
    const { github, forge } = await start();
    await forge().propose(draft());
    github.forgetRequests();
    const next = draft({
      body: `More was found out.\n\n${marker({ key: "npm/runtime", digest: "d1", basis: "b1" })}`,
    });
    expect(await forge().propose(next)).toMatchObject({ outcome: "updated" });
    expect(writes(github)).toEqual(["PATCH /pulls/1"]);
  });

  it("takes out a change that the draft no longer has", async () => {
    const { github, forge } = await start();
    await forge().propose(draft({ changes: [...draft().changes, { path: "extra", content: "x" }] }));
    expect(await forge().propose(draft())).toMatchObject({ outcome: "updated" });
    expect(github.files("acme/web", branch)).not.toHaveProperty("extra");
  });

  it("stays where it is when the base moves and still merges, and moves when it does not", async () => {
    const files = { "package.json": '{\n  "a": "1",\n\n\n  "b": "1"\n}\n' };
    const { github, forge, pull } = await start({ files });
    await forge().propose(bumped);
    const before = github.branches("acme/web")[branch];
    await github.push("acme/web", { files: { "README.md": "hi" }, by: "octocat" });
    expect(await forge().propose(bumped)).toMatchObject({ outcome: "unchanged" });
    expect(github.branches("acme/web")[branch]).toBe(before);
    await github.push("acme/web", {
      files: { "package.json": '{\n  "a": "1.1",\n\n\n  "b": "1"\n}\n' },
      by: "octocat",
    });
    expect(await pull()).toMatchObject({ mergeable: false });
    expect(await forge().propose(bumped)).toMatchObject({ outcome: "updated" });
    expect(await pull()).toMatchObject({ mergeable: true, commits: 1 });
  });

  it("waits while GitHub works out whether it merges", async () => {
    const files = { "package.json": '{\n  "a": "1",\n\n\n  "b": "1"\n}\n' };
    const { github, octokit, forge, pull } = await start({ files, mergeableLater: true });
    await forge().propose(bumped);
    await github.push("acme/web", { files: { "package.json": '{ "a": "1.1" }\n' }, by: "octocat" });
    const paused: number[] = [];
    const patient = githubForge(octokit, {
      ...web,
      baseBranch: "main",
      baseSha: github.branches("acme/web")["main"] ?? "",
      login: github.botLogin,
      sleep: async (milliseconds) => paused.push(milliseconds),
    });
    expect(await patient.propose(bumped)).toMatchObject({ outcome: "updated" });
    expect(paused).toEqual([1000]);
    await pull();
    expect(await pull()).toMatchObject({ mergeable: true });
  });

  it("leaves a branch alone that somebody else committed to", async () => {
    const { github, forge, pull } = await start();
    await forge().propose(draft());
    const sha = await github.push("acme/web", { branch, files: { fix: "by hand" }, by: "octocat" });
    const next = draft({ digest: "d2", title: "Bump a from 1 to 3" });
    expect(await forge().propose(next)).toMatchObject({ outcome: "edited", number: 1 });
    expect(await pull()).toMatchObject({ title: "Bump a from 1 to 2", head: { sha } });
  });

  it("leaves it alone also when our commit is the last one on somebody's work", async () => {
    const { github, forge, octokit } = await start();
    const theirs = await github.push("acme/web", { branch, files: { fix: "by hand" }, by: "octocat" });
    const { data: commit } = await octokit.git.getCommit({ ...repo, commit_sha: theirs });
    const { data: ours } = await octokit.git.createCommit({
      ...repo,
      message: "ours",
      tree: commit.tree.sha,
      parents: [theirs],
    });
    await octokit.git.updateRef({ ...repo, ref: `heads/${branch}`, sha: ours.sha });
    expect(await forge().propose(draft())).toEqual({ outcome: "edited" });
    expect(github.branches("acme/web")[branch]).toBe(ours.sha);
  });

  it("tells what a person closed from what it closed itself and what was merged", async () => {
    const { github, forge, person } = await start();
    const of = { apart: [{ name: "b", version: "2" }], ignore: [{ name: "a", what: "major 2" }] };
    const bodyOf = (digest: string) =>
      marker({ key: "npm/runtime", digest, basis: "b1", roots: [""], ...of });
    await forge().propose(draft({ body: bodyOf("d1") }));
    await person.pulls.update({ ...repo, pull_number: 1, state: "closed" });
    await person.git.deleteRef({ ...repo, ref: `heads/${branch}` });
    await forge().propose(draft({ digest: "d2", body: bodyOf("d2") }));
    const [second] = await forge().openPullRequests();
    if (second === undefined) throw new Error("none is open");
    await forge().close(second, "It is over.");
    await forge().propose(draft({ digest: "d3", body: bodyOf("d3") }));
    await person.pulls.merge({ ...repo, pull_number: 3 });
    await person.issues.create({ ...repo, title: "no pull request", body: bodyOf("d4") });
    await person.issues.update({ ...repo, issue_number: 4, state: "closed" });

    const shown = { key: "npm/runtime", title: "Bump a from 1 to 2", ignore: of.ignore };
    const closed = await forge().closedPullRequests();
    expect(closed.toSorted((a, b) => a.number - b.number)).toEqual([
      {
        ...shown,
        ...of,
        digest: "d1",
        basis: "b1",
        roots: [""],
        isMerged: false,
        number: 1,
        url: `${github.url}/acme/web/pull/1`,
      },
      { ...shown, digest: "", basis: "", isMerged: false, number: 2, url: `${github.url}/acme/web/pull/2` },
      {
        ...shown,
        ...of,
        digest: "d3",
        basis: "b1",
        roots: [""],
        isMerged: true,
        number: 3,
        url: `${github.url}/acme/web/pull/3`,
      },
    ]);
  });

  it.each([
    ["the App's own issues", true],
    ["pull requests, where issues cannot be had", false],
  ])("believes no marker that somebody else wrote, in %s", async (_, mayReadIssues) => {
    const { github, forge, person } = await start();
    if (!mayReadIssues) github.fault({ method: "GET", path: /\/issues$/, status: 410 });
    await forge().propose(draft());
    await person.pulls.update({ ...repo, pull_number: 1, state: "closed" });
    await github.push("acme/web", { files: { "x.js": "1" }, by: "octocat", branch: "feature" });
    const body = marker({ key: "npm/runtime", digest: "forged", basis: "b" });
    await person.pulls.create({ ...repo, title: "x", head: "feature", base: "main", body });
    await person.pulls.update({ ...repo, pull_number: 2, state: "closed" });
    expect((await forge().closedPullRequests()).map(({ number }) => number)).toEqual([1]);
  });

  it("proposes again what was merged and then taken back", async () => {
    const { github, forge, person } = await start();
    await forge().propose(draft());
    await person.pulls.merge({ ...repo, pull_number: 1 });
    await github.push("acme/web", { files: { "package.json": '{ "a": "1" }\n' }, by: "octocat" });
    expect(await forge().propose(draft())).toMatchObject({ outcome: "opened", number: 2 });
    expect(github.files("acme/web", branch)).toEqual({ "package.json": '{ "a": "2" }\n' });
  });

  it("never sends a body that GitHub would refuse", async () => {
    const { github, forge } = await start();
    await expect(forge().propose(draft({ body: "x".repeat(65_537) }))).rejects.toThrow("65537 characters");
    expect(github.requests).toEqual([]);
  });

  it("uses a label that is there under another name, and makes the others once", async () => {
    const { forge, person, pull } = await start();
    await person.issues.createLabel({ ...repo, name: "area: Dependencies" });
    await forge().propose(draft({ labels: ["dependencies", "team-web"] }));
    expect((await pull()).labels.map(({ name, color }) => `${name} ${color}`)).toEqual([
      expect.stringMatching(/^area: Dependencies /),
      "team-web ededed",
    ]);
  });

  it("finds the pull request whose opening was never answered", async () => {
    const { github, forge, pull } = await start();
    github.fault({ status: 502, method: "POST", path: /\/pulls$/, after: true });
    expect(await forge().propose(draft())).toMatchObject({ outcome: "updated", number: 1 });
    expect((await pull()).labels).toHaveLength(2);
  });

  it("says what GitHub says when it refuses", async () => {
    const { forge } = await start();
    const impossible = draft({ title: "" });
    await expect(forge().propose(impossible)).rejects.toMatchObject({ status: 422 });
  });

  it("gives one pull request when two do it at the same time", async () => {
    const { github, forge, person } = await start();
    const outcomes = await Promise.all([forge().propose(draft()), forge().propose(draft())]);
    expect(outcomes.map(({ number }) => number)).toEqual([1, 1]);
    expect(outcomes.map(({ outcome }) => outcome)).toContain("opened");
    expect((await person.pulls.list({ ...repo, state: "all" })).data).toHaveLength(1);
    expect(github.files("acme/web", branch)).toEqual({ "package.json": '{ "a": "2" }\n' });
  });
});

describe("a job that was killed", () => {
  // Every request that writes is in turn the last one that came through.
  it.each([1, 2, 3, 4, 5, 6, 7])(
    "after %i requests that write is completed by the next",
    async (survived) => {
      const { github, forge, pull, octokit } = await start();
      let left = survived;
      octokit.hook.before("request", async ({ method }) => {
        if (method !== "GET" && left-- <= 0) throw new Error("killed");
      });
      await forge()
        .propose(draft())
        .catch((error: Error) => {
          if (error.message !== "killed") throw error;
        });
      expect(writes(github)).toHaveLength(survived);
      left = Number.POSITIVE_INFINITY;
      expect(await forge().propose(draft())).toMatchObject({ number: 1 });
      expect(await pull()).toMatchObject({
        state: "open",
        commits: 1,
        title: "Bump a from 1 to 2",
        labels: [{ name: "dependencies" }, { name: "javascript" }],
      });
      github.forgetRequests();
      expect(await forge().propose(draft())).toMatchObject({ outcome: "unchanged" });
      expect(writes(github)).toEqual([]);
    },
  );

  it.each(["before it was done", "after it was done"])(
    "while it updates is completed by the next, whichever request was its last, %s",
    async (when) => {
      const next = draft({
        digest: "d2",
        title: "Bump a from 1 to 3",
        body: `Bumps a to 3.\n\n${marker({ key: "npm/runtime", digest: "d2", basis: "b1" })}`,
        changes: [{ path: "package.json", content: '{ "a": "3" }\n' }],
        news: "This pull request was updated.",
      });
      let kills = -1;
      for (let nth = 1, wasKilled = true; wasKilled; nth++) {
        const { github, forge, pull, octokit, person } = await start();
        await forge().propose(draft());
        let count = 0;
        octokit.hook.wrap("request", async (request, options) => {
          if (options.method === "GET") return request(options);
          count += 1;
          if (count !== nth) return request(options);
          if (when.startsWith("after")) await request(options);
          throw new Error("killed");
        });
        wasKilled = await forge()
          .propose(next)
          .then(
            () => false,
            (error: Error) => error.message === "killed",
          );
        await forge().propose(next);
        expect(await pull()).toMatchObject({ title: next.title, body: next.body, commits: 1, state: "open" });
        expect(github.files("acme/web", branch)).toEqual({ "package.json": '{ "a": "3" }\n' });
        const { data: said } = await person.issues.listComments({ ...repo, issue_number: 1 });
        expect(said).toHaveLength(1);
        expect(Object.keys(github.branches("acme/web"))).toEqual(["main", branch]);
        kills += 1;
      }
      expect(kills).toBeGreaterThanOrEqual(5);
    },
  );
});

describe("closing", () => {
  it("says why, closes, deletes the branch, and lets the same update come back", async () => {
    const { github, forge, person, pull } = await start();
    const job = forge();
    await job.propose(draft());
    const [opened] = await job.openPullRequests();
    if (opened === undefined) throw new Error("it is not listed");
    await job.close(opened, "a is up to date now.");
    await job.close(opened, "a is up to date now.");
    expect(await pull()).toMatchObject({ state: "closed", merged: false });
    const { data: comments } = await person.issues.listComments({ ...repo, issue_number: 1 });
    expect(comments.map(({ body }) => body)).toEqual(["a is up to date now."]);
    expect(github.branches("acme/web")).not.toHaveProperty([branch]);
    expect(await job.openPullRequests()).toEqual([]);
    expect(await forge().propose(draft())).toMatchObject({ outcome: "opened", number: 2 });
  });

  it("keeps a branch that has somebody's work", async () => {
    const { github, forge } = await start();
    await forge().propose(draft());
    const sha = await github.push("acme/web", { branch, files: { fix: "by hand" }, by: "octocat" });
    const [opened] = await forge().openPullRequests();
    if (opened === undefined) throw new Error("it is not listed");
    await forge().close(opened, "No longer needed.");
    expect(github.branches("acme/web")[branch]).toBe(sha);
  });
});

it("lists our pull requests only, from all the pages", async () => {
  const { github, forge, person } = await start();
  await github.push("acme/web", { branch: "feature", files: { f: "f" }, by: "octocat" });
  await github.push("acme/web", { branch: "steeplejack/npm/by-hand", files: { g: "g" }, by: "octocat" });
  await person.pulls.create({
    ...repo,
    head: "feature",
    base: "main",
    title: "Mine",
    body: marker({ key: "npm/x", digest: "x", basis: "b1" }),
  });
  await person.pulls.create({ ...repo, head: "steeplejack/npm/by-hand", base: "main", title: "No marker" });
  await forge().propose(draft());
  expect((await forge().openPullRequests()).map(({ title }) => title)).toEqual(["Bump a from 1 to 2"]);
});

it("works with a person's token, whose commits it signs with its own name", async () => {
  const { github, person, pull } = await start();
  const forge = () =>
    githubForge(person, {
      ...web,
      baseBranch: "main",
      baseSha: github.branches("acme/web")["main"] ?? "",
      login: "steeplejack",
      author: { name: "steeplejack", email: "steeplejack@users.noreply.github.com" },
    });
  expect(await forge().propose(draft())).toMatchObject({ outcome: "opened" });
  expect(await forge().propose(draft())).toMatchObject({ outcome: "unchanged" });
  expect(await pull()).toMatchObject({ user: { login: "octocat" } });
  await github.push("acme/web", { branch, files: { fix: "by hand" }, by: "octocat" });
  expect(await forge().propose(draft({ digest: "d2", title: "Other" }))).toMatchObject({ outcome: "edited" });
});

it("scans an unchanged repository again with at most one request that counts", async () => {
  const { github, octokit } = await start();
  const drafts = [
    draft(),
    draft({
      key: "npm/major:b",
      branch: "steeplejack/npm/major-b",
      digest: "b",
      changes: [{ path: "b.json", content: "{}\n" }],
    }),
  ];
  const scan = async () => {
    const state = await repositoryState(octokit, web);
    if (state.kind !== "ready") throw new Error(state.kind);
    const files = githubFiles(octokit, { ...web, sha: state.sha });
    for (const { path } of await files.list()) await files.read(path);
    const forge = githubForge(octokit, {
      ...web,
      baseBranch: state.defaultBranch,
      baseSha: state.sha,
      login: github.botLogin,
    });
    await forge.openPullRequests();
    const outcomes = [];
    for (const one of drafts) outcomes.push((await forge.propose(one)).outcome);
    return outcomes;
  };
  expect(await scan()).toEqual(["opened", "opened"]);
  await scan(); // the answers that came after the first look are seen once
  github.forgetRequests();
  github.expireTokens();
  expect(await scan()).toEqual(["unchanged", "unchanged"]);
  expect(github.counted()).toEqual([]);
});
