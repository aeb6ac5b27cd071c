import { describe, expect, it } from "vitest";
import { onCheckSuite, onStatus } from "../../src/app/checks.ts";
import { onInstallationRepositories } from "../../src/app/installation-repositories.ts";
import { onInstallation } from "../../src/app/installation.ts";
import { onComment, onPullRequest, onReview } from "../../src/app/pull-request.ts";
import { onIssue } from "../../src/app/issue.ts";
import { onPush } from "../../src/app/push.ts";
import { onRepository } from "../../src/app/repository.ts";
import type { Job } from "../../src/queue/jobs.ts";
import { boxOf } from "../../src/shepherd/dashboard/boxes.ts";
import { dashboardMark } from "../../src/shepherd/dashboard/mark.ts";
import { push } from "./github.ts";

const isRelevant = (path: string) => /(^|\/)package(-lock)?\.json$/.test(path);
const commit = (...modified: string[]) => ({ added: [], modified, removed: [] });

describe("a push", () => {
  it("asks for a scan when a manifest, lockfile or the configuration changed on the default branch", () => {
    expect(onPush(push(), isRelevant)).toEqual([
      { kind: "scan", repository: { owner: "acme", name: "web" }, installationId: 9001, reason: "push" },
    ]);
  });

  it.each([
    ["one of several commits", { commits: [commit("a.ts"), commit("docs/b.md", "packages/c/package.json")] }],
    ["a new one", { commits: [{ added: ["package-lock.json"] }] }],
    ["one that is gone", { commits: [{ removed: ["package.json"] }] }],
    ["perhaps, where no commits are told", { commits: [] }],
    ["perhaps, where the payload has no commits at all", { commits: undefined }],
    [
      "perhaps, where the list of commits is full",
      { commits: Array.from({ length: 2_048 }, () => commit("a.ts")) },
    ],
    [
      "perhaps, where the list of files is full",
      { commits: [commit(...Array.from({ length: 3_000 }, (_, n) => `${n}.ts`))] },
    ],
    ["perhaps, where history was rewritten", { forced: true, commits: [commit("a.ts")] }],
  ])("looks at every file: %s", (_what, change) => {
    expect(onPush(push(change), isRelevant)).toHaveLength(1);
  });

  it.each([
    ["other files", { commits: [commit("src/index.ts", "README.md")] }],
    ["other files of another branch", { ref: "refs/heads/feature", commits: [commit("README.md")] }],
    ["a tag", { ref: "refs/tags/main" }],
    ["the end of a branch", { deleted: true }],
    [
      "the App's own branch",
      { ref: "refs/heads/steeplejack/npm/runtime", sender: { login: "steeplejack[bot]", type: "Bot" } },
    ],
  ])("needs nothing for %s", (_what, change) => {
    expect(onPush(push(change), isRelevant)).toEqual([]);
  });

  it("asks whether another branch is one to propose to", () => {
    expect(onPush(push({ ref: "refs/heads/next" }), isRelevant)).toMatchObject([
      { kind: "shepherd", reason: "push", subjects: [], pushed: ["next"] },
    ]);
  });
});

describe("an installation", () => {
  it("asks for a scan of every repository that it comes with", async () => {
    expect(names(await onInstallation(installation("created", ["acme/web"]), listed))).toEqual(["acme/web"]);
  });

  it.each(["new_permissions_accepted", "unsuspend"])("lists the repositories after %s", async (action) => {
    expect(names(await onInstallation(installation(action), listed))).toEqual(["acme/web", "acme/api"]);
  });

  it.each(["deleted", "suspend"])("needs nothing after %s", async (action) => {
    expect(await onInstallation(installation(action, ["acme/web"]), listed)).toEqual([]);
  });

  it("takes in repositories that are added, and forgets those that are removed", () => {
    const to = { installation: { id: 9001 } };
    const added = { action: "added", ...to, repositories_added: [{ full_name: "acme/new" }] };
    const removed = { action: "removed", ...to, repositories_removed: [{ full_name: "acme/old" }] };
    expect(names(onInstallationRepositories(added))).toEqual(["acme/new"]);
    expect(onInstallationRepositories(removed)).toEqual([]);
  });
});

describe("a repository", () => {
  it.each([
    repository("renamed"),
    repository("transferred"),
    repository("unarchived"),
    repository("edited", { changes: { default_branch: { from: "master" } } }),
  ])("is scanned again after $action", (event) => {
    expect(names(onRepository(event))).toEqual(["acme/web"]);
  });

  it.each([
    repository("edited", { changes: { description: { from: "" } } }),
    repository("archived", { repository: { full_name: "acme/web", archived: true } }),
    repository("publicized"),
  ])("needs nothing after $action", (event) => {
    expect(onRepository(event)).toEqual([]);
  });
});

function names(jobs: readonly Job[]): readonly string[] {
  return jobs.map((job) => `${job.repository.owner}/${job.repository.name}`);
}

function installation(action: string, repositories?: string[]): object {
  return {
    action,
    installation: { id: 9001 },
    ...(repositories && { repositories: repositories.map((name) => ({ full_name: name })) }),
  };
}

async function listed(id: number): Promise<readonly string[]> {
  return id === 9001 ? ["acme/web", "acme/api"] : [];
}

function repository(action: string, more = {}): object {
  return { action, repository: { full_name: "acme/web" }, installation: { id: 9001 }, ...more };
}

