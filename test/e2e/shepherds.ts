import { describe, expect, it } from "vitest";
import type { GithubEmulator } from "../../demo/github/index.ts";
import { type Judge, startCi } from "./ci.ts";
import { locked } from "./files.ts";
import { type Cast, start, type Where } from "./stage.ts";

const words =
  "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo sierra tango";
const names = words.split(" ").slice(0, 8);

/** Eight packages, each with a newer version, or as many as are named. */
export function eight(all: readonly string[] = names): Cast {
  const dependencies = Object.fromEntries(all.map((name) => [name, "^1.0.0"]));
  return {
    repositories: {
      "acme/web": locked({ dependencies }, Object.fromEntries(all.map((name) => [name, "1.0.0"]))),
    },
    packages: Object.fromEntries(all.map((name) => [name, { "1.0.0": {}, "1.1.0": {} }])),
  };
}

/** Whether all of these have been updated. */
const has = (versions: Readonly<Record<string, string>>, ...wanted: string[]) =>
  wanted.every((name) => versions[name] === "1.1.0");

/** What happens to open pull requests when checks say something. */
export function shepherding(where: () => Where): void {
  const open = async (judge: Judge, cast: Partial<Cast> = {}) => {
    const stage = await start({ ...eight(), ...cast }, where());
    const ci = startCi(stage, judge);
    const { octocat } = stage;
    const comments = async (number: number) => {
      const { data } = await octocat.issues.listComments({
        owner: "acme",
        repo: "web",
        issue_number: number,
      });
      return data.map(({ body = "" }) => stage.stable(body.replace(/<!--.*-->/s, "").trim()));
    };
    const updated = (branch: string) =>
      Object.entries(stage.requires(branch)).flatMap(([name, at]) => (at === "^1.1.0" ? [name] : []));
    const branches = () => Object.keys(stage.github.branches("acme/web"));
    await stage.github.install("acme");
    await ci.settle();
    return { ...stage, ci, comments, updated, branches };
  };

  const without = (...left: string[]) => names.filter((name) => !left.includes(name));

  describe("a red group", () => {
    it("is rid of the update that breaks it, which gets a pull request of its own", async () => {
      const { pulls, pull, comments, updated, branches, ci } = await open(({ versions }) =>
        has(versions, "foxtrot") ? "failure" : "success",
      );
      const [, alone = ""] = /(steeplejack\/npm\/runtime-foxtrot\S*):/.exec((await pulls()).join("\n")) ?? [];
      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/runtime: Bump the runtime group with 7 updates",
        `open #2 ${alone}: Bump foxtrot from 1.0.0 to 1.1.0`,
      ]);
      expect(updated("steeplejack/npm/runtime")).toEqual(without("foxtrot"));
      expect(updated(alone)).toEqual(["foxtrot"]);
      expect(branches()).toEqual(["main", "steeplejack/npm/runtime", alone]);
      expect(ci.log.filter((line) => !line.includes("/bisect/"))).toEqual([
        "main success",
        "steeplejack/npm/runtime failure",
        "steeplejack/npm/runtime failure",
        "steeplejack/npm/runtime success",
        `${alone} failure`,
      ]);
      const [said = "", news] = await comments(1);
      expect(news).toContain("`foxtrot` is no longer in here");
      expect(said).toContain("`foxtrot` breaks it, as 5 trials told");
      expect(
        said
          .replaceAll(/\[(\w+)\]\([^)]*\)/g, "$1")
          .split("\n")
          .slice(4),
      ).toEqual([
        "| 1 | `alpha`, `bravo`, `charlie` and `delta` | passed |",
        "| 2 | all but `golf` and `hotel` | failed |",
        "| 3 | all but `foxtrot`, `golf` and `hotel` | passed |",
        "| 4 | all but `foxtrot` | passed |",
        "| 5 | `foxtrot` | failed |",
      ]);
      const body = (await pull(2)).body;
      expect(body).toMatch(
        /\[`test`\]\(\S+\) fails with this, so it was taken out of #1, which passes without it\./,
      );
      expect(body).toContain("> 1 of 3 tests failed: @\u200boctocat expected 1 to be 2");
      expect(body).toContain("| 5 | `foxtrot` | [failed](");
      expect(body).not.toContain("also moves in");
    });

    it.each([
      [2, "bravo", 2],
      [20, "tango", 6],
    ])("of %i is rid of %s in %i trials", async (size, culprit, trials) => {
      const all = words.split(" ").slice(0, size);
      const { comments, updated } = await open(
        ({ versions }) => (has(versions, culprit) ? "failure" : "success"),
        eight(all),
      );
      expect(updated("steeplejack/npm/runtime")).toEqual(all.filter((name) => name !== culprit));
      expect((await comments(1)).join()).toContain(`\`${culprit}\` breaks it, as ${trials} trials told`);
    });

    it("of more packages than its marker can name is rid of one", { timeout: 120_000 }, async () => {
      const all = Array.from({ length: 210 }, (_, at) => `p${String(at + 1).padStart(3, "0")}`);
      const { pulls, updated } = await open(
        ({ versions }) => (has(versions, "p077") ? "failure" : "success"),
        eight(all),
      );
      expect((await pulls()).map((line) => line.replace(/ steeplejack\S*/, ""))).toEqual([
        "open #1 Bump the runtime group with 209 updates",
        "open #2 Bump p077 from 1.0.0 to 1.1.0",
      ]);
      expect(updated("steeplejack/npm/runtime")).toHaveLength(209);
    });

    it("is rid of two that break it independently", async () => {
      const { pulls, updated, branches } = await open(({ versions }) =>
        has(versions, "bravo") || has(versions, "golf") ? "failure" : "success",
      );
      expect((await pulls()).map((line) => line.replace(/ steeplejack\S*/, ""))).toEqual([
        "open #1 Bump the runtime group with 6 updates",
        "open #2 Bump bravo from 1.0.0 to 1.1.0",
        "open #3 Bump golf from 1.0.0 to 1.1.0",
      ]);
      expect(updated("steeplejack/npm/runtime")).toEqual(without("bravo", "golf"));
      expect(branches().filter((name) => name.includes("bisect"))).toEqual([]);
    });

    it("is rid of one of two that break it only together, and says so", async () => {
      const { pulls, comments, updated } = await open(({ versions }) =>
        has(versions, "bravo", "golf") ? "failure" : "success",
      );
      expect((await pulls()).map((line) => line.replace(/ steeplejack\S*/, ""))).toEqual([
        "open #1 Bump the runtime group with 7 updates",
        "open #2 Bump golf from 1.0.0 to 1.1.0",
      ]);
      expect(updated("steeplejack/npm/runtime")).toEqual(without("golf"));
      expect((await comments(1)).join()).toContain("`golf` breaks it together with `bravo`");
    });

    it("stays as it is when what failed passes the second time", async () => {
      const { pulls, comments, ci } = await open(({ branch, attempt }) =>
        branch === "steeplejack/npm/runtime" && attempt === 1 ? "failure" : "success",
      );
      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/runtime: Bump the runtime group with 8 updates",
      ]);
      expect((await comments(1)).join()).toContain("passed when it was run again");
      expect(ci.log).toEqual([
        "main success",
        "steeplejack/npm/runtime failure",
        "steeplejack/npm/runtime success",
      ]);
    });

    it("is not searched while its base is red, and is when that is mended", async () => {
      let isBroken = true;
      const { pulls, comments, ci, github, log } = await open(({ versions }) =>
        isBroken || has(versions, "echo") ? "failure" : "success",
      );
      expect((await comments(1)).join()).toContain("fails on `main`, too");
      expect(ci.log).toEqual(["main failure", "steeplejack/npm/runtime failure"]);

      isBroken = false;
      await github.push("acme/web", { files: { "index.js": "export {};\n" }, by: "octocat" });
      await ci.settle();
      expect(log.problems()).toEqual([]);
      expect((await pulls()).map((line) => line.replace(/ steeplejack\S*/, ""))).toEqual([
        "open #1 Bump the runtime group with 7 updates",
        "open #2 Bump echo from 1.0.0 to 1.1.0",
      ]);
    });

    it("stays as it is when the budget does not reach the culprit", async () => {
      const cast = eight();
      const files = cast.repositories["acme/web"];
      const configuration = "version: 1\nbisect:\n  runs: 2\n";
      const { pulls, comments, branches, ci } = await open(
        ({ versions }) => (has(versions, "foxtrot") ? "failure" : "success"),
        { repositories: { "acme/web": { ...files, ".github/steeplejack.yml": configuration } } },
      );
      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/runtime: Bump the runtime group with 8 updates",
      ]);
      expect((await comments(1)).join()).toContain("After 2 trials it is not known which update breaks it");
      expect(ci.log.filter((line) => line.includes("/bisect/"))).toHaveLength(3);
      expect(branches()).toEqual(["main", "steeplejack/npm/runtime"]);
    });

    it("is searched by draft pull requests where the configuration says so", async () => {
      const files = eight().repositories["acme/web"];
      const drafted = new Set<string>();
      const { pulls, branches, octocat } = await open(
        ({ versions, branch, hasPull }) => {
          if (branch !== "main" && !hasPull) return undefined; // checks run for pull requests only
          if (branch.includes("/bisect/")) drafted.add(branch);
          return has(versions, "foxtrot") ? "failure" : "success";
        },
        { repositories: { "acme/web": { ...files, ".github/steeplejack.yml": "bisect: pull-requests\n" } } },
      );
      expect(drafted.size).toBe(5);
      expect(branches().filter((name) => name.includes("bisect"))).toEqual([]);
      expect((await pulls()).filter((line) => line.startsWith("open"))).toHaveLength(2);
      const { data } = await octocat.pulls.list({ owner: "acme", repo: "web", state: "closed" });
      const told = data.map(({ draft, title }) => `${draft} ${title}`);
      expect(told).toHaveLength(5);
      expect(new Set(told)).toEqual(new Set(["true Trial for #1: only some of its updates"]));
    });

    it("is left to people where the configuration says so", async () => {
      const files = eight().repositories["acme/web"];
      const { comments, ci } = await open(
        ({ versions }) => (has(versions, "foxtrot") ? "failure" : "success"),
        { repositories: { "acme/web": { ...files, ".github/steeplejack.yml": "bisect: off\n" } } },
      );
      expect(ci.log).toEqual(["main success", "steeplejack/npm/runtime failure"]);
      expect(await comments(1)).toEqual([]);
    });
  });

  describe("automerge", () => {
    const configured = (text: string): Partial<Cast> => ({
      repositories: { "acme/web": { ...eight().repositories["acme/web"], ".github/steeplejack.yml": text } },
    });

    it("merges what is green, and nothing else", async () => {
      const { pulls, branches, requires } = await open(
        ({ versions }) => (has(versions, "foxtrot") ? "failure" : "success"),
        configured("automerge: true\n"),
      );
      expect((await pulls()).map((line) => line.replace(/ steeplejack\S*/, ""))).toEqual([
        "merged #1 Bump the runtime group with 7 updates",
        "open #2 Bump foxtrot from 1.0.0 to 1.1.0",
      ]);
      expect(branches()).toHaveLength(2);
      expect(requires("main")["alpha"]).toBe("^1.1.0");
    });

    it("waits for every check that the branch asks for", async () => {
      const { pulls, github, ci, branches } = await open(() => undefined, configured("automerge: true\n"));
      github.requireCheck("acme/web", "main", "build");
      const head = github.branches("acme/web")["steeplejack/npm/runtime"] ?? "";
      await github.check("acme/web", head, "test", "success");
      await ci.settle();
      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/runtime: Bump the runtime group with 8 updates",
      ]);

      await github.check("acme/web", head, "build", "success");
      await ci.settle();
      expect(await pulls()).toEqual([
        "merged #1 steeplejack/npm/runtime: Bump the runtime group with 8 updates",
      ]);
      expect(branches()).toEqual(["main"]);
    });

    it("has GitHub merge it when somebody approves, where a review is asked for", async () => {
      const { pulls, github, ci, octocat } = await open(() => undefined, {
        ...configured("automerge:\n  method: squash\n"),
        allowAutoMerge: true,
      });
      github.requireReview("acme/web", "main");
      const head = github.branches("acme/web")["steeplejack/npm/runtime"] ?? "";
      await github.check("acme/web", head, "test", "success");
      await ci.settle();
      expect((await pulls())[0]).toMatch(/^open #1/);

      const of = { owner: "acme", repo: "web" };
      await octocat.pulls.createReview({ ...of, pull_number: 1, event: "APPROVE" });
      await ci.settle();
      expect((await pulls())[0]).toMatch(/^merged #1/);
      const { data } = await octocat.repos.getCommit({ ...of, ref: "main" });
      expect(data.parents).toHaveLength(1);
    });

    it("tells once why GitHub refuses it, and merges it when that is over", async () => {
      const { pulls, github, ci, octocat, comments } = await open(
        () => undefined,
        configured("automerge: true\n"),
      );
      github.requireReview("acme/web", "main");
      const head = github.branches("acme/web")["steeplejack/npm/runtime"] ?? "";
      for (const name of ["test", "lint"]) {
        await github.check("acme/web", head, name, "success");
        await ci.settle();
      }
      expect((await pulls())[0]).toMatch(/^open #1/);
      expect(await comments(1)).toEqual([
        "The configuration lets this be merged, and GitHub does not let me yet: Repository rule violations found: a required check or review is missing. I try again when something happens here.",
      ]);

      await octocat.pulls.createReview({ owner: "acme", repo: "web", pull_number: 1, event: "APPROVE" });
      await ci.settle();
      expect((await pulls())[0]).toMatch(/^merged #1/);
    });

    describe("of a branch whose base has moved", () => {
      const moved = async (prepare: (github: GithubEmulator) => void, files: Record<string, string>) => {
        const stage = await open(() => undefined, configured("automerge: true\n"));
        prepare(stage.github);
        await stage.github.push("acme/web", { files, by: "octocat" });
        await stage.ci.settle();
        const before = stage.github.branches("acme/web")["steeplejack/npm/runtime"] ?? "";
        await stage.github.check("acme/web", before, "test", "success");
        await stage.ci.settle();
        const head = stage.github.branches("acme/web")["steeplejack/npm/runtime"];
        return { ...stage, before, head };
      };
      const readme = { "README.md": "# Web\n" };

      it("merges what the base has not touched", async () => {
        const { pulls } = await moved(() => undefined, readme);
        expect((await pulls())[0]).toMatch(/^merged #1/);
      });

      it("makes anew first what git would merge line by line, and merges that when its checks have passed", async () => {
        // Far from the lines that the pull request changes: git merges that.
        const lockfile = eight().repositories["acme/web"]?.["package-lock.json"];
        const changed = `${JSON.stringify(JSON.parse(typeof lockfile === "string" ? lockfile : ""), null, 2)}\n\n`;
        const { pulls, github, ci, before, head } = await moved(() => undefined, {
          "package-lock.json": changed,
        });
        expect((await pulls())[0]).toMatch(/^open #1/);
        expect(head).not.toBe(before);
        await github.check("acme/web", head ?? "", "test", "success");
        await ci.settle();
        expect((await pulls())[0]).toMatch(/^merged #1/);
      });

      it("makes anew first what has to be up to date", async () => {
        const strict = (github: GithubEmulator) => github.requireUpToDate("acme/web", "main", "test");
        const { pulls, github, ci, before, head } = await moved(strict, readme);
        expect((await pulls())[0]).toMatch(/^open #1/);
        expect(head).not.toBe(before);
        await github.check("acme/web", head ?? "", "test", "success");
        await ci.settle();
        expect((await pulls())[0]).toMatch(/^merged #1/);
      });
    });

    describe("of a branch with a merge queue", () => {
      const queued = (line: string) => line.startsWith("gh-readonly-queue/");
      const open1 = "open #1 steeplejack/npm/runtime: Bump the runtime group with 8 updates";
      const withQueue = async () => {
        const stage = await open(() => undefined, configured("automerge: true\n"));
        const { github, ci, octocat } = stage;
        github.requireCheck("acme/web", "main", "test");
        github.requireMergeQueue("acme/web", "main");
        const check = async (conclusion: "success" | "failure" = "success") => {
          const head = github.branches("acme/web")["steeplejack/npm/runtime"] ?? "";
          await github.check("acme/web", head, "test", conclusion);
          await ci.settle();
        };
        const heads = () => Object.entries(github.branches("acme/web")).filter(([name]) => queued(name));
        /** Has the check of the merge that waits end. */
        const decide = async (conclusion: "success" | "failure") => {
          for (const [, sha] of heads()) await github.check("acme/web", sha, "test", conclusion);
          await ci.settle();
        };
        const told = (action: string) =>
          github.deliveries.filter(({ event, action: what }) => event === "pull_request" && what === action)
            .length;
        const say = async (body: string) => {
          await octocat.issues.createComment({ owner: "acme", repo: "web", issue_number: 1, body });
          await ci.settle();
        };
        return { ...stage, check, heads, decide, told, say };
      };

      it("puts what is green into it, once, and clears away what it has merged", async () => {
        const { pulls, check, heads, decide, told, github, ci, branches } = await withQueue();
        await check();
        expect(heads()).toHaveLength(1);
        const head = github.branches("acme/web")["steeplejack/npm/runtime"] ?? "";
        await github.check("acme/web", head, "lint", "success");
        await ci.settle();
        expect([await pulls(), told("enqueued")]).toEqual([[open1], 1]);

        await decide("success");
        expect(await pulls()).toEqual([open1.replace("open", "merged")]);
        expect(branches()).toEqual(["main"]);
      });

      it("tells what it takes out again, and puts that in anew only when a person asks", async () => {
        const { pulls, check, decide, told, comments, rescan, say, heads } = await withQueue();
        await check();
        await decide("failure");
        expect(await pulls()).toEqual([open1]);
        expect((await comments(1)).join()).toContain(
          "The merge queue of main took this out again (failed checks), at ",
        );
        await rescan();
        expect(told("enqueued")).toBe(1);

        await say("@steeplejack merge");
        expect([told("enqueued"), heads().length]).toEqual([2, 1]);
        await decide("success");
        expect(await pulls()).toEqual([open1.replace("open", "merged")]);
      });

      it("takes it out when a person takes a wish to merge back", async () => {
        const { pulls, check, told, say, heads } = await withQueue();
        await check();
        expect(heads()).toHaveLength(1);
        await say("@steeplejack cancel merge");
        expect([heads(), told("dequeued"), told("enqueued")]).toEqual([[], 1, 1]);
        expect(await pulls()).toEqual([open1]);
      });
    });

    it("leaves alone what a person committed to", async () => {
      const { pulls, github, ci } = await open(() => undefined, configured("automerge: true\n"));
      await github.push("acme/web", {
        files: { "index.js": "export {};\n" },
        branch: "steeplejack/npm/runtime",
        by: "octocat",
      });
      const head = github.branches("acme/web")["steeplejack/npm/runtime"] ?? "";
      await github.check("acme/web", head, "test", "success");
      await ci.settle();
      expect((await pulls())[0]).toMatch(/^open #1/);
    });

    describe("of seven that touch the same line", () => {
      const text = "default-groups: false\ngroups:\n  some:\n    patterns: [a*, b*]\nautomerge: true\n";
      const dependencies = Object.fromEntries(names.map((name) => [name, "^1.0.0"]));
      const web = {
        ...configured(text).repositories?.["acme/web"],
        "package.json": `${JSON.stringify({ name: "web", version: "1.0.0", dependencies })}\n`,
      };
      const runs = (log: readonly string[]) => {
        const own = log
          .filter((line) => line.startsWith("steeplejack/"))
          .map((line) => line.split(" ")[0] ?? "");
        return [...Map.groupBy(own, (branch) => branch).values()]
          .map(({ length }) => length)
          .toSorted((a, b) => a - b);
      };
      const states = (lines: readonly string[]) => lines.map((line) => line.split(" ").slice(0, 2).join(" "));

      it("makes each anew once, when its turn comes", async () => {
        const { pulls, requires, ci } = await open(() => "success", { repositories: { "acme/web": web } });
        expect(states(await pulls())).toEqual([1, 2, 3, 4, 5, 6, 7].map((number) => `merged #${number}`));
        expect(Object.values(requires("main")).every((at) => at === "^1.1.0")).toBe(true);
        expect(runs(ci.log)).toEqual([1, 2, 2, 2, 2, 2, 2]);
      });

      /** As they are when the first is merged, by a person, and what is checked from then on is for `judge` to say. */
      const afterFirst = async (judge: Judge = () => undefined, isHeard = true) => {
        let isOn = false;
        const stage = await open((at) => (isOn ? judge(at) : undefined), {
          repositories: { "acme/web": web },
        });
        const { github, ci, octocat, webhooks, pull, branches } = stage;
        const heads = () => github.branches("acme/web");
        const before = heads();
        if (!isHeard) github.setWebhook(undefined);
        await octocat.pulls.merge({ owner: "acme", repo: "web", pull_number: 1 });
        isOn = true;
        await ci.settle();
        github.setWebhook(webhooks);
        /** The branches that were made anew since. */
        const anew = () => branches().filter((name) => name !== "main" && heads()[name] !== before[name]);
        const told = async (number: number) => /^> Waits for #\d+/.exec((await pull(number)).body)?.[0];
        return { ...stage, anew, told, states: async () => states(await stage.pulls()) };
      };

      it("tells whom each waits for, and goes on when that one is closed", async () => {
        const { octocat, ci, anew, told } = await afterFirst();
        expect(anew()).toEqual(["steeplejack/npm/single-delta"]);
        expect(await Promise.all([2, 3, 4, 7].map(told))).toEqual([
          undefined,
          "> Waits for #2",
          "> Waits for #3",
          "> Waits for #6",
        ]);

        await octocat.pulls.update({ owner: "acme", repo: "web", pull_number: 2, state: "closed" });
        await ci.settle();
        expect(anew()).toEqual(["steeplejack/npm/single-echo"]);
        expect(await Promise.all([3, 4].map(told))).toEqual([undefined, "> Waits for #3"]);
      });

      it("goes on when the checks of the next fail, and makes that anew last", async () => {
        const { ci, states: now } = await afterFirst(({ branch }) =>
          branch.endsWith("delta") ? "failure" : "success",
        );
        expect(await now()).toEqual(
          [1, 2, 3, 4, 5, 6, 7].map((number) => `${number === 2 ? "open" : "merged"} #${number}`),
        );
        expect(runs(ci.log)).toEqual([2, 2, 2, 2, 2, 2]);
      });

      it("goes on when GitHub does not let the next be merged", async () => {
        const { github, ci, anew } = await afterFirst();
        github.requireReview("acme/web", "main");
        const head = github.branches("acme/web")["steeplejack/npm/single-delta"] ?? "";
        await github.check("acme/web", head, "test", "success");
        await ci.settle();
        expect(anew()).toEqual(["steeplejack/npm/single-delta", "steeplejack/npm/single-echo"]);
      });

      it("goes on by its schedule where nobody told that one was merged", async () => {
        const { queue, github, ci, newWorker, anew, told } = await afterFirst(undefined, false);
        expect(anew()).toEqual([]);
        await newWorker();
        const installationId = github.installationOf("acme");
        const repository = { owner: "acme", name: "web" };
        await queue.enqueue({ kind: "scan", repository, installationId, reason: "schedule" });
        await ci.settle();
        expect(anew()).toEqual(["steeplejack/npm/single-delta"]);
        expect(await told(3)).toBe("> Waits for #2");
      });
    });

    it("merges one by one, and looks again at what is left", async () => {
      const { pulls, requires } = await open(
        () => "success",
        configured("default-groups: false\ngroups:\n  some:\n    patterns: [a*, b*]\nautomerge: true\n"),
      );
      const lines = await pulls();
      expect(lines.length).toBeGreaterThan(6);
      expect(lines.filter((line) => !line.startsWith("merged"))).toEqual([]);
      expect(Object.values(requires("main")).every((at) => at === "^1.1.0")).toBe(true);
    });
  });

  it("asks GitHub for little when a check of a green pull request ends", async () => {
    const { github, ci, resting } = await open(() => "success");
    github.forgetRequests();
    await github.check(
      "acme/web",
      github.branches("acme/web")["steeplejack/npm/runtime"] ?? "",
      "lint",
      "success",
    );
    await ci.settle();
    await resting();
    expect(github.counted().map(({ path }) => path.replace(/\w{40}/, "SHA"))).toEqual([
      "/repos/acme/web/commits/SHA/check-runs?per_page=100&filter=latest",
    ]);
    expect(github.requests.length).toBeLessThanOrEqual(9);
  });

  it("tells what other repositories of the installation have seen", async () => {
    const files = eight().repositories["acme/web"];
    const { octocat, ci, github, resting } = await open(() => "success", {
      repositories: { "acme/web": files, "acme/api": files },
    });
    await github.push("acme/api", { files: { "package.json": "{}" }, by: "octocat" });
    await resting();
    await github.push("acme/api", {
      files: { "package.json": files?.["package.json"] ?? "" },
      by: "octocat",
    });
    await ci.settle();
    const { data } = await octocat.pulls.list({ owner: "acme", repo: "api", state: "open" });
    expect(data[0]?.body).toContain("1 of 1 here (22–100 %)");
  });
}
