import { describe, expect, it } from "vitest";
import type { GroupRule } from "../../src/domain/policy.ts";
import { plan } from "../../src/pipeline/plan/plan.ts";
import {
  advisory,
  dependency,
  development,
  findings,
  manifest,
  policy,
  project,
  reasons,
  releases,
  summary,
} from "../builders.ts";

const now = new Date("2026-06-01T00:00:00Z");
const lockfile = { path: "package-lock.json", graph: { packages: [] } };

describe("groups", () => {
  it("takes small updates together and gives each major its own pull request", () => {
    const found = findings(
      project(
        manifest(dependency("react", "^18.2.0"), dependency("zod", "^3.22.0"), development("vite", "^5.0.0")),
      ),
      {
        react: releases("18.2.0", "19.0.0"),
        vite: releases("5.0.0", "5.4.1"),
        zod: releases("3.22.0", "3.23.8"),
      },
    );
    expect(summary(plan(found, policy(), now))).toEqual({
      "npm/development": ["vite ^5.0.0 -> ^5.4.1"],
      "npm/major:react": ["react ^18.2.0 -> ^19.0.0"],
      "npm/runtime": ["zod ^3.22.0 -> ^3.23.8"],
    });
  });

  it("puts small updates before majors, for where not all may be open", () => {
    const found = findings(project(manifest(dependency("react", "^18.2.0"), dependency("zod", "^3.22.0"))), {
      react: releases("18.2.0", "19.0.0"),
      zod: releases("3.22.0", "3.23.8"),
    });
    const { groups } = plan(found, policy(), now);
    expect(groups.map(({ key }) => key)).toEqual(["npm/runtime", "npm/major:react"]);
  });

  it("does not let small updates of a package wait for its major", () => {
    const found = findings(project(manifest(dependency("react", "^18.2.0"))), {
      react: releases("18.2.0", "18.3.1", "19.0.0"),
    });
    expect(summary(plan(found, policy(), now))).toEqual({
      "npm/major:react": ["react ^18.2.0 -> ^19.0.0"],
      "npm/runtime": ["react ^18.2.0 -> ^18.3.1"],
    });
  });

  it("keeps the projects of a repository apart", () => {
    const at = (root: string) =>
      project({ path: `${root}/package.json`, dependencies: [dependency("zod", "^3.22.0")] }, { root });
    const found = findings([at("api"), at("web")], { zod: releases("3.22.0", "3.23.8") });
    expect(Object.keys(summary(plan(found, policy(), now)))).toEqual([
      "npm/runtime in api",
      "npm/runtime in web",
    ]);
  });

  it("moves a package of a workspace in all its manifests at once, with those that run it", () => {
    const members = [
      { path: "package.json", dependencies: [development("zod", "^3.22.0")] },
      { path: "packages/a/package.json", dependencies: [dependency("zod", "^3.21.0")] },
    ];
    const found = findings(project(members), { zod: releases("3.21.0", "3.22.0", "3.23.8") });
    expect(summary(plan(found, policy(), now))).toEqual({
      "npm/runtime": ["zod ^3.22.0 -> ^3.23.8", "zod ^3.21.0 -> ^3.23.8"],
    });
  });

  it("keeps together what asks for each other, under the name of what is asked for", () => {
    const peer = (version: string, range: string) => ({
      version,
      publishedAt: "2026-01-01T00:00:00Z",
      peers: { eslint: range },
    });
    const found = findings(
      project(
        manifest(
          development("eslint", "^8.0.0"),
          development("a-plugin", "^1.0.0"),
          development("b-plugin", "^3.0.0"),
          development("c-plugin", "^4.0.0"),
        ),
      ),
      {
        eslint: releases("8.0.0", "9.0.0"),
        // Asks for the new one: it cannot move alone.
        "a-plugin": releases(peer("1.0.0", "^8 || ^9"), peer("2.0.0", "^9")),
        // Does not accept the new one: it cannot be left alone.
        "b-plugin": releases(peer("3.0.0", "^8"), peer("4.0.0", "^8 || ^9")),
        // Accepts either.
        "c-plugin": releases(peer("4.0.0", ">=8"), peer("5.0.0", ">=8")),
      },
    );
    const { groups, decisions } = plan(found, policy(), now);
    expect(groups.map(({ key, updates }) => [key, updates.map(({ dependency: { name } }) => name)])).toEqual([
      ["npm/major:c-plugin", ["c-plugin"]],
      ["npm/major:eslint", ["a-plugin", "b-plugin", "eslint"]],
    ]);
    expect(decisions.map(({ reason: { detail } }) => detail)).toEqual([
      "9.0.0 is newer than 8.0.0; a-plugin 2.0.0 asks for eslint ^9 beside it; b-plugin 3.0.0 does not accept eslint 9.0.0",
      "2.0.0 is newer than 1.0.0; a-plugin 2.0.0 asks for eslint ^9 beside it",
      "4.0.0 is newer than 3.0.0; b-plugin 3.0.0 does not accept eslint 9.0.0",
      "5.0.0 is newer than 4.0.0",
    ]);
    const apart = plan(found, policy({ groupRelated: false }), now);
    expect(apart.groups.map(({ key }) => key)).toContain("npm/major:a-plugin");
  });

  it("keeps together what is released in lockstep, and types with what they describe", () => {
    const found = findings(
      project(
        manifest(
          dependency("react", "^18.2.0"),
          dependency("react-dom", "^18.2.0"),
          development("@types/react", "^18.1.0"),
          development("vitest", "^2.0.0"),
          development("@vitest/ui", "^2.0.0"),
          dependency("zod", "^3.0.0"),
          dependency("ms", "^3.0.0"),
        ),
      ),
      {
        react: releases("18.2.0", "19.1.0"),
        "react-dom": releases("18.2.0", "19.1.0"),
        "@types/react": releases("18.1.0", "19.0.2"),
        vitest: releases("2.0.0", "3.0.0"),
        "@vitest/ui": releases("2.0.0", "3.0.0"),
        // The same versions by chance.
        zod: releases("3.0.0", "4.0.0"),
        ms: releases("3.0.0", "4.0.0"),
      },
    );
    const { groups } = plan(found, policy(), now);
    expect(
      groups.map(({ key, single, updates }) => [key, single, updates.map((it) => it.dependency.name)]),
    ).toEqual([
      ["npm/major:ms", true, ["ms"]],
      ["npm/major:react", false, ["@types/react", "react", "react-dom"]],
      ["npm/major:vitest", false, ["@vitest/ui", "vitest"]],
      ["npm/major:zod", true, ["zod"]],
    ]);
    expect(Object.keys(summary(plan(found, policy({ groupRelated: false }), now)))).toHaveLength(7);
  });

  const lint: GroupRule = {
    name: "lint",
    patterns: ["eslint*"],
    excludePatterns: [],
    updateTypes: [],
    appliesTo: "version",
  };

  it("follows the configuration's rules, majors too where a rule lets them in", () => {
    const found = findings(
      project(
        manifest(
          development("eslint", "^9.0.0"),
          development("eslint-plugin-n", "^17.0.0"),
          development("vite", "^5.0.0"),
        ),
      ),
      {
        eslint: releases("9.0.0", "9.1.0"),
        "eslint-plugin-n": releases("17.0.0", "18.0.0"),
        vite: releases("5.0.0", "5.4.1"),
      },
    );
    expect(summary(plan(found, policy({ groups: [lint] }), now))).toEqual({
      "npm/development": ["vite ^5.0.0 -> ^5.4.1"],
      "npm/lint": ["eslint ^9.0.0 -> ^9.1.0", "eslint-plugin-n ^17.0.0 -> ^18.0.0"],
    });
  });

  it("takes the big step only where a rule lets both of a package in", () => {
    const found = findings(project(manifest(dependency("react", "^18.2.0"))), {
      react: releases("18.2.0", "18.3.1", "19.0.0"),
    });
    const ui: GroupRule = {
      name: "ui",
      patterns: ["react*"],
      excludePatterns: [],
      updateTypes: [],
      appliesTo: "version",
    };
    const made = plan(found, policy({ groups: [ui] }), now);
    expect(summary(made)).toEqual({ "npm/ui": ["react ^18.2.0 -> ^19.0.0"] });
    expect(made.decisions[0]).toMatchObject({
      reason: { detail: "19.0.0 is newer than 18.2.0" },
      candidates: [
        { version: "19.0.0" },
        { version: "18.3.1", rejected: { code: "not-needed", detail: "19.0.0 was taken" } },
      ],
    });
  });

  it("holds one update of a dependency, the larger one, where a rule takes all sizes", () => {
    const found = findings(project(manifest(development("eslint", "^9.0.0"))), {
      eslint: releases("9.0.0", "9.1.0", "10.0.0"),
    });
    const planned = plan(found, policy({ groups: [lint] }), now);
    expect(summary(planned)).toEqual({ "npm/lint": ["eslint ^9.0.0 -> ^10.0.0"] });
    expect(
      planned.decisions[0]?.candidates.map(({ version, rejected }) => [version, rejected?.code]),
    ).toEqual([
      ["10.0.0", undefined],
      ["9.1.0", "not-needed"],
    ]);
  });

  it("lets an update of a size that its rule does not name go its own way", () => {
    const found = findings(project(manifest(development("eslint", "^9.0.0"))), {
      eslint: releases("9.0.0", "10.0.0"),
    });
    const rule: GroupRule = { ...lint, updateTypes: ["minor", "patch"] };
    expect(Object.keys(summary(plan(found, policy({ groups: [rule] }), now)))).toEqual(["npm/major:eslint"]);
  });

  it("takes the rule whose pattern fits most closely", () => {
    const all: GroupRule = { ...lint, name: "all", patterns: ["*"] };
    const exact: GroupRule = { ...lint, name: "exact", patterns: ["eslint-plugin-n"] };
    const found = findings(
      project(
        manifest(
          development("eslint", "^9.0.0"),
          development("eslint-plugin-n", "^17.0.0"),
          development("vite", "^5.0.0"),
        ),
      ),
      {
        eslint: releases("9.0.0", "9.1.0"),
        "eslint-plugin-n": releases("17.0.0", "17.1.0"),
        vite: releases("5.0.0", "5.1.0"),
      },
    );
    const { groups } = plan(found, policy({ groups: [all, lint, exact] }), now);
    expect(groups.map(({ key, updates }) => [key, updates.map((it) => it.dependency.name)])).toEqual([
      ["npm/all", ["vite"]],
      ["npm/exact", ["eslint-plugin-n"]],
      ["npm/lint", ["eslint"]],
    ]);
  });
});

