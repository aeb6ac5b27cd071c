import type { Octokit } from "@octokit/rest";
import type { Conversation, Reaction } from "../domain/ports.ts";
import type { Repository } from "../domain/types.ts";
import { unless } from "./repository.ts";

export interface ConversationOptions extends Repository {
  /** Whose reactions are ours, such as `steeplejack[bot]`. */
  readonly login: string;
}

const reactions: readonly Reaction[] = ["eyes", "rocket", "confused", "-1"];

/** Reactions, permissions and states of one repository over GitHub's REST interface. Permissions are asked for once each. */
export function githubConversation(
  octokit: Octokit,
  { owner, name, login }: ConversationOptions,
): Conversation {
  const of = { owner, repo: name };
  const permissions = new Map<string, Promise<boolean>>();
  const asked = async (username: string): Promise<boolean> => {
    const answer = octokit.repos.getCollaboratorPermissionLevel({ ...of, username });
    const permission = (await unless([403, 404], answer))?.data.permission;
    return permission === "admin" || permission === "write" || permission === "maintain";
  };
  return {
    reactionsTo: async (comment) => {
      const question = { ...of, comment_id: comment, per_page: 100 };
      const all = await octokit.paginate(octokit.reactions.listForIssueComment, question);
      const mine = new Set<string>(
        all.flatMap(({ content, user }) => (user?.login === login ? content : [])),
      );
      return reactions.filter((reaction) => mine.has(reaction));
    },
    react: async (comment, content) => {
      // One that is there already is answered with 200. 404: the comment was deleted meanwhile.
      await unless([404], octokit.reactions.createForIssueComment({ ...of, comment_id: comment, content }));
    },
    mayWrite: (username) => {
      const known = permissions.get(username) ?? asked(username);
      permissions.set(username, known);
      known.catch(() => permissions.delete(username));
      return known;
    },
    close: async ({ number, state }) => {
      if (state === "open") await octokit.pulls.update({ ...of, pull_number: number, state: "closed" });
    },
    reopen: async ({ number, state, branch, headSha }) => {
      if (state !== "closed") return state === "open";
      // 422: the branch is there.
      await unless([422], octokit.git.createRef({ ...of, ref: `refs/heads/${branch}`, sha: headSha }));
      const opened = octokit.pulls.update({ ...of, pull_number: number, state: "open" });
      return (await unless([422], opened)) !== undefined;
    },
  };
}
