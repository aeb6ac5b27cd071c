import { afterEach, describe, expect, it } from "vitest";
import type { GithubEmulator } from "../../demo/github/index.ts";
import { memoryCache } from "../../src/cache/memory.ts";
import { connectWithToken } from "../../src/github/client.ts";
import { githubForge } from "../../src/github/forge.ts";
import { githubPulls } from "../../src/github/pulls.ts";
import { draft, hub, web } from "./hub.ts";

const repo = { owner: "acme", repo: "web" };
const branch = "steeplejack/npm/runtime";
const hubs: GithubEmulator[] = [];
afterEach(async () => {
  for (const one of hubs.splice(0)) await one.close();
});

/** The App with one open pull request, and a person. */
async function start(options: Parameters<typeof hub>[0] = {}) {
  const { github, app, installation } = await hub(options);
  hubs.push(github);
  const octokit = app.forRepository(installation, web);
  const login = github.botLogin;
  const baseSha = github.branches("acme/web")["main"] ?? "";
  await githubForge(octokit, { ...web, baseBranch: "main", baseSha, login }).propose(draft());
  const person = connectWithToken({
    token: github.token("octocat"),
    baseUrl: github.url,
    cache: memoryCache(),
  });
  const pulls = githubPulls(octokit, { ...web, login });
  const read = async () => {
    const pull = await pulls.read(1);
    if (pull === undefined) throw new Error("no pull request");
    return pull;
  };
  return { github, pulls, person, read, baseSha, head: () => github.branches("acme/web")[branch] ?? "" };
}

describe("reading", () => {
  it("tells a pull request of the App, and no other", async () => {
    const { github, pulls, person, read, baseSha, head } = await start();
    expect(await read()).toMatchObject({
      number: 1,
      state: "open",
      branch,
      base: "main",
      headSha: head(),
      parentSha: baseSha,
      isDraft: false,
      isOurs: true,
      mergeable: true,
      autoMerge: false,
      marker: { key: "npm/runtime", digest: "d1", basis: "b1" },
    });
    await github.push("acme/web", { files: { "b.txt": "b" }, branch: "feature", by: "octocat" });
    await person.pulls.create({ ...repo, title: "Mine", head: "feature", base: "main" });
    expect(await pulls.read(2)).toBeUndefined();
    expect(await pulls.read(3)).toBeUndefined();
    expect(await pulls.open()).toEqual([{ number: 1, branch, base: "main" }]);
  });

  it("tells when a person committed to it", async () => {
    const { github, read } = await start();
    await github.push("acme/web", { files: { "b.txt": "b" }, branch, by: "octocat" });
    expect((await read()).isOurs).toBe(false);
  });

  it("tells the latest word of each check, whether it is a run or a status", async () => {
    const { github, pulls, person, head } = await start();
    await github.check("acme/web", head(), "test", "failure", { title: "1 failed", summary: "a is 1" });
    await github.check("acme/web", head(), "lint", "cancelled");
    const of = { ...repo, sha: head(), context: "ci/build" };
    await person.repos.createCommitStatus({ ...of, state: "pending" });
    await person.repos.createCommitStatus({ ...of, state: "error", description: "no disk" });
    const checks = await pulls.checksOf(head());
    expect(checks.map(({ name, outcome, summary }) => [name, outcome, summary])).toEqual([
      ["ci/build", "failed", "no disk"],
      ["lint", "inconclusive", undefined],
      ["test", "failed", "1 failed\n\na is 1"],
    ]);
    expect(checks.map(({ run }) => run === undefined)).toEqual([true, false, false]);
  });

  it("tells what the base asks for", async () => {
    const { github, pulls } = await start();
    expect(await pulls.requiredChecks("main")).toEqual([]);
    github.requireCheck("acme/web", "main", "test");
    expect(await pulls.requiredChecks("main")).toEqual(["test"]);
  });
});

describe("a check that is to run again", () => {
  it("is asked for", async () => {
    const { github, pulls, read, head } = await start();
    await github.check("acme/web", head(), "test", "failure");
    await pulls.rerun(await read(), await pulls.checksOf(head()));
    expect(github.queuedChecks("acme/web")).toEqual([{ sha: head(), name: "test" }]);
  });

  it("runs for a new commit of the same content, where it cannot be asked for", async () => {
    const { github, pulls, person, read, head, baseSha } = await start();
    await person.repos.createCommitStatus({ ...repo, sha: head(), state: "failure", context: "ci" });
    const [before, files] = [await read(), github.files("acme/web", branch)];
    // The name of a commit is made from its time, too, to the second.
    await expect
      .poll(
        async () => {
          await pulls.rerun(before, await pulls.checksOf(before.headSha));
          return head() !== before.headSha;
        },
        { timeout: 5_000, interval: 200 },
      )
      .toBe(true);
    expect(github.files("acme/web", branch)).toEqual(files);
    expect(await read()).toMatchObject({ isOurs: true, parentSha: baseSha });

    const moved = head();
    await pulls.rerun(before, await pulls.checksOf(before.headSha));
    expect(head()).toBe(moved);
  });
});

describe("merging", () => {
  it("merges the commit that was judged", async () => {
    const { pulls, read } = await start();
    const judged = await read();
    expect(await pulls.merge({ ...judged, headSha: "a".repeat(40) }, undefined)).toEqual({ kind: "moved" });
    expect(await pulls.merge(judged, "squash")).toEqual({ kind: "merged" });
    expect((await read()).state).toBe("merged");
  });

  it("tells why GitHub does not, and has it do so later where that is allowed", async () => {
    const { github, pulls, read } = await start({
      repositories: [{ name: "acme/web", files: { a: "1" }, write: ["octocat"], allowAutoMerge: true }],
    });
    github.requireReview("acme/web", "main");
    expect(await pulls.merge(await read(), undefined)).toMatchObject({ kind: "refused" });
    expect(await pulls.autoMerge(await read(), true, undefined)).toBe(true);
    expect((await read()).autoMerge).toBe(true);
    expect(await pulls.autoMerge(await read(), false, undefined)).toBe(false);
    expect((await read()).autoMerge).toBe(false);
  });

  it("is not done by GitHub where the repository does not allow it", async () => {
    const { pulls, read } = await start();
    expect(await pulls.autoMerge(await read(), true, undefined)).toBe(false);
  });
});

describe("comments", () => {
  it("are made once for each key, and edited", async () => {
    const { github, pulls } = await start();
    const say = (text: string) => pulls.say(1, "bisect", `${text}\n\n<!-- steeplejack:bisect {} -->`);
    await say("one");
    await say("one");
    await say("two");
    await pulls.say(1, "merge", "three\n\n<!-- steeplejack:merge -->");
    expect((await pulls.commentsOn(1)).map(({ body, isOurs }) => [body.split("\n")[0], isOurs])).toEqual([
      ["two", true],
      ["three", true],
    ]);
    expect(
      github.requests.filter(({ method, path }) => method === "PATCH" && path.includes("comments")),
    ).toHaveLength(1);
  });
});
