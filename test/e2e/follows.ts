import { describe, expect, it } from "vitest";
import { lockOf, locked, manifestOf } from "./files.ts";
import { type Cast, start, type Where } from "./stage.ts";

const packages = {
  router: { "1.0.0": {}, "1.1.0": {}, "1.2.0": {} },
  logger: { "2.3.0": {}, "2.3.9": {} },
  linter: { "3.0.0": {}, "4.0.0": {} },
};
const web = locked({ dependencies: { router: "^1.0.0" } }, { router: "1.0.0" });

/** What happens to pull requests when the world around them moves on. */
export function following(where: () => Where): void {
  const open = (cast: Partial<Cast> = {}) =>
    start({ repositories: { "acme/web": web }, packages, ...cast }, where());

  describe("an open pull request", () => {
    it("is updated in place when a push changes the manifest", async () => {
      const { install, push, pulls, pull, requires, locks } = await open();
      await install();
      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/runtime: Bump router from 1.0.0 to 1.2.0 in the runtime group",
      ]);

      await push(
        locked(
          { dependencies: { router: "^1.0.0", logger: "^2.3.0" } },
          { router: "1.0.0", logger: "2.3.0" },
        ),
      );

      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/runtime: Bump the runtime group with 2 updates",
      ]);
      expect((await pull(1)).commits).toHaveLength(1);
      expect(requires("steeplejack/npm/runtime")).toEqual({ router: "^1.2.0", logger: "^2.3.9" });
      expect(locks("steeplejack/npm/runtime")).toEqual({ router: "1.2.0", logger: "2.3.9" });
    });

    it("is brought onto a main branch that moved under it", async () => {
      const { github, install, push, pulls, octocat } = await open();
      await install();
      await push({ "package.json": manifestOf({ dependencies: { router: "^1.0.0" }, license: "MIT" }) });

      expect(await pulls()).toHaveLength(1);
      const { data } = await octocat.pulls.get({ owner: "acme", repo: "web", pull_number: 1 });
      expect(data.mergeable).toBe(true);
      expect(github.files("acme/web", "steeplejack/npm/runtime")["package.json"]).toBe(
        manifestOf({ dependencies: { router: "^1.2.0" }, license: "MIT" }),
      );
    });

    it("takes a release that is published meanwhile", async () => {
      const { registry, install, rescan, newWorker, pulls, locks } = await open();
      await install();
      registry.publish({ router: { "1.3.0": { dependencies: { "path-match": "^1.0.0" } } } });
      registry.publish({ "path-match": { "1.0.0": {} } });
      await newWorker();
      await rescan();

      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/runtime: Bump router from 1.0.0 to 1.3.0 in the runtime group",
      ]);
      expect(locks("steeplejack/npm/runtime")).toEqual({ router: "1.3.0", "path-match": "1.0.0" });
    });

    it("is left alone when nothing relevant changed: no job at all", async () => {
      const { github, install, push, log } = await open();
      await install();
      expect(github.deliveries.map(({ event }) => event)).toContain("push"); // of the App's own branch
      await push({ "README.md": "# Web\n" });
      await push({ "README.md": "# The web\n" }, "feature");
      expect(log.told("job started")).toHaveLength(1);
    });

    it("is left alone when another branch changes, which the configuration might have named", async () => {
      const { install, push, log } = await open();
      await install();
      await push({ "package.json": manifestOf({}) }, "feature");
      expect(log.told("job started")).toHaveLength(2);
      expect(log.told("scan finished")).toHaveLength(1);
    });

    it("is closed with the reason, and its branch deleted, when somebody updates by hand", async () => {
      const { github, octocat, install, push, pulls } = await open();
      await install();
      await push(locked({ dependencies: { router: "^1.2.0" } }, { router: "1.2.0" }));

      expect(await pulls()).toEqual([expect.stringMatching(/^closed #1 /)]);
      expect(Object.keys(github.branches("acme/web"))).toEqual(["main"]);
      const { data } = await octocat.issues.listComments({ owner: "acme", repo: "web", issue_number: 1 });
      expect(data.map(({ body, user }) => [user?.login, body])).toEqual([
        ["steeplejack[bot]", "No longer needed: `router` is at `1.2.0` already."],
      ]);
    });

    it("makes way for what is left when it is merged", async () => {
      const { octocat, install, idle, pulls, requires } = await open({
        repositories: {
          "acme/web": locked(
            { dependencies: { router: "^1.0.0" }, devDependencies: { linter: "^3.0.0" } },
            { router: "1.0.0", linter: "3.0.0" },
          ),
        },
      });
      await install();
      await octocat.pulls.merge({ owner: "acme", repo: "web", pull_number: 1 });
      await idle();

      expect(await pulls()).toEqual([
        "merged #1 steeplejack/npm/runtime: Bump router from 1.0.0 to 1.2.0 in the runtime group",
        "open #2 steeplejack/npm/major-linter: Bump linter from 3.0.0 to 4.0.0",
      ]);
      expect(requires("main")).toEqual({ router: "^1.2.0", linter: "^3.0.0" });
      expect(requires("steeplejack/npm/major-linter")).toEqual({ router: "^1.2.0", linter: "^4.0.0" });
    });
  });

  describe("a person's word", () => {
    it("counts: what was closed is not opened again for the same versions, but for newer ones", async () => {
      const { octocat, registry, install, rescan, newWorker, idle, pulls } = await open();
      await install();
      await octocat.pulls.update({ owner: "acme", repo: "web", pull_number: 1, state: "closed" });
      await idle();
      await rescan();
      expect(await pulls()).toHaveLength(1);

      registry.publish({ router: { "1.3.0": {} } });
      await newWorker();
      await rescan();
      expect(await pulls()).toEqual([
        "closed #1 steeplejack/npm/runtime: Bump router from 1.0.0 to 1.2.0 in the runtime group",
        "open #2 steeplejack/npm/runtime: Bump router from 1.0.0 to 1.3.0 in the runtime group",
      ]);
    });

    it("counts: a branch that somebody committed to is theirs", async () => {
      const { github, registry, install, push, rescan, newWorker, pull } = await open();
      await install();
      await push({ "src/index.js": "// made to work\n" }, "steeplejack/npm/runtime");
      const theirs = github.branches("acme/web")["steeplejack/npm/runtime"];

      registry.publish({ router: { "1.3.0": {} } });
      await newWorker();
      await rescan();

      expect(github.branches("acme/web")["steeplejack/npm/runtime"]).toBe(theirs);
      expect((await pull(1)).title).toBe("Bump router from 1.0.0 to 1.2.0 in the runtime group");
    });
  });

  describe("a repository that did not change", () => {
    it.each([
      ["the same worker", false],
      ["a new one that finds the cache on disk", true],
    ])("costs at most one request of the rate limit when it is scanned again, by %s", async (_who, anew) => {
      const { github, install, rescan, newWorker, log } = await open({ cache: "kept" });
      await install();
      await rescan(); // the first one after the pull request was opened
      if (anew) await newWorker();
      github.forgetRequests();
      await rescan();

      expect(github.requests.filter(({ status }) => status === 304).length).toBeGreaterThan(0);
      expect(github.counted().length).toBeLessThanOrEqual(1);
      expect(log.told("scan finished").at(-1)).toMatchObject({ unchanged: 1 });
    });
  });

  describe("more than one manifest", () => {
    it("is one project in a workspace: its members move together, with the one lockfile", async () => {
      const manifests = {
        "": { workspaces: ["packages/*"], devDependencies: { linter: "^3.0.0" } },
        "packages/app": { dependencies: { router: "^1.0.0", ui: "*" } },
        "packages/ui": { dependencies: { router: "~1.0.0", logger: "2.3.0" } },
      };
      const { github, install, pulls, requires, locks } = await open({
        repositories: {
          "acme/web": {
            "package.json": manifestOf(manifests[""]),
            "packages/app/package.json": manifestOf(manifests["packages/app"], "app"),
            "packages/ui/package.json": manifestOf(manifests["packages/ui"], "ui"),
            "package-lock.json": lockOf(manifests, { router: "1.0.0", logger: "2.3.0", linter: "3.0.0" }),
          },
        },
      });
      await install();

      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/runtime: Bump the runtime group with 2 updates",
        "open #2 steeplejack/npm/major-linter: Bump linter from 3.0.0 to 4.0.0",
      ]);
      const branch = "steeplejack/npm/runtime";
      expect(requires(branch, "packages/app/package.json")).toEqual({ router: "^1.2.0", ui: "*" });
      expect(requires(branch, "packages/ui/package.json")).toEqual({ router: "~1.2.0", logger: "2.3.9" });
      expect(github.files("acme/web", branch)["package.json"]).toBe(manifestOf(manifests[""]));
      expect(locks(branch)).toEqual({ router: "1.2.0", logger: "2.3.9", linter: "3.0.0" });
    });

    it("is several projects where nothing joins them, each with pull requests of its own", async () => {
      const shop = locked({ dependencies: { router: "^1.0.0" } }, { router: "1.0.0" });
      const { install, pulls, requires, locks } = await open({
        repositories: {
          "acme/web": {
            "shop/package.json": shop["package.json"] ?? "",
            "shop/package-lock.json": shop["package-lock.json"] ?? "",
            "tools/package.json": manifestOf({ dependencies: { logger: "2.3.0" } }, "tools"),
          },
        },
      });
      await install();

      const titles = await pulls();
      expect(titles).toEqual([
        expect.stringMatching(/^open #1 .*: Bump router from 1\.0\.0 to 1\.2\.0 in \/shop/),
        expect.stringMatching(/^open #2 .*: Bump logger from 2\.3\.0 to 2\.3\.9 in \/tools/),
      ]);
      const branches = titles.map((title) => title.split(/[ :]+/)[2] ?? "");
      expect(locks(branches[0] ?? "", "shop/package-lock.json")).toEqual({ router: "1.2.0" });
      expect(requires(branches[1] ?? "", "tools/package.json")).toEqual({ logger: "2.3.9" });
    });
  });
}
