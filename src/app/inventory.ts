import type { Probot } from "probot";

/** What the App is installed on, as GitHub tells it. */
export interface Inventory {
  /** The ids of the installations that are not suspended. */
  installations(): Promise<readonly number[]>;
  repositories: Repositories;
}

/** Every repository of an installation as `owner/name`; archived and disabled ones take no pull requests and are left out. */
export type Repositories = (installationId: number) => Promise<readonly string[]>;

/** Asks GitHub: one request for each hundred installations, and for each hundred repositories of one. */
export function githubInventory(probot: Probot): Inventory {
  return {
    installations: async () => {
      const octokit = await probot.auth();
      const found = await octokit.paginate(octokit.rest.apps.listInstallations, { per_page: 100 });
      return found.filter(({ suspended_at: suspended }) => !suspended).map(({ id }) => id);
    },
    repositories: async (installationId) => {
      const octokit = await probot.auth(installationId);
      const found = await octokit.paginate(octokit.rest.apps.listReposAccessibleToInstallation, {
        per_page: 100,
      });
      return found
        .filter(({ archived, disabled }) => !archived && !disabled)
        .map(({ full_name: name }) => name);
    },
  };
}
