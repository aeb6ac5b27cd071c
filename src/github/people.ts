import type { Octokit } from "@octokit/rest";
import type { PullRequestDraft, Repository } from "../domain/types.ts";
import { unless } from "./repository.ts";

type People = NonNullable<PullRequestDraft["people"]>;

/** Assigns pull requests, asks for reviews and sets milestones. What GitHub refuses is told, and the rest is done. */
export function peopleOf(
  octokit: Octokit,
  { owner, name }: Repository,
): { readonly involve: (number: number, people: People) => Promise<readonly string[]> } {
  const of = { owner, repo: name };
  const refusals = [403, 404, 422];
  return {
    async involve(number, { assignees = [], reviewers = [], milestone }) {
      const refused: string[] = [];
      const attempt = async (what: string, asked: Promise<unknown>) => {
        if ((await unless(refusals, asked)) === undefined) refused.push(what);
      };
      const issue = { ...of, issue_number: number };
      if (milestone !== undefined)
        await attempt(`the milestone ${milestone}`, octokit.issues.update({ ...issue, milestone }));
      if (assignees.length > 0) {
        const asked = octokit.issues.addAssignees({ ...issue, assignees: [...assignees] });
        await attempt(`assigning ${assignees.join(", ")}`, asked);
      }
      // One that is unknown makes GitHub refuse all of a request.
      for (const reviewer of reviewers) {
        const team = reviewer.split("/")[1];
        const whom = team === undefined ? { reviewers: [reviewer] } : { team_reviewers: [team] };
        const asked = octokit.pulls.requestReviewers({ ...of, pull_number: number, ...whom });
        await attempt(`a review by ${reviewer}`, asked);
      }
      return refused;
    },
  };
}