describe("security", () => {
  const young = { version: "5.4.2", publishedAt: "2026-05-31T12:00:00Z" };

  it("goes first, takes the lowest release that mends it, and does not wait for it to cool", () => {
    const found = findings(
      project(manifest(dependency("vite", "^5.0.0"), dependency("zod", "^3.22.0"))),
      { vite: releases("5.0.0", "5.4.1", young, "5.5.0"), zod: releases("3.22.0", "3.23.8") },
      [advisory("GHSA-1", "vite", { fixed: "5.4.2" })],
    );
    expect(Object.entries(summary(plan(found, policy(), now)))).toEqual([
      ["npm/security", ["vite ^5.0.0 -> ^5.4.2"]],
      ["npm/runtime", ["zod ^3.22.0 -> ^3.23.8"]],
    ]);
  });

  it("gives a fix that takes a major a pull request of its own", () => {
    const found = findings(
      project(manifest(dependency("vite", "^5.0.0"))),
      { vite: releases("5.0.0", "6.0.0") },
      [advisory("GHSA-1", "vite", { fixed: "6.0.0" })],
    );
    expect(Object.keys(summary(plan(found, policy(), now)))).toEqual(["npm/security:vite"]);
  });

  it("never leads from one vulnerable release to another", () => {
    const found = findings(
      project(manifest(dependency("vite", "^5.0.0"))),
      { vite: releases("5.0.0", "5.1.0", "5.2.0", "5.3.0") },
      [
        advisory("GHSA-1", "vite", { fixed: "5.1.0" }),
        advisory("GHSA-2", "vite", { introduced: "5.1.0", fixed: "5.2.0" }),
        advisory("GHSA-3", "vite", { introduced: "5.3.0" }),
      ],
    );
    expect(summary(plan(found, policy(), now))).toEqual({ "npm/security": ["vite ^5.0.0 -> ^5.2.0"] });
  });

  it("is told when nothing mends it", () => {
    const found = findings(
      project(manifest(dependency("vite", "^5.0.0"))),
      { vite: releases("5.0.0", "5.1.0") },
      [advisory("GHSA-1", "vite")],
    );
    expect(reasons(plan(found, policy(), now))).toEqual({ vite: "held: no-fix" });
  });

  it("is not held back by a rule about sizes, but by one about versions", () => {
    const found = findings(
      project(manifest(dependency("vite", "^5.0.0"))),
      { vite: releases("5.0.0", "5.1.0", "6.0.0") },
      [advisory("GHSA-1", "vite", { fixed: "5.1.0" })],
    );
    const bySize = policy({ ignore: [{ pattern: "vite", versions: [], updateTypes: ["minor"] }] });
    expect(summary(plan(found, bySize, now))).toEqual({ "npm/security": ["vite ^5.0.0 -> ^5.1.0"] });
    const byVersion = policy({ ignore: [{ pattern: "vite", versions: ["5.x"], updateTypes: [] }] });
    expect(summary(plan(found, byVersion, now))).toEqual({ "npm/security:vite": ["vite ^5.0.0 -> ^6.0.0"] });
  });
});