describe("what happens to pull requests of ours", () => {
  const common = {
    repository: { full_name: "acme/web", default_branch: "main" },
    installation: { id: 9001 },
    sender: { login: "octocat", type: "User" },
  };
  const suite = (branch: string | null, conclusion = "failure", action = "completed") =>
    onCheckSuite({ ...common, action, check_suite: { head_branch: branch, conclusion } });
  const pull = (action: string, ref: string, sender = common.sender) =>
    onPullRequest({ ...common, action, sender, pull_request: { number: 7, head: { ref } } });
  const comment = (body: string, more: object = {}, slug: string | undefined = "steeplejack") =>
    onComment(
      {
        ...common,
        action: "created",
        issue: { number: 7, pull_request: {} },
        comment: { body },
        ...more,
      },
      async () => slug,
    );
  const brief = (jobs: readonly Job[]) =>
    jobs.map(({ kind, reason, subjects }) => `${kind} ${reason} ${subjects?.join() ?? "all"}`);

  it("has them tended when their checks have ended, or those of a trial of theirs", () => {
    expect(suite("steeplejack/npm/runtime")).toEqual([
      {
        kind: "shepherd",
        repository: { owner: "acme", name: "web" },
        installationId: 9001,
        reason: "checks",
        subjects: ["steeplejack/npm/runtime"],
      },
    ]);
    expect(brief(suite("steeplejack/bisect/12/3"))).toEqual(["shepherd checks #12"]);
    expect(brief(suite("feature"))).toEqual([]);
    expect(brief(suite(null))).toEqual([]);
    expect(brief(suite("steeplejack/npm/runtime", "", "requested"))).toEqual([]);
  });

  it("has those tended that wait for the default branch, when that is green", () => {
    expect(brief(suite("main", "success"))).toEqual(["shepherd checks main"]);
    expect(brief(suite("main", "failure"))).toEqual([]);
  });

  it("hears commit statuses once they say something", () => {
    const branches = [{ name: "steeplejack/npm/runtime" }, { name: "feature" }];
    expect(brief(onStatus({ ...common, state: "failure", branches }))).toEqual([
      "shepherd checks steeplejack/npm/runtime",
    ]);
    expect(brief(onStatus({ ...common, state: "pending", branches }))).toEqual([]);
  });

  it("has them tended when a person does something to them, and not when it was the App", () => {
    expect(brief(pull("closed", "steeplejack/npm/runtime"))).toEqual(["shepherd pull-request #7"]);
    expect(brief(pull("opened", "steeplejack/npm/runtime"))).toEqual([]);
    expect(brief(pull("closed", "feature"))).toEqual([]);
    const bot = { login: "steeplejack[bot]", type: "Bot" };
    expect(brief(pull("synchronize", "steeplejack/npm/runtime", bot))).toEqual([]);
    expect(brief(pull("closed", "steeplejack/npm/runtime", bot))).toEqual(["shepherd pull-request #7"]);
    expect(brief(pull("closed", "steeplejack/bisect/7/2", bot))).toEqual([]);
    expect(brief(pull("closed", "steeplejack/bisect/7/2"))).toEqual(["shepherd pull-request #7"]);
    const reviewed = { number: 7, head: { ref: "steeplejack/npm/runtime" } };
    expect(brief(onReview({ ...common, action: "submitted", pull_request: reviewed }))).toEqual([
      "shepherd review #7",
    ]);
  });

  it("hears comments that begin a line with its name", async () => {
    expect(brief(await comment("Thanks!\n@steeplejack rebase"))).toEqual(["shepherd comment #7"]);
    expect(brief(await comment("ask @steeplejack to rebase"))).toEqual([]);
    expect(brief(await comment("@steeplejack rebase", { sender: { login: "x[bot]", type: "Bot" } }))).toEqual(
      [],
    );
    expect(brief(await comment("@steeplejack rebase", { action: "deleted" }))).toEqual([]);
    expect(brief(await comment("@steeplejack rebase", { issue: { number: 7 } }))).toEqual([]);
  });

  it("hears its name on GitHub as well, and whatever is said to somebody while that is not known", async () => {
    expect(brief(await comment("@Dep-Bot rebase", {}, "dep-bot"))).toEqual(["shepherd comment #7"]);
    expect(brief(await comment("@dep-bot[bot] rebase", {}, "dep-bot"))).toEqual(["shepherd comment #7"]);
    expect(brief(await comment("@steeplejack rebase", {}, "dep-bot"))).toEqual(["shepherd comment #7"]);
    expect(brief(await comment("@dep-bots rebase", {}, "dep-bot"))).toEqual([]);
    const unknown = await onComment(
      { ...common, action: "created", issue: { number: 7, pull_request: {} }, comment: { body: "@a b" } },
      async () => undefined,
    );
    expect(brief(unknown)).toEqual(["shepherd comment #7"]);
  });

  it("hears that a person ticked a box of the dashboard", () => {
    const box = boxOf({ kind: "open", key: "npm/runtime" });
    const issue = (body: string, more: object = {}) =>
      brief(onIssue({ ...common, action: "edited", issue: { body: `${body}\n${dashboardMark}` }, ...more }));
    expect(issue(box.replace("[ ]", "[x]"))).toEqual([
      expect.stringMatching(/^shepherd comment dashboard \w+$/),
    ]);
    expect(issue(box)).toEqual([]);
    expect(issue(box.replace("[ ]", "[x]"), { issue: { body: box.replace("[ ]", "[x]") } })).toEqual([]);
    expect(issue(box.replace("[ ]", "[x]"), { action: "opened" })).toEqual([]);
    const bot = { login: "steeplejack[bot]", type: "Bot" };
    expect(issue(box.replace("[ ]", "[x]"), { sender: bot })).toEqual([]);
  });
});
