import { describe, expect, it } from "vitest";
import { policiesInForce } from "../../src/config/in-force.ts";
import { ConfigurationError } from "../../src/domain/errors.ts";
import type { ConfigurationSource, FileHistory } from "../../src/domain/ports.ts";
import type { Repository } from "../../src/domain/types.ts";
import { memoryFiles } from "../fakes.ts";

const path = ".github/steeplejack.yml";
const project = { ecosystem: "npm", root: "" };

/** Versions of files, newest first: the first is what is there. A version without a text is the file's removal. */
async function inForce(versions: Readonly<Record<string, readonly (string | undefined)[]>>) {
  const read: string[] = [];
  const history: FileHistory = {
    versions: async (of) => (versions[of] ?? []).map((_, index) => String(index)),
    read: async (of, sha) => {
      read.push(`${of}@${sha}`);
      return versions[of]?.[Number(sha)];
    },
  };
  const now = Object.entries(versions).flatMap(([of, [text]]) => (text === undefined ? [] : [[of, text]]));
  const { policies, broken } = await policiesInForce(memoryFiles(Object.fromEntries(now)), {}, history);
  return { labels: policies.forProject(project).labels, since: broken?.since, read };
}

describe("the configuration in force", () => {
  it("is what is there, and nothing else is looked at", async () => {
    expect(await inForce({ [path]: ["labels: [now]", "labels: 3"] })).toEqual({
      labels: ["now"],
      since: undefined,
      read: [],
    });
  });

  it("is the newest that can be obeyed", async () => {
    expect(
      await inForce({ [path]: ["labels: 3", "labels: [", undefined, "labels: [then]", "labels: [before]"] }),
    ).toMatchObject({ labels: ["then"], since: "3" });
  });

  it("is the file of another name, where it was broken when it was renamed", async () => {
    const rival = "version: 2\nupdates: [{ package-ecosystem: npm, directory: /, labels: [then] }]";
    expect(
      await inForce({ [path]: ["labels: 3"], ".github/dependabot.yml": [undefined, rival] }),
    ).toMatchObject({ labels: ["then"], since: "1" });
  });

  it("is none where there never was one that could be obeyed", async () => {
    await expect(inForce({ [path]: ["labels: 3", "labels: 4"] })).rejects.toThrow(ConfigurationError);
  });
});

describe("what a repository's file builds on, where it is faulty", () => {
  const organisation = "acme/.github";

  /** Versions of other repositories' files by `owner/name//path`, newest first: the first is what is there. */
  async function withOthers(own: string, others: Readonly<Record<string, readonly (string | undefined)[]>>) {
    const of = (repository: Repository, file: string) =>
      others[`${repository.owner}/${repository.name}//${file}`] ?? [];
    const source: ConfigurationSource = {
      read: async (repository, file, ref = "0") => of(repository, file)[Number(ref)],
      versions: async (repository, file) => of(repository, file).map((_, index) => String(index)),
    };
    const surroundings = { others: { repository: { owner: "acme", name: "web" }, source } };
    const history: FileHistory = { versions: async () => [], read: async () => undefined };
    const { policies, shared } = await policiesInForce(memoryFiles({ [path]: own }), surroundings, history);
    const { labels, milestone, ignore, cooldown, automerge } = policies.forProject(project);
    return {
      labels,
      milestone,
      mode: policies.mode,
      ignore: ignore.map(({ pattern }) => pattern),
      days: cooldown.days,
      automerge: automerge !== undefined,
      shared: shared.map(({ error, since }) => `${error.path} ${since}: ${error.faults.join("; ")}`),
    };
  }

  const usual = { labels: undefined, milestone: undefined, mode: "propose", ignore: [], days: 3 };

  it("is obeyed as it last was without a fault, with what is final", async () => {
    expect(
      await withOthers("ignore: []\nautomerge: true\n", {
        [`${organisation}//${path}`]: ["labels: 3", "final: [ignore]\nignore: [{ dependency-name: a }]"],
      }),
    ).toEqual({
      ...usual,
      ignore: ["a"],
      automerge: true,
      shared: [`${organisation}//${path} 1: line 1, column 9: "labels" is 3: expected a list`],
    });
  });

  it("holds back what it held back, where it never was without a fault, and nothing is merged", async () => {
    const text = `
mode: report
final: [ignore, labels]
ignore: [{ dependency-name: a }]
cooldown: { default-days: soon }
automerge: true
labels: [theirs]
labls: []
`;
    expect(
      await withOthers("ignore: []\nautomerge: true\n", { [`${organisation}//${path}`]: [text] }),
    ).toMatchObject({
      ...usual,
      mode: "report",
      ignore: ["a"],
      automerge: false,
      shared: [expect.stringContaining("undefined: line")],
    });
  });

  it("is left out where it is no YAML, and the rest holds", async () => {
    expect(
      await withOthers("extends: [acme/presets//a.yml, acme/presets//b.yml]\nmilestone: 1\n", {
        "acme/presets//a.yml": ["labels: [base]"],
        "acme/presets//b.yml": ["labels: [broken"],
      }),
    ).toMatchObject({
      ...usual,
      labels: ["base"],
      milestone: 1,
      shared: [expect.stringContaining("acme/presets//b.yml undefined")],
    });
  });

  it("is obeyed as it last was where it is gone", async () => {
    expect(
      await withOthers("extends: acme/presets//a.yml\n", {
        "acme/presets//a.yml": [undefined, "labels: [then]"],
      }),
    ).toMatchObject({
      labels: ["then"],
      shared: ["acme/presets//a.yml 1: it is no longer there, or may no longer be read"],
    });
  });

  it("goes without what it names itself and is not there", async () => {
    expect(
      await withOthers("extends: acme/presets//a.yml\n", {
        "acme/presets//a.yml": ["extends: [acme/presets//gone.yml, acme/presets//a.yml]\nlabels: [a]"],
      }),
    ).toMatchObject({
      labels: ["a"],
      automerge: false,
      shared: [
        expect.stringContaining('gone.yml": there is no such file'),
        expect.stringContaining("leads back to itself"),
      ],
    });
  });

  it("stops everything where the repository's own file names what never was there", async () => {
    await expect(withOthers("extends: acme/presets//a.yml\n", {})).rejects.toThrow("there is no such file");
  });
});
