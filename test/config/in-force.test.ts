import { describe, expect, it } from "vitest";
import { policiesInForce } from "../../src/config/in-force.ts";
import { ConfigurationError } from "../../src/domain/errors.ts";
import type { FileHistory } from "../../src/domain/ports.ts";
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

  it("is none where the fault is in what it builds on", async () => {
    const source = { read: async () => "labels: 3" };
    const others = { repository: { owner: "acme", name: "web" }, source };
    const history: FileHistory = { versions: async () => ["1"], read: async () => "labels: [then]" };
    const asked = policiesInForce(memoryFiles({ [path]: "labels: [now]" }), { others }, history);
    await expect(asked).rejects.toThrow("acme/.github//.github/steeplejack.yml");
  });
});
