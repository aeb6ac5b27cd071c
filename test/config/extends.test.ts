import { describe, expect, it } from "vitest";
import { readReference } from "../../src/config/extends.ts";
import { repositoryPolicies } from "../../src/config/policy.ts";
import { ConfigurationError } from "../../src/domain/errors.ts";
import type { ConfigurationSource } from "../../src/domain/ports.ts";
import { memoryFiles } from "../fakes.ts";

const repository = { owner: "acme", name: "web" };
const path = ".github/steeplejack.yml";
const top = { ecosystem: "npm", root: "" };

/** Texts by `owner/name//path@ref`. */
function source(texts: Readonly<Record<string, string>>): ConfigurationSource & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    read: async ({ owner, name }, file, ref) => {
      const key = `${owner}/${name}//${file}${ref === undefined ? "" : `@${ref}`}`;
      asked.push(key);
      return texts[key];
    },
  };
}

async function policyWith(own: string | undefined, others: Readonly<Record<string, string>>, name = "web") {
  const policies = await repositoryPolicies(memoryFiles(own === undefined ? {} : { [path]: own }), {
    others: { repository: { ...repository, name }, source: source(others) },
  });
  return policies.forProject(top);
}

const organisation = `acme/.github//${path}`;

describe("an organisation's file", () => {
  it("holds where the repository says nothing, also without a file of its own", async () => {
    const others = { [organisation]: "labels: [deps]\nopen-pull-requests-limit: 3\n" };
    expect(await policyWith(undefined, others)).toMatchObject({ labels: ["deps"], openPullRequestsLimit: 3 });
    expect(await policyWith("labels: [own]\n", others)).toMatchObject({
      labels: ["own"],
      openPullRequestsLimit: 3,
    });
  });

  it("adds to tables key by key", async () => {
    const others = {
      [organisation]:
        "cooldown: { default-days: 9, exclude: [a] }\ngroups: { lint: { patterns: [eslint] } }\n",
    };
    const policy = await policyWith(
      "cooldown: { default-days: 1 }\ngroups: { test: { patterns: [vitest] } }\n",
      others,
    );
    expect(policy.cooldown).toEqual({ days: 1, include: [], exclude: ["a"] });
    expect(policy.groups.map(({ name }) => name)).toEqual(["lint", "test"]);
  });

  it("wins over everything with what it marks final, rules among it", async () => {
    const others = {
      [organisation]:
        "final: [cooldown, ignore]\ncooldown: { default-days: 9 }\nignore: [{ dependency-name: left-pad }]\n",
    };
    const own = `
cooldown: { default-days: 0, exclude: ["*"] }
ignore: []
rules:
  - match: { ecosystems: [npm] }
    cooldown: { default-days: 0 }
`;
    const policy = await policyWith(own, others);
    expect(policy.cooldown).toEqual({ days: 9, include: [], exclude: [] });
    expect(policy.ignore).toEqual([
      { pattern: "left-pad", versions: [], updateTypes: [], origin: `${organisation}:3` },
    ]);
  });

  it("is not read twice where it is the repository's own", async () => {
    const others = { [organisation]: "labels: [twice]\n" };
    expect((await policyWith("labels: [once]\n", others, ".github")).labels).toEqual(["once"]);
    expect((await policyWith(undefined, others, ".github")).labels).toBeUndefined();
  });

  it("lists no updates for others, and its rules come before the repository's", async () => {
    const others = {
      [organisation]: `
updates: [{ package-ecosystem: npm, directory: /elsewhere }]
rules: [{ match: {}, labels: [first], milestone: 1 }]
`,
    };
    const policy = await policyWith("rules: [{ match: {}, labels: [second] }]\n", others);
    expect(policy).toMatchObject({ labels: ["second"], milestone: 1, entry: "" });
    expect(policy.noVersionUpdates).toBeUndefined();
  });
});

