import type { Octokit } from "@octokit/rest";

/** What the App is installed on, as GitHub tells it. */
export interface Inventory {
  /** The ids of the installations that are not suspended. */
  installations(): Promise<readonly number[]>;
  repositories: Repositories;
}

/** Every repository of an installation as `owner/name`; archived and disabled ones take no pull requests and are left out. */
export type Repositories = (installationId: number) => Promise<readonly string[]>;

/** The clients that listing takes: the App's own, and one for an installation that needs to see no more than metadata. */
export interface Clients {
  readonly app: Octokit;
  forInstallation(installationId: number): Octokit;
}

/** Asks GitHub: one request for each hundred installations, and for each hundred repositories of one. */
export function githubInventory(github: Clients): Inventory {
  return {
    installations: async () => {
      const { app } = github;
      const found = await app.paginate(app.rest.apps.listInstallations, { per_page: 100 });
      return found.filter(({ suspended_at: suspended }) => !suspended).map(({ id }) => id);
    },
    repositories: async (installationId) => {
      const client = github.forInstallation(installationId);
      const found = await client.paginate(client.rest.apps.listReposAccessibleToInstallation, {
        per_page: 100,
      });
      return found
        .filter(({ archived, disabled }) => !archived && !disabled)
        .map(({ full_name: name }) => name);
    },
  };
}
