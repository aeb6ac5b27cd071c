import { describe, expect, it } from "vitest";
import { type Judge, startCi } from "./ci.ts";
import { locked } from "./files.ts";
import { type Cast, start, type Where } from "./stage.ts";

const names = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"];

/** Eight packages, each with a newer version; a worker that waits for nothing in vain. */
export function eight(): Cast {
  const dependencies = Object.fromEntries(names.map((name) => [name, "^1.0.0"]));
  return {
    repositories: {
      "acme/web": locked({ dependencies }, Object.fromEntries(names.map((name) => [name, "1.0.0"]))),
    },
    packages: Object.fromEntries(names.map((name) => [name, { "1.0.0": {}, "1.1.0": {} }])),
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

  describe("a red group", () => {
    it("is rid of the update that breaks it, which gets a pull request of its own", async () => {
      const { pulls, comments, updated, branches, ci } = await open(({ versions }) =>
        has(versions, "foxtrot") ? "failure" : "success",
      );
      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/runtime: Bump the runtime group with 7 updates",
        expect.stringMatching(
          /^open #2 steeplejack\/npm\/runtime-foxtrot\S* ?: Bump foxtrot from 1.0.0 to 1.1.0/,
        ),
      ]);
      expect(updated("steeplejack/npm/runtime")).toEqual(names.filter((name) => name !== "foxtrot"));
      expect(branches().filter((name) => name.includes("bisect"))).toEqual([]);
      expect(ci.log).toEqual([]);
      expect(await comments(1)).toEqual([]);
    });
  });
}