describe("extends", () => {
  it("reads what is named, in order, each after what it builds on", async () => {
    const others = {
      "acme/presets//base.yml": "labels: [base]\nmilestone: 1\nassignees: [base]\n",
      "acme/presets//strict.yml@v2": "extends: acme/presets//base.yml\nlabels: [strict]\nmilestone: 2\n",
      [organisation]: "labels: [organisation]\nreviewers: [organisation]\n",
    };
    const policy = await policyWith('extends: ["acme/presets//strict.yml@v2"]\nmilestone: 3\n', others);
    expect(policy).toMatchObject({
      labels: ["strict"],
      milestone: 3,
      assignees: ["base"],
      reviewers: ["organisation"],
    });
  });

  it("lets an organisation's file win over what it builds on", async () => {
    const others = {
      [organisation]: "extends: acme/presets//base.yml\nlabels: [organisation]\n",
      "acme/presets//base.yml": "labels: [base]\nmilestone: 1\n",
    };
    expect(await policyWith("assignees: [a]\n", others)).toMatchObject({
      labels: ["organisation"],
      milestone: 1,
    });
  });

  it("reads no more than thirty files", async () => {
    const wide = `extends: [${Array.from({ length: 10 }, () => "acme/presets//b.yml").join(", ")}]\n`;
    const others = {
      "acme/presets//a.yml": wide,
      "acme/presets//b.yml": wide.replaceAll("b.yml", "c.yml"),
      "acme/presets//c.yml": "labels: [c]\n",
    };
    await expect(policyWith("extends: acme/presets//a.yml\n", others)).rejects.toThrow(
      "no more than 30 files",
    );
  });

  it.each<[string, string, Record<string, string>, string]>([
    [
      "a file that is not there",
      "extends: acme/presets//gone.yml\n",
      {},
      '.github/steeplejack.yml: line 1, column 10: "extends" names "acme/presets//gone.yml": there is no such file, or it may not be read',
    ],
    [
      "what is no reference",
      'extends: ["presets"]\n',
      {},
      '.github/steeplejack.yml: line 1, column 11: "extends" names "presets": expected organisation/repository//path@ref',
    ],
    [
      "a circle",
      "extends: acme/presets//a.yml\n",
      {
        "acme/presets//a.yml": "extends: acme/presets//b.yml\n",
        "acme/presets//b.yml": "extends: acme/presets//a.yml\n",
      },
      `acme/presets//b.yml: line 1, column 10: "extends" names "acme/presets//a.yml": it leads back to itself: acme/web//${path} -> acme/presets//a.yml -> acme/presets//b.yml -> acme/presets//a.yml`,
    ],
    [
      "a chain that is too long",
      "extends: acme/presets//1.yml\n",
      Object.fromEntries(
        [1, 2, 3, 4, 5, 6].map((each) => [
          `acme/presets//${each}.yml`,
          `extends: acme/presets//${each + 1}.yml\n`,
        ]),
      ),
      'acme/presets//5.yml: line 1, column 10: "extends" names "acme/presets//6.yml": files may build on one another 5 deep, and this goes deeper',
    ],
    [
      "a file with a fault",
      "extends: acme/presets//a.yml\n",
      { "acme/presets//a.yml": "\nlabls: [x]\n" },
      'acme/presets//a.yml: line 2, column 1: there is no option "labls". Did you mean "labels"?',
    ],
  ])("is an error for %s", async (_, own, others, message) => {
    const failed = policyWith(own, others);
    await expect(failed).rejects.toBeInstanceOf(ConfigurationError);
    await expect(failed).rejects.toThrow(message);
  });

  it("is not passed over where other repositories cannot be read", async () => {
    const files = memoryFiles({ [path]: "extends: acme/presets\n" });
    await expect(repositoryPolicies(files)).rejects.toThrow("--config-from");
  });

  it.each([
    ["acme/presets", { repository: { owner: "acme", name: "presets" }, path }],
    ["acme/presets@v1", { repository: { owner: "acme", name: "presets" }, path, ref: "v1" }],
    ["acme/presets//a/b.yml", { repository: { owner: "acme", name: "presets" }, path: "a/b.yml" }],
    [
      "acme/presets//a.yml@feat/x",
      { repository: { owner: "acme", name: "presets" }, path: "a.yml", ref: "feat/x" },
    ],
    ["acme/presets//../x", undefined],
    ["acme/..//x", undefined],
    ["acme", undefined],
    ["https://x.example/acme/presets", undefined],
  ])("reads the reference %s", (text, expected) => {
    expect(readReference(text)).toEqual(expected);
  });
});