describe("what holds a release back", () => {
  const one = (release: Parameters<typeof releases>[1], more: Partial<ReturnType<typeof releases>> = {}) =>
    findings(project({ ...manifest(dependency("vite", "^5.0.0")), engines: { node: ">=20" } }), {
      vite: { ...releases("5.0.0", release ?? "5.0.0"), ...more },
    });

  it.each([
    [
      "it is deprecated",
      { version: "5.1.0", withdrawn: { kind: "deprecated" as const } },
      "held: deprecated",
    ],
    ["it is a prerelease", { version: "5.1.0-beta.1" }, "current: newest"],
    ["it needs a newer node", { version: "5.1.0", engines: { node: ">=22" } }, "held: engines"],
    ["it is too young", { version: "5.1.0", publishedAt: "2026-05-30T12:00:00Z" }, "held: cooldown"],
    ["it does not exist yet", { version: "5.1.0", publishedAt: "2026-06-02T00:00:00Z" }, "current: newest"],
  ])("%s", (_, release, reason) => {
    expect(reasons(plan(one(release), policy(), now))).toEqual({ vite: reason });
  });

  it("takes the newest release that has cooled", () => {
    const found = one("5.1.0", {
      releases: releases("5.0.0", "5.1.0", { version: "5.1.1", publishedAt: "2026-05-31T00:00:00Z" })
        .releases,
    });
    expect(summary(plan(found, policy(), now))).toEqual({ "npm/runtime": ["vite ^5.0.0 -> ^5.1.0"] });
  });

  it("respects what the maintainers recommend, unless a later one is in use already", () => {
    const found = one("5.1.0", { recommended: "5.0.0" });
    expect(reasons(plan(found, policy(), now))).toEqual({ vite: "current: newest" });
    const ahead = one("5.1.0", { recommended: "4.0.0" });
    expect(summary(plan(ahead, policy(), now))).toEqual({ "npm/runtime": ["vite ^5.0.0 -> ^5.1.0"] });
  });

  it("follows prereleases only of the version whose prerelease is in use", () => {
    const found = findings(project(manifest(dependency("vite", "6.0.0-beta.1"))), {
      vite: releases("6.0.0-beta.1", "6.0.0-beta.2", "7.0.0-alpha.1"),
    });
    expect(summary(plan(found, policy(), now))).toEqual({
      "npm/runtime": ["vite 6.0.0-beta.1 -> 6.0.0-beta.2"],
    });
  });

  it("waits by the size of the update where the configuration says so", () => {
    const cooldown = { days: 3, major: 200, include: [], exclude: ["react"] };
    const found = findings(project(manifest(dependency("vite", "^5.0.0"), dependency("react", "^18.0.0"))), {
      vite: releases("5.0.0", "6.0.0"),
      react: releases("18.0.0", { version: "18.0.1", publishedAt: "2026-05-31T23:00:00Z" }),
    });
    expect(reasons(plan(found, policy({ cooldown }), now))).toEqual({
      vite: "held: cooldown",
      react: "update: newer-release",
    });
  });

  it("takes the last change of the package for the age of a release without one", () => {
    const undated = { releases: [{ version: "5.0.0" }, { version: "5.1.0" }], dated: false };
    const old = one("5.1.0", { ...undated, modifiedAt: "2026-05-01T00:00:00Z" });
    expect(reasons(plan(old, policy(), now))).toEqual({ vite: "update: newer-release" });
    const recent = one("5.1.0", { ...undated, modifiedAt: "2026-05-31T00:00:00Z" });
    expect(reasons(plan(recent, policy(), now))).toEqual({ vite: "held: cooldown" });
  });
});

