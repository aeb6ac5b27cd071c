import { describe, expect, it } from "vitest";
import { readPolicies } from "../../src/config/repository.ts";
import { plan } from "../../src/pipeline/plan/plan.ts";
import type { Scan } from "../../src/pipeline/scan.ts";
import { explanation, explanationAsMarkdown } from "../../src/reports/explain.ts";
import { dependency, findings, manifest, project, releases } from "../builders.ts";

const now = new Date("2026-06-03T12:00:00Z"); // a Wednesday
const path = ".github/steeplejack.yml";
const repository = { owner: "acme", name: "web" };

/** What is told of `ui` with this configuration. */
function told(configuration: string, json = false) {
  const policies = readPolicies(path, configuration);
  const asked = findings(project(manifest(dependency("ui", "^1.0.0"), dependency("api", "^1.0.0"))), {
    ui: releases("1.0.0", "1.1.0", { version: "1.2.0", publishedAt: "2026-06-02T00:00:00Z" }, "2.0.0"),
    api: releases("1.0.0", "1.1.0"),
  });
  const scan: Scan = {
    ...plan(asked, policies, now),
    projects: asked.projects,
    excluded: [],
    resolutions: asked.resolutions,
    findings: [],
    problems: [],
  };
  const context = { policies, repository, now };
  return {
    text: explanation(scan, "ui", { ...context, colours: false, json }) ?? "",
    markdown: explanationAsMarkdown(scan, "ui", context) ?? "",
  };
}

describe("what is told of a package", () => {
  it("is every release, and where its updates go", () => {
    expect(told("").text).toMatchInlineSnapshot(`
      "ui in package.json
        required  ^1.0.0 (runtime)
        in use    1.0.0
        update: 1.1.0 and 2.0.0 are newer than 1.0.0 [newer-release]
        goes into npm/runtime at 1.1.0
        goes into npm/major:ui at 2.0.0
        next      2026-06-03T12:00Z, at once
        newer releases, newest first:
          ✓ 2.0.0  taken
          · 1.2.0  it was published 2026-06-02 and cools until 2026-06-05T00:00Z [cooldown]
          ✓ 1.1.0  taken
      "
    `);
  });

  it("is the rule that drops a release, with its line, and what cools, until its schedule comes", () => {
    const configuration = `ignore:
  - dependency-name: ui
    versions: [">=2", "1.1.0"]
cooldown:
  default-days: 5
schedule: before 5am on monday
`;
    expect(told(configuration).text).toMatchInlineSnapshot(`
      "ui in package.json
        required  ^1.0.0 (runtime)
        in use    1.0.0
        held: 2.0.0: the configuration ignores \`>=2\` of ui (.github/steeplejack.yml:2) [ignored]
        next      2026-06-08T00:00Z, when 1.2.0 has cooled, and its schedule comes
        newer releases, newest first:
          · 2.0.0  the configuration ignores \`>=2\` of ui (.github/steeplejack.yml:2) [ignored]
          · 1.2.0  it was published 2026-06-02 and cools until 2026-06-07T00:00Z (.github/steeplejack.yml:5) [cooldown]
          · 1.1.0  the configuration ignores \`1.1.0\` of ui (.github/steeplejack.yml:2) [ignored]
      "
    `);
  });

  it.each<[string, string, RegExp]>([
    [
      "the schedule that an update waits for",
      "schedule: every weekend",
      /waits for the schedule, until 2026-06-06T00:00Z\n.*next +2026-06-06T00:00Z, when its schedule comes/s,
    ],
    [
      "the limit",
      "limits: { open-pull-requests: 1 }\ndefault-groups: false",
      /at 2\.0\.0, which waits for room: 1 pull requests/,
    ],
    [
      "that nothing is opened",
      "mode: report",
      /, which waits for `mode: report` to be taken out of the configuration/,
    ],
    [
      "the rule that turns it off",
      "rules:\n  - match: { names: [ui] }\n    enabled: false",
      /held: a rule turns its updates off \(\.github\/steeplejack\.yml:3\) \[disabled\]/,
    ],
    [
      "what is not allowed",
      "allow: [{ dependency-name: api }]",
      /nothing in `allow` .* \(\.github\/steeplejack\.yml:1\) \[not-allowed\]/,
    ],
    [
      "what is allowed in some sizes",
      'allow: [{ dependency-name: ui, "update-types": ["version-update:semver-minor"] }]',
      /2\.0\.0 .*no major updates of ui \(\.github\/steeplejack\.yml:1\)/,
    ],
    ["what leaves requirements alone", "versioning-strategy: lockfile-only", /\[lockfile-only\]/],
    ["a schedule that never comes", 'schedule: "0 5 30 2 *"', /waits for the schedule, which never comes/],
  ])("is %s", (_, configuration, expected) => {
    expect(told(configuration).text).toMatch(expected);
  });

  it("is the same as data", () => {
    const [data] = JSON.parse(told("cooldown: { semver-minor-days: 7 }", true).text);
    expect(data).toMatchObject({
      outcome: "update",
      groups: [
        { key: "npm/runtime", to: "1.1.0", together: [] },
        { key: "npm/major:ui", to: "2.0.0", together: [] },
      ],
      next: { at: "2026-06-03T12:00:00.000Z", why: "at once" },
      candidates: [
        { version: "2.0.0" },
        {
          version: "1.2.0",
          rejected: { code: "cooldown", origin: `${path}:1`, until: "2026-06-09T00:00:00.000Z" },
        },
        { version: "1.1.0" },
      ],
    });
  });

  it("is a block in a comment", () => {
    expect(told("").markdown).toMatch(/^```text\nui in package\.json\n.*\n```$/s);
  });
});
