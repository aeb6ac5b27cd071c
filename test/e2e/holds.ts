import { describe, expect, it } from "vitest";
import { locked } from "./files.ts";
import { type Cast, osv, start, type Where } from "./stage.ts";

const packages = {
  router: { "1.0.0": {}, "1.1.0": {}, "1.2.0": {} },
  logger: { "2.3.0": {}, "2.3.9": {}, "3.0.0": {} },
};
const web = locked(
  { dependencies: { router: "^1.0.0", logger: "^2.3.0" } },
  { router: "1.0.0", logger: "2.3.0" },
);
const security = "open #1 steeplejack/npm/security: Bump router from 1.0.0 to 1.1.0 in the security group";

/** What goes first, and what has to wait. */
export function holding(where: () => Where): void {
  const open = (cast: Partial<Cast> & { settings?: string; others?: Cast["repositories"] }) =>
    start(
      {
        repositories: {
          "acme/web": {
            ...web,
            ...(cast.settings !== undefined && { ".github/steeplejack.yml": cast.settings }),
          },
          ...cast.others,
        },
        packages,
        advisories: [osv("GHSA-aaaa-bbbb-cccc", "router", "1.1.0")],
        at: "2026-06-02T12:00:00Z", // a Tuesday
        ...cast,
      },
      where(),
    );

  describe("a security update", () => {
    it("goes first and takes the lowest release that mends", async () => {
      const { install, pulls, pull, requires, locks } = await open({});
      await install();

      expect(await pulls()).toEqual([
        security,
        "open #2 steeplejack/npm/runtime: Bump logger from 2.3.0 to 2.3.9 in the runtime group",
        "open #3 steeplejack/npm/major-logger: Bump logger from 2.3.0 to 3.0.0",
      ]);
      const { labels, body } = await pull(1);
      expect(labels).toEqual(["dependencies", "javascript", "security"]);
      expect(body).toContain("GHSA-aaaa-bbbb-cccc");
      expect(requires("steeplejack/npm/security")).toEqual({ router: "^1.1.0", logger: "^2.3.0" });
      expect(locks("steeplejack/npm/security")).toEqual({ router: "1.1.0", logger: "2.3.0" });
    });

    it("does not wait for the schedule, as version updates do", async () => {
      const { install, pulls, log } = await open({
        settings: "schedule:\n  interval: weekly\n  day: monday\n",
      });
      await install();
      expect(await pulls()).toEqual([security]);
      expect(log.told("scan finished")).toMatchObject([{ opened: 1, waits: 2 }]);
    });

    it("does not count under the limit, as version updates do", async () => {
      const { install, rescan, pulls } = await open({ settings: "open-pull-requests-limit: 1\n" });
      await install();
      await rescan();
      expect(await pulls()).toEqual([
        security,
        "open #2 steeplejack/npm/runtime: Bump logger from 2.3.0 to 2.3.9 in the runtime group",
      ]);
    });

    it("does not cool, as version updates do", async () => {
      const { install, pulls } = await open({
        packages: {
          router: { "1.0.0": {}, "1.1.0": { at: "2026-06-01T12:00:00Z" } },
          logger: { "2.3.0": {}, "2.3.9": { at: "2026-06-01T12:00:00Z" } },
        },
      });
      await install();
      expect(await pulls()).toEqual([security]);
    });
  });

  describe("the repository's own file", () => {
    it("says what travels together and how it is worded", async () => {
      const { install, pulls, pull } = await open({
        advisories: [],
        settings: [
          "groups:",
          "  everything:",
          '    patterns: ["*"]',
          "ignore:",
          "  - dependency-name: logger",
          '    update-types: ["version-update:semver-major"]',
          "labels: [deps]",
          "commit-message:",
          "  prefix: build",
          "  include: scope",
          "",
        ].join("\n"),
      });
      await install();
      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/everything: build(deps): bump the everything group with 2 updates",
      ]);
      expect((await pull(1)).labels).toEqual(["deps"]);
    });

    it("may be that of Dependabot as it stands, with an entry for another branch", async () => {
      const { install, push, pulls, octocat, requires } = await open({ advisories: [] });
      await push({ "README.md": "# next" }, "next");
      await push({
        ".github/dependabot.yml": `version: 2
updates:
  - package-ecosystem: npm
    directory: /
    schedule: { interval: daily, time: "00:00" }
    allow: [{ dependency-name: logger }]
  - package-ecosystem: npm
    directory: /
    schedule: { interval: daily, time: "00:00" }
    target-branch: next
    allow: [{ dependency-name: router }]
`,
      });
      await install();
      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/single-logger: Bump logger from 2.3.0 to 3.0.0",
        expect.stringMatching(
          /^open #2 steeplejack\/npm\/single-router-on-next-\w{6}: Bump router from 1.0.0 to 1.2.0$/,
        ),
      ]);
      const { data } = await octocat.pulls.list({ owner: "acme", repo: "web" });
      expect(data.map(({ base }) => base.ref).toSorted()).toEqual(["main", "next"]);
      const [branch = ""] = data.flatMap(({ base, head }) => (base.ref === "next" ? [head.ref] : []));
      expect(requires(branch)).toEqual({ router: "^1.2.0", logger: "^2.3.0" });
    });

    it("builds on that of its organisation", async () => {
      const { github, install, pulls, pull } = await open({
        advisories: [],
        settings: "ignore: [{ dependency-name: logger }]\n",
        others: { "acme/.github": { ".github/steeplejack.yml": "labels: [ours]\nfinal: [labels]\n" } },
      });
      await install();
      expect(github.branches("acme/.github")).toEqual({ main: expect.any(String) });
      expect(await pulls()).toHaveLength(1);
      expect((await pull(1)).labels).toEqual(["ours"]);
    });

    it("proposes nothing while it is broken, says so in the log, and goes on when it is mended", async () => {
      const { install, push, pulls, log } = await open({ settings: "grups: {}\nschedule: often\n" });
      await install();
      expect(await pulls()).toEqual([]);
      expect(log.told("configuration is faulty, nothing is proposed")).toMatchObject([
        {
          repository: "acme/web",
          path: ".github/steeplejack.yml",
          faults: [
            'line 1, column 1: there is no option "grups". Did you mean "groups"?',
            expect.stringMatching(/^line 2, column 11: "schedule" is "often": /),
          ],
        },
      ]);

      await push({ ".github/steeplejack.yml": "open-pull-requests-limit: 0\n" });
      // The issue that told of it has the first number.
      expect(await pulls()).toEqual([security.replace("#1", "#2")]);
    });
  });
}
