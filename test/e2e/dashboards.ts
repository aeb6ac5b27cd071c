import { describe, expect, it } from "vitest";
import { locked } from "./files.ts";
import { type Cast, start, type Where } from "./stage.ts";

const packages = {
  router: { "1.0.0": {}, "1.2.0": {} },
  logger: { "2.3.0": {}, "2.3.9": {} },
  linter: { "3.0.0": {}, "4.0.0": {} },
};
const of = { owner: "acme", repo: "web" };
const runtime = "steeplejack/npm/runtime";

/** The issue that lists what is known of a repository, and its boxes. */
export function overseeing(where: () => Where): void {
  const open = async (settings = "", more: Cast["packages"] = {}, registry: Cast["registry"] = {}) => {
    const files = locked(
      { dependencies: { router: "^1.0.0", logger: "^2.3.0" }, devDependencies: { linter: "^3.0.0" } },
      { router: "1.0.0", logger: "2.3.0", linter: "3.0.0" },
    );
    const stage = await start(
      {
        repositories: {
          "acme/web": { ...files, ".github/steeplejack.yml": `dashboard: true\n${settings}` },
        },
        packages: { ...packages, ...more },
        registry,
      },
      where(),
    );
    const { octocat, github, stable } = stage;
    await stage.install();
    const issue = async () => {
      const { data } = await octocat.issues.listForRepo({ ...of, state: "all", per_page: 100 });
      const found = data.find(({ title }) => title === "Dependency updates by Steeplejack");
      if (found === undefined) throw new Error("there is no dashboard");
      return { number: found.number, state: found.state, body: stable(found.body ?? "") };
    };
    /** The lines of a part, without what is hidden in them. */
    const part = async (title: string) => {
      const [, text = ""] = (await issue()).body.split(new RegExp(`^### ${title} .*$`, "m"));
      const [lines = ""] = text.split(/^###|^<details>|^---/m);
      return lines
        .split("\n")
        .filter(Boolean)
        .map((line) => line.replace(/<!--.*?--> /, ""));
    };
    const tick = async (words: string) => {
      const { number } = await issue();
      const { data } = await octocat.issues.get({ ...of, issue_number: number });
      const lines = (data.body ?? "").split("\n");
      const body = lines
        .map((line) => (line.includes(words) ? line.replace("- [ ]", "- [x]") : line))
        .join("\n");
      expect(body).not.toBe(data.body);
      await octocat.issues.update({ ...of, issue_number: number, body });
      await stage.idle();
    };
    return { ...stage, issue, part, tick, github };
  };

  describe("the dashboard", () => {
    it("lists what is open, what waits and what is held, and is written only when something is new", async () => {
      const { issue, part, rescan, github } = await open(
        "open-pull-requests-limit: 1\nignore: [{ dependency-name: logger }]\n",
      );
      expect(await part("Open")).toEqual([
        "- [ ] rebase #1: Bump router from 1.0.0 to 1.2.0 in the runtime group",
      ]);
      expect(await part("Waiting")).toEqual([
        "- [ ] open now: Bump linter from 3.0.0 to 4.0.0, which waits for room: 1 pull requests may be open at a time",
      ]);
      const { body } = await issue();
      expect(body).toContain("<summary>ignored (1)</summary>");
      expect(body).toContain("- `package.json` (npm, 3 dependencies)");
      await rescan();
      github.forgetRequests();
      await rescan();
      expect(github.requests.filter(({ method }) => method === "PATCH")).toEqual([]);
      expect(github.counted().length).toBeLessThanOrEqual(1);
      expect((await issue()).body).toBe(body);
    });

    it("opens what a person has to approve when they tick its box", async () => {
      const { tick, pulls, part } = await open("rules: [{ match: { names: [linter] }, approval: true }]\n");
      expect(await pulls()).toHaveLength(1);
      expect(await part("Waiting")).toEqual([
        expect.stringMatching(
          /open now: Bump linter.*which waits for a person to tick its box in the dashboard/,
        ),
      ]);
      await tick("open now: Bump linter");
      expect(await pulls()).toEqual([
        expect.stringContaining(runtime),
        expect.stringMatching(/^open #3 .*: Bump linter from 3\.0\.0 to 4\.0\.0/),
      ]);
    });

    it("opens at once what waits, when its box is ticked, and unticks it", async () => {
      const { tick, pulls, issue, part } = await open("open-pull-requests-limit: 1\n");
      await tick("open now: Bump linter");
      expect(await pulls()).toEqual([
        expect.stringMatching(/^open #1 /),
        expect.stringMatching(/^open #3 .*: Bump linter from 3.0.0 to 4.0.0$/),
      ]);
      expect(await part("Open")).toHaveLength(2);
      expect((await issue()).body).not.toContain("[x]");
    });

    it("takes back what a person said", async () => {
      const { tick, pulls, part, octocat, idle, rescan } = await open();
      await octocat.issues.createComment({ ...of, issue_number: 1, body: "@steeplejack ignore logger" });
      await idle();
      await rescan();
      expect(await part("Kept back by people")).toEqual([
        "- [ ] take back: `logger`: all versions (a comment on #1)",
      ]);
      await tick("take back: `logger`");
      expect((await pulls())[0]).toBe(`open #1 ${runtime}: Bump the runtime group with 2 updates`);
      expect(await part("Kept back by people")).toEqual([]);
    });

    it("puts a pull request on top of its base", async () => {
      const { tick, push, octocat, github } = await open();
      await push({ "apps/api/package.json": '{ "name": "api" }\n' });
      await tick("rebase #1");
      const { data } = await octocat.pulls.listCommits({ ...of, pull_number: 1 });
      expect(data[0]?.parents.map(({ sha }) => sha)).toEqual([github.branches("acme/web")["main"]]);
    });

    it("unticks what somebody ticked who may not write", async () => {
      const { tick, pulls, issue, github, webhooks, queue, idle } = await open(
        "open-pull-requests-limit: 1\n",
      );
      github.setWebhook(undefined);
      await tick("open now");
      github.setWebhook(webhooks);
      // GitHub itself lets only people with write access edit it.
      await queue.enqueue({
        kind: "shepherd",
        repository: { owner: "acme", name: "web" },
        installationId: github.installationOf("acme"),
        reason: "comment",
        subjects: ["dashboard mallory"],
      });
      await idle();
      expect(await pulls()).toHaveLength(1);
      expect((await issue()).body).not.toContain("[x]");
    });

    it("stays closed when a person closes it", async () => {
      const { issue, rescan, octocat, registry, newWorker } = await open();
      const { number, body } = await issue();
      await octocat.issues.update({ ...of, issue_number: number, state: "closed" });
      registry.publish({ router: { "1.3.0": {} } });
      await newWorker();
      await rescan();
      expect(await issue()).toEqual({ number, state: "closed", body });
    });

    it("tells what a registry refuses, and what would help", async () => {
      const { part } = await open("", {}, { faults: { logger: { status: 403 } } });
      expect(await part("Not to be looked up")).toEqual([
        expect.stringMatching(
          /^- `logger` of the public registry: .*: answered 403: the operator has no credentials .* `registries` of the configuration needs a token/,
        ),
      ]);
      expect(await part("Problems")).toEqual([]);
    });

    it("tells what failed and why, and that no pull request was made", async () => {
      const { part, pulls } = await open("", {
        linter: { "3.0.0": {}, "4.0.0": { dependencies: { "left-out": "^1.0.0" } } },
      });
      expect(await pulls()).toHaveLength(1);
      expect(await part("Failed")).toEqual([
        expect.stringMatching(/^- \[ \] try again: Bump linter .* No pull request was made, because .*left/),
      ]);
    });
  });
}
