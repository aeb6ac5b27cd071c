import { Octokit } from "@octokit/rest";
import { describe, expect, it } from "vitest";
import { locked } from "./files.ts";
import { type Cast, start, type Where } from "./stage.ts";

const packages = {
  router: { "1.0.0": {}, "1.1.0": {}, "1.2.0": {} },
  logger: { "2.3.0": {}, "2.3.9": {} },
  linter: { "3.0.0": {}, "4.0.0": {}, "4.1.0": {} },
};
const both = locked(
  { dependencies: { router: "^1.0.0", logger: "^2.3.0" } },
  { router: "1.0.0", logger: "2.3.0" },
);
const alone = locked({ devDependencies: { linter: "^3.0.0" } }, { linter: "3.0.0" });
const runtime = "steeplejack/npm/runtime";
const of = { owner: "acme", repo: "web" };

/** What people can have done by a comment, by closing and by reopening. */
export function commanding(where: () => Where): void {
  const open = async (cast: Partial<Cast> = {}) => {
    const stage = await start({ repositories: { "acme/web": both }, packages, ...cast }, where());
    const { octocat, github } = stage;
    await stage.install();
    const comments = async (issue_number = 1) => {
      const { data } = await octocat.issues.listComments({ ...of, issue_number });
      return data
        .filter(({ user }) => user?.login === github.botLogin)
        .map(({ body = "" }) => stage.stable(body.replace(/<!--.*-->/s, "").trim()));
    };
    const reactionsTo = async (comment_id: number) => {
      const { data } = await octocat.reactions.listForIssueComment({ ...of, comment_id });
      return data.flatMap(({ content, user }) => (user?.login === github.botLogin ? content : []));
    };
    /** Says something, waits until what follows is over, and gives the reactions to it. */
    const say = async (body: string, { on = 1, by = octocat }: { on?: number; by?: Octokit } = {}) => {
      const { data } = await by.issues.createComment({ ...of, issue_number: on, body });
      await stage.idle();
      return reactionsTo(data.id);
    };
    const setState = async (pull_number: number, state: "open" | "closed") => {
      await octocat.pulls.update({ ...of, pull_number, state });
      await stage.idle();
    };
    const explained = async (name: string) => {
      await say(`@steeplejack explain ${name}`);
      return (await comments()).at(-1) ?? "";
    };
    const branches = () => Object.keys(github.branches("acme/web"));
    return { ...stage, comments, say, setState, explained, branches, reactionsTo };
  };

  describe("a comment", () => {
    it("is obeyed once, with a reaction, and only outside of code and quotations", async () => {
      const { say, comments, rescan, github } = await open();
      expect(await say("> @steeplejack close\n```\n@steeplejack close\n```\n")).toEqual([]);
      expect(await say("@steeplejack help")).toEqual(["eyes", "rocket"]);
      expect(await comments()).toEqual([expect.stringContaining("| `@steeplejack rebase` |")]);
      await rescan();
      github.forgetRequests();
      await rescan();
      expect(github.requests.filter(({ method }) => method !== "GET" && method !== "POST")).toEqual([]);
      expect(await comments()).toHaveLength(1);
    });

    it("is heard by the name that the App has on GitHub, which is the one that it calls itself", async () => {
      const { say, comments, pull, octocat } = await open({ slug: "acme-updates" });
      expect((await pull(1)).body).toContain("`@acme-updates rebase`");
      expect(await say("@acme-updates split nothing")).toEqual(["eyes", "confused"]);
      expect(await say("@steeplejack rebaes")).toEqual(["eyes", "confused"]);
      expect(await say("@acme rebase")).toEqual([]);
      expect((await comments()).join()).toContain("Did you mean `@acme-updates rebase`?");
      const { data } = await octocat.pulls.get({ ...of, pull_number: 1 });
      expect(JSON.stringify([await comments(), data.body])).not.toContain("@steeplejack ");
    });

    it("that asks for a search where nothing has failed is told so", async () => {
      const { say, comments } = await open();
      expect(await say("@steeplejack bisect")).toEqual(["eyes", "confused"]);
      expect((await comments()).at(-1)).toContain("There is nothing to search for: no check has failed.");
    });

    it("that is not understood is told its likeliest meaning", async () => {
      const { say, comments } = await open();
      expect(await say("@steeplejack reabse")).toEqual(["eyes", "confused"]);
      expect(await comments()).toEqual([
        "I do not know `reabse`. Did you mean `@steeplejack rebase`? `@steeplejack help` lists what I know.",
      ]);
    });

    it("of somebody who may not write is refused", async () => {
      const { say, comments, github, pulls } = await open();
      const by = new Octokit({ baseUrl: github.url, auth: github.token("mallory") });
      expect(await say("@steeplejack close", { by })).toEqual(["-1"]);
      expect(await comments()).toEqual([
        "Only people who may write to this repository can ask me for something.",
      ]);
      expect(await pulls()).toEqual([expect.stringMatching(/^open #1 /)]);
    });

    it("closes, and reopens what was closed with its branch", async () => {
      const { say, comments, pulls, branches, rescan } = await open();
      expect(await say("@steeplejack close")).toEqual(["eyes", "rocket"]);
      expect(await pulls()).toEqual([expect.stringMatching(/^closed #1 /)]);
      expect(branches()).toEqual(["main"]);
      expect(await comments()).toEqual([
        "OK, just these updates will not be proposed together again. When one of them has a newer release, the group is proposed anew. `@steeplejack reopen`, or reopening it, takes that back.",
      ]);
      await rescan();
      expect(await pulls()).toHaveLength(1);

      expect(await say("@steeplejack reopen")).toEqual(["eyes", "rocket"]);
      expect(await pulls()).toEqual([expect.stringMatching(/^open #1 /)]);
      expect(branches()).toEqual(["main", runtime]);
      expect(await comments()).toEqual(["This was closed, and is open again: nothing of it is kept back."]);
    });

    it("splits a package off, which rejoins its group with its next release", async () => {
      const { say, pulls, requires, registry, newWorker, rescan } = await open();
      expect(await say("@steeplejack split logger")).toEqual(["eyes", "rocket"]);
      expect(await pulls()).toEqual([
        `open #1 ${runtime}: Bump router from 1.0.0 to 1.2.0 in the runtime group`,
        expect.stringMatching(/^open #2 \S+runtime-logger-\w{6}: Bump logger from 2.3.0 to 2.3.9$/),
      ]);
      expect(requires(runtime)).toEqual({ router: "^1.2.0", logger: "^2.3.0" });
      registry.publish({ logger: { "2.4.0": {} } });
      await newWorker();
      await rescan();
      expect(await pulls()).toEqual([
        `open #1 ${runtime}: Bump the runtime group with 2 updates`,
        expect.stringMatching(/^closed #2 /),
      ]);
    });

    it("has a package ignored, lists that, and takes it back", async () => {
      const { say, comments, pulls, explained, stable, github } = await open();
      expect(await say("@steeplejack ignore logger")).toEqual(["eyes", "rocket"]);
      expect(await pulls()).toEqual([
        `open #1 ${runtime}: Bump router from 1.0.0 to 1.2.0 in the runtime group`,
      ]);
      expect(await comments()).toEqual([
        "OK, `logger` will not be proposed again. `@steeplejack unignore logger` takes that back.",
        "This pull request was updated:\n\n- `logger` is no longer in here",
      ]);
      expect(await explained("logger")).toContain(
        stable(`held: a comment on a pull request ignores logger (${github.url}/acme/web/pull/1) [ignored]`),
      );
      await say("@steeplejack show ignore conditions");
      expect((await comments()).at(-1)).toContain("| `logger` | all versions | a comment on #1 |");
      expect(await say("@steeplejack unignore logger")).toEqual(["eyes", "rocket"]);
      expect(await pulls()).toEqual([`open #1 ${runtime}: Bump the runtime group with 2 updates`]);
    });

    it("has a major ignored with its only pull request, and newer majors come", async () => {
      const { say, pulls, registry, newWorker, rescan } = await open({
        repositories: { "acme/web": alone },
      });
      expect(await say("@steeplejack ignore this major version")).toEqual(["eyes", "rocket"]);
      expect(await pulls()).toEqual([expect.stringMatching(/^closed #1 /)]);
      registry.publish({ linter: { "4.2.0": {} } });
      await newWorker();
      await rescan();
      expect(await pulls()).toHaveLength(1);
      registry.publish({ linter: { "5.0.0": {} } });
      await newWorker();
      await rescan();
      expect((await pulls()).at(-1)).toMatch(/^open #2 .*: Bump linter from 3.0.0 to 5.0.0$/);
    });

    it("has it put on top of its base, which nothing else does as long as it merges", async () => {
      const { say, push, github, octocat } = await open();
      const before = github.branches("acme/web")[runtime];
      await push({ "apps/api/package.json": '{ "name": "api" }\n', "README.md": "# Web\n" });
      expect(github.branches("acme/web")[runtime]).toBe(before);
      expect(await say("@steeplejack rebase")).toEqual(["eyes", "rocket"]);
      const { data } = await octocat.pulls.listCommits({ ...of, pull_number: 1 });
      expect(data.map(({ parents }) => parents.map(({ sha }) => sha))).toEqual([
        [github.branches("acme/web")["main"]],
      ]);
    });

    it("has it made anew over somebody's commits, which a rebase is not enough for", async () => {
      const { say, push, comments, github } = await open();
      await push({ "src/index.js": "// made to work\n" }, runtime);
      expect(await say("@steeplejack rebase")).toEqual(["eyes", "confused"]);
      expect(await comments()).toEqual([expect.stringMatching(/^Somebody else committed to this branch/)]);
      expect(github.files("acme/web", runtime)).toHaveProperty(["src/index.js"]);
      expect(await say("@steeplejack recreate")).toEqual(["eyes", "rocket"]);
      expect(github.files("acme/web", runtime)).not.toHaveProperty(["src/index.js"]);
    });

    it("merges once the checks have passed, and not before", async () => {
      const { say, pulls, github, idle, branches } = await open();
      const sha = github.branches("acme/web")[runtime] ?? "";
      github.requireCheck("acme/web", "main", "test");
      expect(await say("@steeplejack squash and merge")).toEqual(["eyes", "rocket"]);
      expect(await pulls()).toEqual([expect.stringMatching(/^open #1 /)]);
      await github.check("acme/web", sha, "test", "success");
      await idle();
      expect(await pulls()).toEqual([expect.stringMatching(/^merged #1 /)]);
      expect(branches()).toEqual(["main"]);
    });

    it("takes a wish to merge back", async () => {
      const { say, pulls, github, idle } = await open();
      const sha = github.branches("acme/web")[runtime] ?? "";
      github.requireCheck("acme/web", "main", "test");
      await say("@steeplejack merge");
      expect(await say("@steeplejack cancel merge")).toEqual(["eyes", "rocket"]);
      await github.check("acme/web", sha, "test", "success");
      await idle();
      expect(await pulls()).toEqual([expect.stringMatching(/^open #1 /)]);
    });
  });

  describe("closing", () => {
    it("by hand keeps a version away, says so and how to take it back; a newer one comes", async () => {
      const { setState, comments, pulls, branches, rescan, registry, newWorker } = await open({
        repositories: { "acme/web": alone },
      });
      await setState(1, "closed");
      expect(await comments()).toEqual([
        "OK, `linter` `4.1.0` and what follows it in the same major version will not be proposed again. `@steeplejack reopen`, or reopening it, takes that back.",
      ]);
      expect(branches()).toEqual(["main"]);
      await rescan();
      expect(await pulls()).toHaveLength(1);
      registry.publish({ linter: { "5.0.0": {} } });
      await newWorker();
      await rescan();
      expect((await pulls()).at(-1)).toMatch(/^open #2 /);
    });
  });

  describe("few requests that are left", () => {
    it("are kept for people: what is scheduled waits, and a comment does not", async () => {
      const { github, say, queue, resting, log, octocat, pulls } = await open();
      github.limit("acme", 400);
      expect(await say("@steeplejack help")).toEqual(["eyes", "rocket"]);
      const repository = { owner: "acme", name: "web" };
      const installationId = github.installationOf("acme");
      await queue.enqueue({ kind: "scan", repository, installationId, reason: "schedule" });
      await resting();
      expect(log.told("few requests are left, which are kept for what is urgent")).toHaveLength(1);
      await octocat.issues.createComment({ ...of, issue_number: 1, body: "@steeplejack split logger" });
      await resting();
      expect(await pulls()).toHaveLength(2);
    });
  });
}
