import { describe, expect, it } from "vitest";
import { repositoryPolicies } from "../../src/config/policy.ts";
import { readPolicies } from "../../src/config/repository.ts";
import { ConfigurationError } from "../../src/domain/errors.ts";
import { defaultPolicy } from "../../src/domain/policy.ts";
import { memoryFiles } from "../fakes.ts";

const path = ".github/steeplejack.yml";
const top = { ecosystem: "npm", root: "" };
const read = (text: string) => readPolicies(path, text).forProject(top);

describe("steeplejack.yml", () => {
  it("means the defaults when it is empty or not there", async () => {
    expect(read("")).toEqual(defaultPolicy);
    expect(read("# nothing yet\n")).toEqual(defaultPolicy);
    expect((await repositoryPolicies(memoryFiles({}))).forProject(top)).toEqual(defaultPolicy);
  });

  it("says everything that can be said", async () => {
    const text = `
groups:
  lint:
    patterns: ["eslint*", "@typescript-eslint/*"]
    exclude-patterns: [eslint-config-acme]
    dependency-type: development
    update-types: [minor, patch]
  fixes:
    applies-to: security-updates
ignore:
  - dependency-name: react
    versions: [">=19"]
  - dependency-name: "@acme/*"
    update-types: ["version-update:semver-major"]
group-related: false
exclude-paths: ["legacy/**"]
cooldown:
  default-days: 5
  semver-major-days: 30
  exclude: ["@acme/*"]
schedule:
  interval: weekly
  day: tuesday
  time: "05:30"
  timezone: Europe/Berlin
open-pull-requests-limit: 3
versioning-strategy: widen
labels: [deps]
commit-message:
  prefix: build
  prefix-development: chore
  include: scope
`;
    const policies = await repositoryPolicies(memoryFiles({ [path]: text }));
    const { origins, ...said } = policies.forProject(top);
    expect(origins?.get("cooldown.default-days")).toBe(`${path}:18`);
    expect(said).toEqual({
      ...defaultPolicy,
      groups: [
        {
          name: "lint",
          patterns: ["eslint*", "@typescript-eslint/*"],
          excludePatterns: ["eslint-config-acme"],
          dependencyType: "development",
          updateTypes: ["minor", "patch"],
          appliesTo: "version",
        },
        { name: "fixes", patterns: [], excludePatterns: [], updateTypes: [], appliesTo: "security" },
      ],
      ignore: [
        { pattern: "react", versions: [">=19"], updateTypes: [], origin: `${path}:11` },
        { pattern: "@acme/*", versions: [], updateTypes: ["major"], origin: `${path}:13` },
      ],
      groupRelated: false,
      excludePaths: ["legacy/**"],
      cooldown: { days: 5, major: 30, include: [], exclude: ["@acme/*"] },
      schedule: { kind: "interval", interval: "weekly", day: 2, minute: 330, timezone: "Europe/Berlin" },
      openPullRequestsLimit: 3,
      versioningStrategy: "widen",
      labels: ["deps"],
      commitMessage: { prefix: "build", prefixDevelopment: "chore", includeScope: true },
    });
  });

  it.each([
    [
      "an unknown option",
      "cooldwn:\n  default-days: 3\n",
      `line 1, column 1: there is no option "cooldwn". Did you mean "cooldown"?`,
    ],
    [
      "an unknown option further in",
      "cooldown:\n  default-day: 3\n",
      `line 2, column 3: there is no option "cooldown.default-day". Did you mean "default-days"?`,
    ],
    ["a value of the wrong type", "labels: deps\n", `line 1, column 9: "labels" is "deps": expected a list`],
    [
      "a value that is none of the allowed",
      "schedule:\n  interval: weekley\n",
      `line 2, column 13: "schedule.interval" is "weekley": expected one of daily, weekly, monthly, quarterly, semiannually, yearly, cron. Did you mean "weekly"?`,
    ],
    [
      "a time zone that does not exist",
      "schedule: { interval: daily, timezone: Mars/Base }\n",
      `line 1, column 40: "schedule.timezone" is "Mars/Base": expected an IANA time zone such as Europe/Berlin`,
    ],
    [
      "broken YAML",
      "groups: [\n",
      "line 2, column 1: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    [
      "a key twice",
      "labels: []\nlabels: []\n",
      `line 2, column 1: "labels" is there twice: keep one of them`,
    ],
  ])("is refused for %s, with its place", (_, text, fault) => {
    const error = failureOf(() => read(text));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error instanceof ConfigurationError && error.faults).toEqual([fault]);
  });

  it("names all its faults at once", () => {
    const error = failureOf(() => read("labels: 1\nopen-pull-requests-limit: many\n"));
    expect(error instanceof ConfigurationError && error.faults).toHaveLength(2);
  });
});

function failureOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