describe("every dependency has a decision", () => {
  it("says what is held, what is current, and what could not be looked up", () => {
    const found = findings(
      project(
        manifest(
          dependency("linked", "file:../linked", { held: { code: "local", detail: "it is a folder" } }),
          dependency("fresh", "^1.0.0"),
          dependency("gone", "^1.0.0"),
          dependency("ignored", "^1.0.0"),
          { name: "any", requirement: "*", span: { start: 0, end: 1 }, scope: "runtime" },
        ),
      ),
      { fresh: releases("1.0.0"), ignored: releases("1.0.0", "1.1.0") },
    );
    const ignoring = policy({ ignore: [{ pattern: "ignore*", versions: [], updateTypes: [] }] });
    expect(reasons(plan(found, ignoring, now))).toEqual({
      linked: "held: local",
      fresh: "current: newest",
      gone: "failed: not-found",
      ignored: "held: ignored",
      any: "current: any-version",
    });
  });

  it("names every newer release and why it was taken or not", () => {
    const found = findings(project(manifest(dependency("vite", "^5.0.0"))), {
      vite: releases("5.0.0", "5.1.0", "5.2.0", "5.3.0-beta.1"),
    });
    const [decision] = plan(found, policy(), now).decisions;
    expect(decision?.candidates.map(({ version, rejected }) => [version, rejected?.code])).toEqual([
      ["5.3.0-beta.1", "prerelease"],
      ["5.2.0", undefined],
      ["5.1.0", "not-needed"],
    ]);
  });

  it("widens a promise to its users only where the release is outside of it", () => {
    const peer = dependency("react", "^17.0.0 || ^18.0.0", { scope: "peer", version: "18.2.0" });
    const inside = findings(project(manifest(peer), { lockfile }), { react: releases("18.2.0", "18.3.1") });
    expect(reasons(plan(inside, policy(), now))).toEqual({ react: "current: in-range" });
    const outside = findings(project(manifest(peer), { lockfile }), { react: releases("18.2.0", "19.1.0") });
    expect(summary(plan(outside, policy(), now))).toEqual({
      "npm/major:react": ["react ^17.0.0 || ^18.0.0 -> ^17.0.0 || ^18.0.0 || ^19.0.0"],
    });
  });

  it("moves the lockfile alone where the requirement already allows the release", () => {
    const wide = dependency("zod", "3.x", { version: "3.22.0" });
    const known = { zod: releases("3.22.0", "3.23.8") };
    const withLock = findings(project(manifest(wide), { lockfile }), known);
    expect(summary(plan(withLock, policy(), now))).toEqual({ "npm/runtime": ["zod 3.22.0 -> 3.23.8"] });
    expect(reasons(plan(findings(project(manifest(wide)), known), policy(), now))).toEqual({
      zod: "current: in-range",
    });
  });
});
