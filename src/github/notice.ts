import type { Octokit } from "@octokit/rest";
import type { Repository } from "../domain/types.ts";
import { unless } from "./repository.ts";

/** One issue of the App about one subject, found by a marker that nobody sees. */
export interface Notice {
  /** Opens it, or makes the open one say so. */
  raise(title: string, body: string): Promise<void>;
  /** Closes the open one with a comment; nothing where there is none. */
  settle(comment: string): Promise<void>;
}

/** Does nothing where the App may not write issues. `login` is the App's own. */
export function githubNotice(
  octokit: Octokit,
  { owner, name, login }: Repository & { readonly login: string },
  subject: string,
): Notice {
  const of = { owner, repo: name };
  const marker = `<!-- steeplejack notice: ${subject} -->`;
  const mayNot = [403, 404, 410, 422];
  const find = async () => {
    const asked = octokit.issues.listForRepo({ ...of, state: "open", creator: login, per_page: 100 });
    const all = (await unless(mayNot, asked))?.data ?? [];
    return all.find((issue) => issue.pull_request === undefined && (issue.body ?? "").includes(marker));
  };
  return {
    raise: async (title, text) => {
      const body = `${text}\n\n${marker}`;
      const known = await find();
      if (known === undefined) await unless(mayNot, octokit.issues.create({ ...of, title, body }));
      else if (known.body?.replaceAll("\r\n", "\n") !== body)
        await unless(mayNot, octokit.issues.update({ ...of, issue_number: known.number, title, body }));
    },
    settle: async (comment) => {
      const known = await find();
      if (known === undefined) return;
      const issue = { ...of, issue_number: known.number };
      await unless(mayNot, octokit.issues.createComment({ ...issue, body: comment }));
      await unless(mayNot, octokit.issues.update({ ...issue, state: "closed", state_reason: "completed" }));
    },
  };
}
