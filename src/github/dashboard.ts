import type { Octokit } from "@octokit/rest";
import type { Repository } from "../domain/types.ts";
import { unless } from "./repository.ts";

/** One issue of the App that it keeps up to date. */
export interface Dashboard {
  /** Its text; `undefined` where there is none, or a person closed it. */
  read(): Promise<string | undefined>;
  /** Makes it say so, and opens it where there never was one. Gives whether anything was changed. */
  keep(title: string, body: string): Promise<boolean>;
}

/** Does nothing where the App may not write issues, or the repository has none. `login` is the App's own. */
export function githubDashboard(
  octokit: Octokit,
  { owner, name, login }: Repository & { readonly login: string },
  mark: string,
): Dashboard {
  const of = { owner, repo: name };
  const mayNot = [403, 404, 410, 422];
  const find = async () => {
    for (const state of ["open", "closed"] as const) {
      const sort = state === "closed" ? { sort: "updated" as const } : {};
      const question = { ...of, creator: login, state, ...sort, per_page: 100 };
      const all = (await unless(mayNot, octokit.paginate(octokit.issues.listForRepo, question))) ?? [];
      const found = all.find((issue) => issue.pull_request === undefined && issue.body?.includes(mark));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    read: async () => {
      const issue = await find();
      return issue?.state === "open" ? (issue.body ?? "") : undefined;
    },
    keep: async (title, body) => {
      const issue = await find();
      if (issue === undefined)
        return (await unless(mayNot, octokit.issues.create({ ...of, title, body }))) !== undefined;
      const isSame = issue.body?.replaceAll("\r\n", "\n").trim() === body.trim();
      if (issue.state !== "open" || isSame) return false;
      const changed = octokit.issues.update({ ...of, issue_number: issue.number, body });
      return (await unless(mayNot, changed)) !== undefined;
    },
  };
}
